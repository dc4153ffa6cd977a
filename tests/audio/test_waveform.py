import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError
from soundalike.audio.sound_file import read_info
from soundalike.audio.waveform import read_blocks, read_waveform

RATE = 48000
N_SAMPLES = 3 * RATE
# suffix, format, subtype, largest error of a sample
LOSSLESS = [
    (".wav", "WAV", "PCM_U8", 2**-7),
    (".wav", "WAV", "PCM_16", 2**-15),
    (".wav", "WAV", "PCM_24", 2**-23),
    (".wav", "WAV", "PCM_32", 2**-23),
    (".wav", "WAV", "FLOAT", 2**-23),
    (".wav", "WAV", "DOUBLE", 2**-23),
    (".wav", "WAVEX", "PCM_16", 2**-15),
    (".wav", "RF64", "PCM_16", 2**-15),
    (".flac", "FLAC", "PCM_16", 2**-15),
    (".flac", "FLAC", "PCM_24", 2**-23),
    (".aiff", "AIFF", "PCM_16", 2**-15),
    (".aif", "AIFF", "PCM_24", 2**-23),
    (".aifc", "AIFF", "FLOAT", 2**-23),
]
LOSSY = [
    (".ogg", "OGG", "VORBIS", 0.05),
    (".oga", "OGG", "VORBIS", 0.05),
    (".opus", "OGG", "OPUS", 0.05),
    (".mp3", "MP3", "MPEG_LAYER_III", 0.05),
]
FORMATS = LOSSLESS + LOSSY
ONE_OF_EACH = [FORMATS[1], FORMATS[8], FORMATS[10], *LOSSY]


def chords(n_samples: int, n_channels: int, rate: int = RATE) -> NDArray[np.float32]:
    """Slowly swelling tones, a different one in each channel."""
    time = np.arange(n_samples)[:, None] / rate
    tones = np.sin(2 * np.pi * 300 * (1 + np.arange(n_channels)) * time)
    return (0.4 * tones * (1.2 + np.sin(5 * time)) / 2.2).astype(np.float32)


def write(path: Path, samples: NDArray[np.float32], *kind: str, rate: int = RATE) -> Path:
    container, subtype = kind or ("WAV", "FLOAT")
    soundfile.write(path, samples, rate, format=container, subtype=subtype)
    return path


@pytest.mark.parametrize(("suffix", "container", "subtype", "error"), FORMATS)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_every_format_is_read_as_the_mean_of_its_channels(
    tmp_path: Path, suffix: str, container: str, subtype: str, error: float, n_channels: int
) -> None:
    samples = chords(N_SAMPLES, n_channels)
    path = write(tmp_path / f"clip{suffix}", samples, container, subtype)
    waveform = read_waveform(path, RATE)
    assert waveform.dtype == np.float32
    assert len(waveform) == pytest.approx(N_SAMPLES, abs=0.05 * RATE)
    n_both = min(len(waveform), N_SAMPLES) - 1000  # a lossy codec may smear the last 20 ms
    difference = waveform[:n_both] - samples[:n_both].mean(axis=1)
    assert np.abs(difference).max() <= error
    info = read_info(path)
    assert (info.sample_rate, info.n_channels, info.n_samples) == (RATE, n_channels, N_SAMPLES)
    assert (info.duration_s, info.format, info.subtype) == (3.0, container, subtype)


@given(
    rate=st.sampled_from([4000, 11025, 22050, 44100, 48000, 192000, 44099]),
    n_channels=st.integers(1, 6),
    n_samples=st.integers(1, 6000),
    block_s=st.floats(0.001, 0.3),
)
def test_samples_do_not_depend_on_the_block_size(
    rate: int, n_channels: int, n_samples: int, block_s: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "clip.wav", chords(n_samples, n_channels, rate), rate=rate)
        whole = read_waveform(path, 22050)
        blocks = list(read_blocks(path, 22050, block_s=block_s))
    assert all(len(block) for block in blocks)
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-6)
    assert abs(len(whole) - n_samples * 22050 / rate) <= 1


