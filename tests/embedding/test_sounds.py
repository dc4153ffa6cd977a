"""Waveforms of any type and layout, and what is refused in one line."""

import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from soundalike.audio.waveform import read_waveform
from soundalike.embedding.sounds import mono_at, split_sounds

RATE = 22050
WAVE = (0.5 * np.sin(np.arange(2000) / 7)).astype(np.float32)


@pytest.mark.parametrize("n_channels", [1, 2, 6, 64])
def test_the_shorter_axis_holds_the_channels(n_channels):
    channels = np.stack([(-1) ** k * WAVE / (1 + k) for k in range(n_channels)])
    expected = channels.mean(axis=0)
    for sound in (channels, channels.T, torch.from_numpy(channels), channels.T.copy()):
        assert np.allclose(mono_at(sound, RATE, RATE), expected, atol=1e-6)


@pytest.mark.parametrize("lead_s", [0, 31])
def test_channels_that_cancel_are_mixed_as_those_of_a_file(lead_s, tmp_path, caplog):
    """Also where a silent block, which decides nothing, comes first."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, RATE).astype(np.float32)
    noise = np.concatenate([np.zeros(lead_s * RATE, np.float32), noise])
    stereo = np.stack([0.9 * noise, -noise], axis=1)
    soundfile.write(tmp_path / "a.wav", stereo, RATE, subtype="FLOAT")
    in_file = read_waveform(tmp_path / "a.wav", RATE)
    assert in_file.any()
    caplog.clear()
    for sound in (stereo, stereo.T, torch.from_numpy(stereo)):
        np.testing.assert_array_equal(mono_at(sound, RATE, RATE), in_file)
    (message,) = {record.getMessage() for record in caplog.records}
    assert message == "the channels of a waveform cancel each other: only channel 2 is used"
    assert len(caplog.records) == 3


def test_integer_channels_that_cancel():
    samples = np.round(10000 * WAVE).astype(np.int16)
    for sound in (np.stack([samples, -samples], axis=1), np.stack([samples, -samples])):
        np.testing.assert_allclose(mono_at(sound, RATE, RATE), samples / 2**15, atol=1e-6)


@pytest.mark.parametrize("shape", [(65, 65), (65, 100), (2, 2), (64, 64)])
def test_a_layout_that_is_ambiguous_is_refused(shape):
    with pytest.raises(ValueError, match="cannot tell samples from channels"):
        mono_at(np.zeros(shape), RATE, RATE)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint8, np.uint16, np.uint32])
def test_integers_are_scaled_by_their_type(dtype):
    limits = np.iinfo(dtype)
    half = (int(limits.max) + 1 - int(limits.min)) // 2
    integers = np.round(WAVE.astype(np.float64) * (half - 1)) + (half if limits.min == 0 else 0)
    samples = integers.astype(dtype)
    assert np.allclose(mono_at(samples, RATE, RATE), WAVE, atol=2 / half + 1e-6)
    silence = np.full(100, half if limits.min == 0 else 0, dtype)
    assert not mono_at(silence, RATE, RATE).any()


@pytest.mark.parametrize("dtype", [torch.int16, torch.uint8, torch.float16, torch.bfloat16,
                                   torch.float32, torch.float64])  # fmt: skip
def test_a_tensor_is_its_array(dtype):
    wave = torch.from_numpy(100 * WAVE).to(dtype)
    array = (wave.float() if dtype == torch.bfloat16 else wave).numpy()
    assert np.array_equal(mono_at(wave, RATE, RATE), mono_at(array, RATE, RATE))
    if dtype.is_floating_point:
        assert np.array_equal(
            mono_at(wave.requires_grad_(), RATE, RATE), mono_at(array, RATE, RATE)
        )


def test_array_likes_are_arrays():
    series = pd.Series(WAVE)
    assert np.array_equal(mono_at(series, RATE, RATE), WAVE)
    assert split_sounds(series)[1]


@pytest.mark.parametrize("rate", [96000, 22051, 1_000_000])
def test_a_sound_shorter_than_a_sample_of_the_new_rate_is_one_sample(rate):
    assert len(mono_at(WAVE[:1], rate, 22050)) == 1


class AudioSegment:
    """Like pydub's: iterates over slices of a millisecond, and is no array."""

    def __iter__(self):
        """Yield slices of the sound."""
        yield AudioSegment()

    def get_array_of_samples(self):
        """Return the samples."""
        return [0, 1]


