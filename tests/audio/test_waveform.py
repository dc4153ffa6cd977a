import multiprocessing
import os
import pickle
import struct
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from soundalike.audio.waveform import (
    AUDIO_SUFFIXES,
    AudioError,
    level,
    normalise_peak,
    read_blocks,
    read_info,
    read_waveform,
)

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
    """Slowly swelling tones, another one in each channel."""
    time = np.arange(n_samples)[:, None] / rate
    tones = np.sin(2 * np.pi * 300 * (1 + np.arange(n_channels)) * time)
    return (0.4 * tones * (1.2 + np.sin(5 * time)) / 2.2).astype(np.float32)


def write(path: Path, samples: NDArray[np.float32], *kind: str, rate: int = RATE) -> Path:
    container, subtype = kind or ("WAV", "FLOAT")
    soundfile.write(path, samples, rate, format=container, subtype=subtype)
    return path


def problem_of(path: str | Path, *segment: float) -> str:
    """Problem that reading the file meets; its line must be one, name the file and say more."""
    with pytest.raises(AudioError) as caught:
        read_waveform(path, 22050, *segment)
    error = caught.value
    line = str(error)
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    assert line.startswith(str(path)) or not str(path).isprintable()
    assert "; " in line  # what to do about it
    assert error.path == path
    return error.problem


def test_every_suffix_is_tried_here() -> None:
    assert {suffix for suffix, *_ in FORMATS} == AUDIO_SUFFIXES


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


@settings(max_examples=40, deadline=None)
@given(
    rate=st.sampled_from([4000, 11025, 22050, 44100, 48000, 192000, 44099]),
    n_channels=st.integers(1, 6),
    n_samples=st.integers(1, 6000),
    block_s=st.floats(0.001, 0.3),
)
def test_samples_do_not_depend_on_the_blocks(
    rate: int, n_channels: int, n_samples: int, block_s: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "clip.wav", chords(n_samples, n_channels, rate), rate=rate)
        whole = read_waveform(path, 22050)
        blocks = list(read_blocks(path, 22050, block_s=block_s))
    assert all(len(block) for block in blocks)
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-6)
    assert abs(len(whole) - n_samples * 22050 / rate) <= 1


def test_a_tone_keeps_its_frequency_and_what_is_too_high_is_gone(tmp_path: Path) -> None:
    time = np.arange(RATE) / RATE
    tones = 0.5 * np.sin(2 * np.pi * 1000 * time) + 0.4 * np.sin(2 * np.pi * 15000 * time)
    waveform = read_waveform(write(tmp_path / "a.wav", tones.astype(np.float32)), 22050)
    middle = waveform[2000:-2000]
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(22050) / 22050)[2000:-2000]
    np.testing.assert_allclose(middle, expected, atol=1e-4)


