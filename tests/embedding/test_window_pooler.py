"""Windows pooled from shared maps: equal to their definition, whatever the blocks."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding.inference import for_inference
from soundalike.embedding.pieces import cut_pieces
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.embedding.window_embeddings import encode_windows
from soundalike.embedding.window_pooler import WindowPooler
from soundalike.models.encoder import build_encoder

N_BANDS = 8
NETWORKS = {
    "band_cnn": {"channels": [3, 3]},
    "audio_ntt": {"width": 3, "dim": 8},
    "frequency_resnet": {"width": 2, "dim": 8},
    "vgg": {"width": 1},
}


def model_of(name, windows):
    torch.manual_seed(0)
    config = {"name": name, **NETWORKS[name]}
    encoder = build_encoder(config, N_BANDS)
    whitening = Whitening.of(torch.randn(50, encoder.dim), 8)
    return SoundEncoder(
        encoder,
        config,
        LogMel(n_mels=N_BANDS),
        Standardization(-1.0, 2.0),
        windows,
        whitening=whitening,
    ).eval()


MODEL = model_of("band_cnn", Windows(32, 9, 10, align_last=True))


def log_mel_of(n_frames, seed=0):
    return np.random.default_rng(seed).normal(-1, 2, (n_frames, N_BANDS)).astype(np.float32)


@torch.inference_mode()
def by_definition(model, log_mel):
    """Return the vectors of a clip's windows from the maps of the whole clip, one by one."""
    encoder, n_frames = model.encoder, model.windows.n_frames
    maps = encoder.maps(model.standardize(torch.from_numpy(log_mel[None])))
    n_steps = encoder.n_steps(n_frames)
    vectors = []
    for start in model.windows.starts(len(log_mel)).tolist():
        first = min(int(start / encoder.stride + 0.5), maps.shape[1] - n_steps)
        vectors.append(model.whitening(encoder.pool(maps[:, first : first + n_steps]))[0])
    return torch.stack(vectors).numpy()


def rows_of(model, log_mels, **arguments):
    batches = list(encode_windows(model, log_mels, **arguments))
    clips, starts = (
        np.concatenate([getattr(batch, name) for batch in batches]) for name in ("clips", "starts")
    )
    assert {batch.n_frames for batch in batches} == {model.windows.n_frames}
    return clips, starts, np.concatenate([batch.vectors for batch in batches])


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("align_last", [False, True])
def test_windows_equal_their_definition(name, align_last):
    model = model_of(name, Windows(240, 77, 10, align_last=align_last))
    log_mels = [log_mel_of(n_frames, n_frames) for n_frames in (700, 317, 317, 611)]
    clips, starts, vectors = rows_of(model, [[log_mel] for log_mel in log_mels])
    assert starts.tolist() == [
        start for log_mel in log_mels for start in model.windows.starts(len(log_mel))
    ]
    expected = [by_definition(model, log_mel) for log_mel in log_mels]
    assert clips.tolist() == [clip for clip in range(4) for _ in expected[clip]]
    np.testing.assert_allclose(vectors, np.concatenate(expected), atol=1e-4)


@settings(max_examples=12)
@given(
    n_frames=st.integers(51, 300),
    n_window=st.integers(30, 50),
    hop=st.integers(1, 40),
    align_last=st.booleans(),
    n_block=st.integers(1, 100),
)
def test_the_length_of_blocks_does_not_matter(n_frames, n_window, hop, align_last, n_block):
    windows = Windows(n_window, min(hop, n_window), 10, align_last=align_last)
    model = copy.copy(MODEL)
    model.windows = windows
    if n_frames < windows.n_frames_of_several:
        return
    log_mel = log_mel_of(n_frames)
    pooler = WindowPooler(model, model.encoder, {}, most_windows=3)
    starts, vectors = [], []
    with torch.inference_mode():
        for block in cut_pieces(model, 0, [log_mel], n_block):
            maps = model.encoder.maps(model.standardize(torch.from_numpy(block.log_mel[None])))[0]
            some_starts, some_vectors = pooler.add(block, maps)
            starts += some_starts.tolist()
            vectors.append(some_vectors)
            assert len(pooler._maps) <= (n_window + hop + 40) / 4, "memory is bounded"
    assert starts == windows.starts(n_frames).tolist()
    np.testing.assert_allclose(np.concatenate(vectors), by_definition(model, log_mel), atol=1e-4)