@pytest.mark.parametrize(
    "sound",
    [
        AudioSegment(), None, 3, 3.5, "text", b"bytes", [0.1, 0.2], (WAVE, RATE), {"array": WAVE},
        {1, 2}, object(), np.float32(0.5), np.zeros(0), np.zeros((0, 2)), np.zeros((2, 2, 2)),
        np.array(["a", "b"]), np.array([None, 1]), np.zeros(9, bool), np.zeros(9, complex),
        np.zeros(9, np.int64), np.zeros(9, "datetime64[s]"), np.full(9, np.nan),
        np.full(9, np.inf), np.full(9, 1e300), np.zeros(9, [("x", float)]),
        torch.zeros(9).to_sparse(), torch.zeros(9, device="meta"), torch.zeros(9, dtype=torch.bool),
    ],
)  # fmt: skip
def test_invalid_waveforms_are_refused_in_one_line(sound):
    with pytest.raises(ValueError, match="encode ") as refusal:
        mono_at(sound, RATE, RATE)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "rate", [None, 0, -1, 1, 999, 1e9, 1e300, np.nan, np.inf, "44100", True, [RATE], 1j]
)
def test_invalid_sample_rates_are_refused(rate):
    with pytest.raises(ValueError, match=r"encode needs .*sample_rate"):
        mono_at(WAVE, rate, RATE)


def test_one_sound_or_many():
    stereo = np.stack([WAVE, WAVE], axis=1)
    for sound in ("a.wav", Path("a.wav"), WAVE, torch.from_numpy(WAVE), stereo, WAVE[None]):
        (single,), is_single = split_sounds(sound)
        assert is_single
        assert single is sound or np.array_equal(single, sound)
    for sounds in (["a.wav"], ("a.wav", WAVE), np.array(["a.wav"]), pd.Series(["a.wav"]), []):
        many, is_single = split_sounds(sounds)
        assert not is_single
        assert [type(sound) for sound in many] == [type(sound) for sound in sounds]
    generator, is_single = split_sounds(wave for wave in (WAVE, WAVE))
    assert not is_single
    assert len(list(generator)) == 2


@pytest.mark.parametrize("shape", [(4, 2000), (2, 2000), (100, 2000), (2000, 100), (3, 3)])
def test_an_array_of_several_sounds_or_channels_is_refused(shape):
    with pytest.raises(ValueError, match=r"list\(array\) for sounds, or \[array\]"):
        split_sounds(np.zeros(shape, np.float32))


def test_a_table_is_refused_and_its_column_is_not():
    table = pd.DataFrame({"path": ["a.wav", "b.wav"], "label": ["dog", "cat"]})
    for sounds in (table, table[["path"]], table.to_numpy()):
        with pytest.raises(ValueError, match=r"pass a column of it, such as list\(table\['path'\]"):
            split_sounds(sounds)
    assert split_sounds(table["path"]) == (["a.wav", "b.wav"], False)


@pytest.mark.parametrize("sounds", [None, 3, b"bytes", {"a.wav": 1}, object()])
def test_other_objects_are_refused(sounds):
    with pytest.raises(ValueError, match="encode takes paths, arrays and tensors, not"):
        split_sounds(sounds)


@given(
    arrays.arrays(
        st.one_of(arrays.floating_dtypes(), arrays.integer_dtypes(), arrays.boolean_dtypes()),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=70),
    )
)
def test_any_array_is_mono_or_refused_in_one_line(array):
    with contextlib.suppress(ValueError), np.errstate(invalid="ignore"):
        mono = mono_at(array, RATE, RATE)
        assert mono.dtype == np.float32
        assert len(mono) == max(array.shape)
        assert np.isfinite(mono).all()