@pytest.mark.parametrize(("suffix", "container", "subtype", "error"), ONE_OF_EACH)
def test_a_segment_is_the_slice_of_the_whole(
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
def test_an_mp3_that_saves_bits_for_later_is_read_without_gaps(tmp_path: Path, rate: int) -> None:
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


def test_a_resampled_segment_is_a_file_of_its_own(tmp_path: Path) -> None:
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
def test_a_segment_that_is_not_in_the_file_is_refused(
    tmp_path: Path, segment: tuple[float, float], problem: str
) -> None:
    assert problem_of(write(tmp_path / "clip.wav", chords(N_SAMPLES, 1)), *segment) == problem


def test_many_channels_come_in_shorter_blocks(tmp_path: Path) -> None:
    samples = np.tile(chords(20000, 1), 1000)
    path = write(tmp_path / "array.wav", samples, "WAV", "PCM_16")
    blocks = list(read_blocks(path, RATE))
    assert len(blocks) == 2
    np.testing.assert_allclose(np.concatenate(blocks), samples[:, 0], atol=2**-14)


@pytest.mark.parametrize("n_samples", [1, 2, 3])
def test_a_clip_of_a_sample_has_a_sample(tmp_path: Path, n_samples: int) -> None:
    path = write(tmp_path / "click.wav", np.full((n_samples, 1), 0.5, np.float32), rate=192000)
    assert len(read_waveform(path, 22050)) == 1


# What can be wrong with a file


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.ogg", "a.raw", "a"])
def test_a_file_that_is_no_sound_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Dear diary, today I heard a bird. " * 100)
    assert problem_of(path) == "not audio"
    path.write_bytes(b"")
    assert problem_of(path) == "empty"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert problem_of(tmp_path) == "a folder"
    assert problem_of(tmp_path / "none.wav") == "missing"
    assert problem_of(str(tmp_path / "none.wav")) == "missing"
    assert problem_of(tmp_path / "a\nb.wav") == "missing"
    assert problem_of(write(tmp_path / "a.wav", chords(9, 1)) / "b.wav") == "missing"
    assert problem_of(tmp_path / ("long" * 100 + ".wav")) == "unreadable"
    assert problem_of(tmp_path / "a\0.wav") == "unreadable"
    os.mkfifo(tmp_path / "pipe.wav")
    assert problem_of(tmp_path / "pipe.wav") == "not a file"


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"bird\xff.wav")
    with open(path, "wb") as file:
        soundfile.write(file, chords(9, 1), RATE, format="WAV")
    assert problem_of(path) == "undecodable name"


@pytest.mark.parametrize("name", ["héron.wav", "鳥.flac", "a b;c%20.wav"])
def test_a_name_in_any_script_is_read(tmp_path: Path, name: str) -> None:
    container = "FLAC" if name.endswith("flac") else "WAV"
    path = write(tmp_path / name, chords(100, 1), container, "PCM_16")
    assert len(read_waveform(path, RATE)) == 100


@pytest.mark.parametrize(("suffix", "container", "subtype", "error"), ONE_OF_EACH)
def test_a_file_of_a_header_is_refused(
    tmp_path: Path, suffix: str, container: str, subtype: str, error: float
) -> None:
    path = write(tmp_path / f"clip{suffix}", chords(0, 1), container, subtype)
    assert problem_of(path) in {"no samples", "not audio", "empty"}


@pytest.mark.parametrize(("suffix", "container", "subtype", "error"), ONE_OF_EACH)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_file_cut_short_is_refused(
    tmp_path: Path, suffix: str, container: str, subtype: str, error: float, share: float
) -> None:
    path = write(tmp_path / f"clip{suffix}", chords(N_SAMPLES, 2), container, subtype)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    # A flac decoder gives up, the others stop.
    assert problem_of(path) == ("damaged" if suffix == ".flac" else "truncated")
    if suffix in (".wav", ".aiff", ".ogg"):
        with pytest.raises(AudioError, match="truncated"):
            read_info(path)


