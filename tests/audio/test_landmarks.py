"""Landmarks survive what happens to copies, and do not depend on how a waveform is read."""

import numpy as np
import pytest
import soxr

from soundalike.audio.landmarks import HOP_LENGTH, SAMPLE_RATE, landmarks

NOISE = np.random.default_rng(0).standard_normal(4 * SAMPLE_RATE).astype(np.float32)


def shared(a, b, offset=0):
    """Return the share of the landmarks of a waveform that another one has, some frames later."""
    first, second = (
        set(zip(*map(np.ndarray.tolist, landmarks([wave])), strict=True)) for wave in (a, b)
    )
    return len({(name, frame + offset) for name, frame in first} & second) / len(first)


def test_blocks_of_any_length_give_the_same_landmarks():
    waveform = np.tile(NOISE, 3)
    parts = np.split(waveform, [1, 100, 30_000, 30_300, 90_000])
    whole, in_parts = landmarks([waveform]), landmarks(parts)
    assert set(zip(*whole, strict=True)) == set(zip(*in_parts, strict=True))
    assert len(whole[0]) == len(in_parts[0])


@pytest.mark.parametrize("gain", [0.001, -1.0, 100.0])
def test_gain_and_polarity_change_nothing(gain):
    assert shared(NOISE, gain * NOISE) == 1


def test_most_landmarks_survive_resampling():
    copy = soxr.resample(soxr.resample(NOISE, SAMPLE_RATE, 11025), 11025, SAMPLE_RATE)
    assert shared(NOISE, copy) > 0.5


def test_a_delay_by_whole_frames_moves_landmarks():
    delayed = np.concatenate([np.zeros(10 * HOP_LENGTH, np.float32), NOISE])
    assert shared(NOISE, delayed, offset=10) > 0.9
    assert shared(NOISE, delayed) == 0


def test_many_landmarks_survive_the_worst_delay():
    delayed = np.concatenate([np.zeros(HOP_LENGTH // 2, np.float32), NOISE])
    assert sum(shared(NOISE, delayed, offset) for offset in (0, 1)) > 0.1


def test_unrelated_noise_shares_no_landmark():
    other = np.random.default_rng(1).standard_normal(len(NOISE)).astype(np.float32)
    assert shared(NOISE, other) == 0


@pytest.mark.parametrize("n_samples", [0, 1, 300, SAMPLE_RATE])
def test_silence_and_nothing_have_no_landmarks(n_samples):
    for blocks in ([np.zeros(n_samples, np.float32)], []):
        names, frames = landmarks(blocks)
        assert len(names) == len(frames) == 0
        assert (names.dtype, frames.dtype) == (np.uint32, np.int32)
