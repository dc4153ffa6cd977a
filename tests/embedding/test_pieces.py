"""Windows and blocks of clips: all frames, in the right order, whatever the clip arrives in."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding.pieces import (
    Piece,
    batch_pieces,
    cut_pieces,
    overlap,
    pooling_encoder,
)
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import build_encoder

N_BANDS = 4


def model_of(settings, windows, intermediate_features=()):
    torch.manual_seed(0)
    encoder = build_encoder(settings, N_BANDS)
    front_end, standardization = LogMel(n_mels=N_BANDS), Standardization(0.0, 1.0)
    return SoundEncoder(
        encoder, settings, front_end, standardization, windows, intermediate_features
    ).eval()


BAND_CNN = {"name": "band_cnn", "channels": [2, 2]}  # 4 frames a step, 3 of context
MODEL = model_of(BAND_CNN, Windows(30, 7, 10, align_last=True))


def log_mel_of(n_frames):
    return np.arange(n_frames * N_BANDS, dtype=np.float32).reshape(n_frames, N_BANDS)


def pieces_of(n_frames, model=MODEL, n_block=32, skip=0, size=10):
    log_mel = log_mel_of(n_frames)
    parts = np.split(log_mel, range(size, n_frames, size))
    return list(cut_pieces(model, 5, parts, n_block, skip))


@pytest.mark.parametrize("n_frames", [3, 10, 30])
def test_a_clip_of_one_window_is_that_window(n_frames):
    (piece,) = pieces_of(n_frames)
    assert (piece.clip, piece.first, piece.is_window) == (5, 0, True)
    assert len(piece.log_mel) == max(10, n_frames), "a short clip is repeated"
    assert pieces_of(n_frames, skip=1) == []
    assert list(cut_pieces(MODEL, 5, [], 32)) == []


def test_a_remainder_that_is_dropped_leaves_one_window():
    windows = dataclasses.replace(MODEL.windows, align_last=False)
    (piece,) = pieces_of(36, model_of(BAND_CNN, windows))
    assert piece.is_window
    assert np.array_equal(piece.log_mel, log_mel_of(30))
    (piece,) = pieces_of(37, model_of(BAND_CNN, windows), n_block=64)
    assert not piece.is_window


@given(n_frames=st.integers(31, 300), n_block=st.integers(1, 90), size=st.integers(1, 300))
def test_blocks_overlap_by_the_context_and_cover_the_clip(n_frames, n_block, size):
    blocks = pieces_of(n_frames, n_block=n_block, size=size)
    log_mel, margin = log_mel_of(n_frames), overlap(MODEL.encoder)
    assert margin == 4
    assert [block.is_last for block in blocks] == [False] * (len(blocks) - 1) + [True]
    end = 0
    for block in blocks:
        n_block = len(block.log_mel)
        assert block.first % 4 == 0
        assert block.first == max(0, end - 2 * margin)
        assert np.array_equal(block.log_mel, log_mel[block.first : block.first + n_block])
        assert n_block > 2 * margin
        assert block.is_last or n_block == len(blocks[0].log_mel)
        end = block.first + n_block
    assert end == n_frames


def test_blocks_before_the_windows_that_are_left_out_are_skipped():
    all_blocks = pieces_of(400)
    for skip in range(54):
        first_frame = min(7 * skip, 370) if skip else 0
        rest = pieces_of(400, skip=skip)
        assert [block.first for block in all_blocks][-len(rest) :] == [b.first for b in rest]
        assert rest[0].first == 0 or rest[0].first + 4 <= first_frame
    assert len(rest) <= 2


@pytest.mark.parametrize(
    ("settings", "windows", "features"),
    [
        ({"name": "resnet18", "width": 1}, Windows(101, 50, 10), ()),  # sees 217 frames around
        ({"name": "vgg", "width": 1}, Windows(101, 50, 10), ()),  # 11
        ({"name": "fsdnoisy18k_baseline"}, Windows(1000, 500, 16), ()),
        (BAND_CNN, Windows(30, 7, 10), ("conv1",)),
    ],
    ids=["ResNet-18", "VGG", "no pooling", "intermediate features"],
)
def test_models_that_do_not_only_pool_embed_window_by_window(settings, windows, features):
    model = model_of(settings, windows, features)
    assert pooling_encoder(model) is None
    if features:
        pieces = pieces_of(50, model, skip=1)
        assert [(piece.first, piece.is_window) for piece in pieces] == [
            (start, True) for start in windows.starts(50)[1:]
        ]


def test_a_long_context_fits_into_long_windows():
    settings = {"name": "resnet18", "width": 1}
    assert pooling_encoder(model_of(settings, Windows(2170, 1000, 100))) is not None


@given(
    kinds=st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=20),
    batch_size=st.integers(1, 5),
    most_frames=st.integers(1, 9),
)
def test_batches_hold_successive_pieces_of_one_kind_and_length(kinds, batch_size, most_frames):
    pieces = [
        Piece(clip, 7 * clip, np.full((n, 2), clip, np.float32), is_window)
        for clip, (n, is_window) in enumerate(kinds)
    ]
    order = []
    for batch, log_mels in batch_pieces(pieces, batch_size, most_frames):
        length, is_window = len(batch[0].log_mel), batch[0].is_window
        assert all(piece.is_window == is_window for piece in batch)
        assert len(batch) <= max(1, most_frames // length)
        assert not is_window or len(batch) <= batch_size
        assert log_mels.shape == (len(batch), length, 2)
        assert log_mels[:, 0, 0].tolist() == [piece.clip for piece in batch]
        order += [piece.clip for piece in batch]
    assert order == list(range(len(kinds)))
