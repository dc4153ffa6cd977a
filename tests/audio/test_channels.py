"""Channels become one, and none is lost."""

import logging

import numpy as np
import pytest

from soundalike.audio.channels import Mixer

RNG = np.random.default_rng(0)


def noise(n_channels: int = 1) -> np.ndarray:
    return RNG.uniform(-0.5, 0.5, (4000, n_channels)).astype(np.float32)


@pytest.mark.parametrize("n_channels", [1, 2, 6])
def test_channels_are_averaged(n_channels):
    block = noise(n_channels)
    mix = Mixer("a.wav")
    np.testing.assert_allclose(mix(block), block.mean(axis=1), atol=1e-6)
    assert mix.channel is None


def test_opposite_channels_give_the_louder_one(caplog):
    left = noise()
    block = np.hstack([0.9 * left, -left])
    mix = Mixer("opposite.wav")
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(mix(block), block[:, 1])
        Mixer("opposite.wav")(block)  # a clip may be read twice
    assert mix.channel == 1
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["opposite.wav"]


def test_an_offset_does_not_hide_it():
    left = 0.1 * noise()
    assert Mixer("a.wav", is_logged=False)(np.hstack([left, -left]) + 0.3).std() > 0.01


def test_four_channels_that_cancel():
    a, b = noise(), noise()
    mix = Mixer("a.wav", is_logged=False)
    mix(np.hstack([a, -a, b, -b]))
    assert mix.channel is not None


def test_the_first_sound_decides():
    mix, left = Mixer("a.wav", is_logged=False), noise()
    opposite = np.hstack([left, -left])
    assert not mix(np.zeros((100, 2), np.float32)).any()
    assert mix(opposite).any()
    mix = Mixer("b.wav", is_logged=False)
    mix(noise(2))
    assert not mix(opposite).any()


def test_silence_and_broken_samples_are_averaged():
    for block in (np.zeros((9, 2)), np.full((9, 2), np.nan), np.full((9, 2), 1e30)):
        mix = Mixer("a.wav", is_logged=False)
        mix(block.astype(np.float32))
        assert mix.channel is None
