"""Embeddings of windows of clips that arrive in blocks."""

import dataclasses

import numpy as np
import pytest
import threadpoolctl
import torch

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding import pieces
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import (
    MOST_FRAMES,
    WindowEmbeddings,
    encode_windows,
    joined,
    means_by_clip,
)
from soundalike.models.encoder import build_encoder

SETTINGS = {"name": "resnet18", "width": 4}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    windows = Windows.half_overlapping(300, 101)
    standardization = Standardization(-3.0, 2.0)
    encoder = build_encoder(SETTINGS)
    return SoundEncoder(encoder, SETTINGS, LogMel(), standardization, windows).eval()


def embedding_of(model, log_mel):
    with torch.no_grad():
        return model(torch.from_numpy(log_mel[None]))[0].numpy()


def rows_of(model, log_mels, batch_size=64):
    """Return clip, start, n_frames and vector of every window."""
    return [
        (clip, start, batch.n_frames, vector)
        for batch in encode_windows(model, log_mels, batch_size)
        for clip, start, vector in zip(batch.clips, batch.starts, batch.vectors, strict=True)
    ]


@pytest.mark.parametrize("batch_size", [2, 64])
def test_windows_of_many_clips_keep_their_order(model, batch_size):
    log_mel = np.random.default_rng(0).normal(-3, 2, (700, 96)).astype(np.float32)
    blocks = np.split(log_mel, [13, 400, 420])
    rows = rows_of(model, [blocks, [log_mel[:150]], [], blocks], batch_size)
    assert [row[:3] for row in rows] == [
        (0, 0, 300), (0, 150, 300), (0, 300, 300), (1, 0, 150),
        (3, 0, 300), (3, 150, 300), (3, 300, 300),
    ]  # fmt: skip
    for _, start, n_frames, vector in rows:
        expected = embedding_of(model, log_mel[start : start + n_frames])
        assert np.allclose(vector, expected, atol=1e-5)


def test_an_aligned_last_window_embeds_the_end_of_a_recording(model):
    log_mel = np.random.default_rng(0).normal(-3, 2, (440, 96)).astype(np.float32)
    assert [row[1] for row in rows_of(model, [[log_mel]])] == [0]
    model.windows = dataclasses.replace(model.windows, align_last=True)
    first, last = rows_of(model, [[log_mel]])
    model.windows = dataclasses.replace(model.windows, align_last=False)
    assert (first[1], last[1]) == (0, 140)
    assert np.allclose(last[3], embedding_of(model, log_mel[140:]), atol=1e-5)


def test_a_clip_shorter_than_a_patch_is_repeated(model):
    log_mel = np.random.default_rng(0).normal(-3, 2, (67, 96)).astype(np.float32)
    ((_, start, n_frames, vector),) = rows_of(model, [[log_mel]])
    assert (start, n_frames) == (0, 101)
    expected = embedding_of(model, np.concatenate([log_mel, log_mel])[:101])
    assert np.allclose(vector, expected, atol=1e-5)


def test_layers_keep_their_modes_and_statistics(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for mode in (True, False):
        model.train(mode)
        model.encoder.bn1.eval()
        (_, _, _, vector), _ = rows_of(model, 2 * [[np.ones((300, 96), np.float32)]])
        assert (model.training, model.encoder.bn1.training) == (mode, False)
        model.eval()
        assert np.allclose(vector, embedding_of(model, np.ones((300, 96), np.float32)), atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_number_of_numpy_s_threads_is_restored(model):
    def n_threads():
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]

    log_mels = 2 * [[np.zeros((300, 96), np.float32)]]
    with threadpoolctl.threadpool_limits(3, user_api="blas"):
        before = n_threads()
        first, second = (encode_windows(model, log_mels, 1) for _ in range(2))
        next(first)
        next(second)
        assert n_threads() != before
        first.close()  # as if the other thread were still at work
        second.close()
        assert n_threads() == before


def test_clips_are_reported_once_their_windows_are_encoded(model):
    reports = []
    log_mels = [[np.zeros((n_frames, 96), np.float32)] for n_frames in (300, 300, 900)]
    for batch in encode_windows(model, log_mels, 2, report=reports.append):
        assert reports == [] or reports[-1] <= batch.clips[0]
    assert reports == sorted(reports)
    assert reports[-1] == 2, "the last clip may have more windows"


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_size_below_one_is_refused(model, batch_size):
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        rows_of(model, [[np.zeros((300, 96), np.float32)]], batch_size)


@pytest.mark.parametrize("most_context", [0, 1], ids=["one by one", "from shared maps"])
def test_long_windows_go_through_the_encoder_in_small_batches(model, monkeypatch, most_context):
    """So memory depends neither on the length of a recording nor on that of its windows."""
    monkeypatch.setattr(pieces, "MOST_CONTEXT", most_context)
    n_frames = MOST_FRAMES // 3
    long_windows = dataclasses.replace(model.windows, n_frames=n_frames, hop_frames=n_frames)
    shapes = []
    handle = model.encoder.conv1.register_forward_pre_hook(
        lambda _, inputs: shapes.append(inputs[0].shape)
    )
    try:
        model.windows, windows = long_windows, model.windows
        log_mel = np.zeros((7 * n_frames, model.front_end.n_mels), np.float32)
        assert len(rows_of(model, [[log_mel]])) == 7
    finally:
        model.windows = windows
        handle.remove()
    assert len(shapes) == 3
    assert all(shape[0] * shape[2] <= MOST_FRAMES for shape in shapes)


@pytest.mark.parametrize("n_clips", [1, 2, 100])
def test_the_embedding_of_a_clip_is_the_mean_over_its_windows(n_clips):
    """Clips 1 and 4 have no window; clip 2 has windows in three batches."""
    clips = np.array([0, 0, 2, 2, 2, 2, 3, 5])
    vectors = np.random.default_rng(0).standard_normal((8, 3)).astype(np.float32)
    batches = [
        WindowEmbeddings(clips[some], np.zeros(len(clips[some]), int), 9, vectors[some])
        for some in (slice(0, 3), slice(3, 5), slice(5, 8))
    ]
    results = list(means_by_clip(batches, n_clips))
    assert all(len(positions) <= n_clips for positions, _ in results)
    positions, means = (np.concatenate(parts) for parts in zip(*results, strict=True))
    assert positions.tolist() == [0, 2, 3, 5]
    expected = [vectors[clips == clip].mean(axis=0) for clip in positions]
    np.testing.assert_allclose(means, expected, atol=1e-6)
    assert means.dtype == np.float32
    assert not list(means_by_clip([], n_clips))


@pytest.mark.parametrize("n_windows", [1, 3, 4, 100])
def test_joined_batches_hold_the_same_windows(n_windows):
    rng = np.random.default_rng(0)
    batches = [
        WindowEmbeddings(
            rng.integers(9, size=n), rng.integers(9, size=n), 10 * n, rng.random((n, 4))
        )
        for n in (2, 1, 5, 1, 1)
    ]
    results = list(joined(batches, n_windows))
    assert all(len(batch.clips) >= n_windows for batch in results[:-1])
    for name in ("clips", "starts", "vectors"):
        expected = np.concatenate([getattr(batch, name) for batch in batches])
        np.testing.assert_array_equal(
            np.concatenate([getattr(batch, name) for batch in results]), expected
        )
    lengths = np.concatenate([batch.n_frames for batch in results])
    assert lengths.tolist() == [20, 20, 10, 50, 50, 50, 50, 50, 10, 10]
    assert not list(joined([], n_windows))