@pytest.mark.parametrize("container_size", [0, 8, 36, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_wav_written_to_a_pipe_is_read(tmp_path: Path, size: int, container_size: int) -> None:
    samples = chords(5000, 2)
    path = write(tmp_path / "clip.wav", samples, "WAV", "PCM_16")
    whole = read_waveform(path, RATE)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[4:8] = struct.pack("<I", container_size)
    content[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(content)
    np.testing.assert_array_equal(read_waveform(path, RATE), whole)
    assert read_info(path).n_samples == 5000


def test_notes_after_no_samples_are_not_samples(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", chords(0, 1), "WAV", "PCM_16")
    content = bytearray(path.read_bytes() + b"LIST" + struct.pack("<I", 400) + bytes(400))
    content[4:8] = struct.pack("<I", len(content) - 8)
    path.write_bytes(content)
    assert problem_of(path) == "no samples"


def test_notes_after_the_samples_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", chords(5000, 1), "WAV", "PCM_16")
    content = bytearray(path.read_bytes() + b"LIST" + struct.pack("<I", 401) + bytes(402))
    content[4:8] = struct.pack("<I", len(content) - 8)
    path.write_bytes(content)
    assert len(read_waveform(path, RATE)) == 5000


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_samples_that_are_not_numbers_are_refused(tmp_path: Path, value: float) -> None:
    samples = chords(5000, 2)
    samples[4321, 1] = value
    assert problem_of(write(tmp_path / "a.wav", samples)) == "samples that are not numbers"


def test_samples_no_program_writes_are_refused(tmp_path: Path) -> None:
    samples = chords(5000, 1)
    in_units_of_16_bits = write(tmp_path / "a.wav", 32768 * samples)
    assert read_waveform(in_units_of_16_bits, RATE).max() > 8
    samples[4321] = 1e30
    assert problem_of(write(tmp_path / "b.wav", samples)) == "absurd samples"


def test_a_file_damaged_in_its_middle_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.flac", chords(N_SAMPLES, 1), "FLAC", "PCM_16")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    assert problem_of(path) == "damaged"


def test_a_flac_that_does_not_know_its_length_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.flac", chords(N_SAMPLES, 1), "FLAC", "PCM_16")
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # the 36 bits that count the samples
    content[22:26] = bytes(4)
    path.write_bytes(content)
    assert problem_of(path) == "unknown length"


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(ONE_OF_EACH),
    damage=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=40)), max_size=6),
    share=st.floats(0, 1),
)
def test_damage_gives_samples_or_an_audio_error(
    kind: tuple[str, str, str, float], damage: list[tuple[float, bytes]], share: float
) -> None:
    suffix, container, subtype, _ = kind
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / f"clip{suffix}", chords(9000, 1), container, subtype)
        content = bytearray(path.read_bytes())
        for place, noise in damage:
            start = int(place * len(content))
            content[start : start + len(noise)] = noise
        path.write_bytes(content[: int((0.5 + share) * len(content))])
        with suppress(AudioError):
            assert np.isfinite(read_waveform(path, 22050)).all()


def problem_for_nobody(path: str) -> str:
    os.setgid(65534)
    os.setuid(65534)
    try:
        read_waveform(path, 22050)
    except AudioError as error:
        return error.problem
    return "none"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike ``tmp_path``."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_file_one_may_not_read_is_refused(open_folder: Path) -> None:
    readable = write(open_folder / "readable.wav", chords(100, 1))
    locked = write(open_folder / "locked.wav", chords(100, 1))
    locked.chmod(0)
    if os.geteuid() != 0:
        assert problem_of(locked) == "permission denied"
        return
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        if pool.apply(problem_for_nobody, [str(readable)]) != "none":
            pytest.skip("another user cannot read from the temporary folder either")
        assert pool.apply(problem_for_nobody, [str(locked)]) == "permission denied"


def test_an_error_survives_the_way_between_processes() -> None:
    error = AudioError("a.wav", "truncated", "it ends after 1 s; copy it again")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.path, again.problem) == (str(error), "a.wav", "truncated")


# Normalisation


@given(
    n_samples=st.integers(1, 500),
    scale=st.floats(1e-3, 1e3),
    offset=st.floats(-10, 10),
    n_blocks=st.integers(1, 5),
)
def test_the_peak_comes_just_below_one(
    n_samples: int, scale: float, offset: float, n_blocks: int
) -> None:
    noise = np.random.default_rng(n_samples).standard_normal(n_samples)
    waveform = (scale * noise + offset).astype(np.float32)
    normalised = normalise_peak(waveform)
    centred = waveform.astype(np.float64) - waveform.mean(dtype=np.float64)
    expected = centred / (np.abs(centred).max() + 0.005)
    np.testing.assert_allclose(normalised, expected, atol=1e-3 if scale < 0.1 else 1e-4)
    assert np.abs(normalised).max() < 1
    blocks = [block for block in np.array_split(waveform, n_blocks) if len(block)]
    assert level(blocks) == pytest.approx(level([waveform]), rel=1e-9, abs=1e-12)


def test_silence_stays_silent() -> None:
    assert np.all(normalise_peak(np.full(1000, 0.3, np.float32)) == 0)