def test_resampling_keeps_a_tone_and_removes_frequencies_above_nyquist(tmp_path: Path) -> None:
    time = np.arange(RATE) / RATE
    tones = 0.5 * np.sin(2 * np.pi * 1000 * time) + 0.4 * np.sin(2 * np.pi * 15000 * time)
    waveform = read_waveform(write(tmp_path / "a.wav", tones.astype(np.float32)), 22050)
    middle = waveform[2000:-2000]
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(22050) / 22050)[2000:-2000]
    np.testing.assert_allclose(middle, expected, atol=1e-4)


@pytest.mark.parametrize(("suffix", "container", "subtype", "error"), ONE_OF_EACH)
def test_a_segment_is_a_slice_of_the_file(
    tmp_path: Path, suffix: str, container: str, subtype: str, error: float
) -> None:
    path = write(tmp_path / f"clip{suffix}", chords(N_SAMPLES, 2), container, subtype)
    whole = read_waveform(path, RATE)
    for start_s, end_s in pairwise([None, 0.25, 1.1, 2.0, None]):
        segment = read_waveform(path, RATE, start_s, end_s)
        start = round((start_s or 0) * RATE)
        stop = round(end_s * RATE) if end_s else len(whole)
        np.testing.assert_allclose(segment, whole[start:stop], atol=1e-6)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_an_mp3_with_a_bit_reservoir_is_read_without_gaps(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "clip.mp3"
    settings = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.99}
    with soundfile.SoundFile(path, "w", rate, 2, **settings) as file:
        file.write(chords(10 * rate, 2, rate))
    whole = read_waveform(path, rate)
    blocks = list(read_blocks(path, rate, block_s=0.3))
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-6)
    for start_s in (0.5, 3.3, 8.0):
        segment = read_waveform(path, rate, start_s, start_s + 1)
        start = round(start_s * rate)
        np.testing.assert_allclose(segment, whole[start : start + rate], atol=1e-6)


def test_a_segment_is_resampled_as_if_it_were_a_file(tmp_path: Path) -> None:
    samples = chords(N_SAMPLES, 1)
    whole = write(tmp_path / "whole.wav", samples)
    cut = write(tmp_path / "cut.wav", samples[RATE : 2 * RATE])
    np.testing.assert_array_equal(read_waveform(whole, 22050, 1.0, 2.0), read_waveform(cut, 22050))


def test_a_segment_may_end_after_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", chords(N_SAMPLES, 1))
    assert len(read_waveform(path, RATE, 2.5, 99.0)) == 0.5 * RATE


@pytest.mark.parametrize(
    ("segment", "problem"),
    [
        ((3.0, 4.0), "segment outside the clip"),
        ((-1.0, 2.0), "segment outside the clip"),
        ((float("nan"), 2.0), "segment outside the clip"),
        ((2.0, 2.0), "empty segment"),
        ((2.0, 1.0), "empty segment"),
        ((2.0, float("nan")), "empty segment"),
    ],
)
def test_a_segment_outside_the_file_is_refused(
    tmp_path: Path, segment: tuple[float, float], problem: str
) -> None:
    path = write(tmp_path / "clip.wav", chords(N_SAMPLES, 1))
    with pytest.raises(AudioError, match=problem):
        read_waveform(path, RATE, *segment)


def test_files_with_many_channels_are_read_in_shorter_blocks(tmp_path: Path) -> None:
    samples = np.tile(chords(20000, 1), 1000)
    path = write(tmp_path / "array.wav", samples, "WAV", "PCM_16")
    blocks = list(read_blocks(path, RATE))
    assert len(blocks) == 2
    np.testing.assert_allclose(np.concatenate(blocks), samples[:, 0], atol=2**-14)


@pytest.mark.parametrize("n_samples", [1, 2, 3])
def test_a_clip_of_one_sample_has_one_sample(tmp_path: Path, n_samples: int) -> None:
    path = write(tmp_path / "click.wav", np.full((n_samples, 1), 0.5, np.float32), rate=192000)
    assert len(read_waveform(path, 22050)) == 1