@pytest.mark.parametrize("batch_size", [2, 64])
def test_left_out_windows_change_nothing_about_the_others(batch_size):
    log_mels = [[log_mel_of(n_frames, n_frames)] for n_frames in (500, 400)]
    clips, starts, vectors = rows_of(MODEL, log_mels, batch_size=batch_size)
    n_first = np.count_nonzero(clips == 0)
    for skip in (17, n_first):
        rest = rows_of(MODEL, log_mels, batch_size=batch_size, skip={0: skip})
        assert rest[0].tolist() == clips[skip:].tolist()
        assert rest[1].tolist() == starts[skip:].tolist()
        np.testing.assert_allclose(rest[2], vectors[skip:], atol=1e-5)


def test_a_clip_of_one_window_is_embedded_as_a_patch():
    log_mel = log_mel_of(32)
    _, _, (vector,) = rows_of(MODEL, [[log_mel]])
    with torch.inference_mode():
        expected = MODEL(torch.from_numpy(log_mel[None]))[0].numpy()
    assert np.array_equal(vector, expected)


def test_windows_within_a_recording_move_with_its_sounds():
    """The sound before a window matters only up to the context of the encoder."""
    log_mel = log_mel_of(200)
    shift = 36  # whole steps and whole hops
    before = rows_of(MODEL, [[log_mel]])
    after = rows_of(MODEL, [[np.concatenate([log_mel_of(shift, 1), log_mel])]])
    assert np.array_equal(after[1][4:-1], before[1][:-1] + shift)
    np.testing.assert_allclose(after[2][5:-1], before[2][1:-1], atol=1e-4)
    assert np.abs(after[2][4] - before[2][0]).max() > 1e-3, "the first one had a padded end"


def test_a_window_is_pooled_within_half_a_step_of_its_time():
    """An event lies in the windows around it, and in no others but for the context."""
    log_mel = np.zeros((300, N_BANDS), np.float32)
    quiet = rows_of(MODEL, [[log_mel]])[2]
    for frame in (40, 151, 253):
        log_mel[:] = 0
        log_mel[frame] = 30
        _, starts, vectors = rows_of(MODEL, [[log_mel]])
        is_changed = np.abs(vectors - quiet).max(axis=1) > 1e-4
        ends, reach = starts + 32, 2 + 3 + 3  # half a step, context, and the rest of a step
        assert is_changed[(starts + 2 <= frame) & (frame < ends - 4)].all()
        assert not is_changed[(frame < starts - reach) | (frame >= ends + reach)].any()


def test_faster_models_pool_the_same():
    log_mels = [[log_mel_of(500)]]
    expected = rows_of(MODEL, log_mels)[2]
    fast = rows_of(for_inference(MODEL, torch.float32), log_mels)[2]
    np.testing.assert_allclose(fast, expected, atol=1e-4)
    reduced = rows_of(for_inference(MODEL, torch.bfloat16), log_mels)[2]
    assert np.diag(SoundEncoder.similarity(reduced, expected)).min() > 0.99


def test_overlapping_windows_go_through_the_encoder_once():
    model, frames = copy.copy(MODEL), []
    model.windows = dataclasses.replace(MODEL.windows, hop_frames=1)
    handle = MODEL.encoder.conv1.register_forward_hook(
        lambda _, inputs, __: frames.append(inputs[0].shape[2])
    )
    try:
        rows_of(model, [[log_mel_of(5000)]])
    finally:
        handle.remove()
    assert sum(frames) < 1.01 * 5000
