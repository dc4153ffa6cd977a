"""What can be wrong with a sound file, and the messages."""

import os
import re
import struct
import tempfile
from contextlib import suppress
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
ONE_OF_EACH = [
    (".wav", "WAV", "PCM_16"),
    (".flac", "FLAC", "PCM_16"),
    (".aif", "AIFF", "PCM_24"),
    (".ogg", "OGG", "VORBIS"),
    (".opus", "OGG", "OPUS"),
    (".mp3", "MP3", "MPEG_LAYER_III"),
]


def tone(n_samples: int, n_channels: int = 1) -> NDArray[np.float32]:
    """A slowly swelling tone, the same in every channel."""
    time = np.arange(n_samples)[:, None] / RATE
    swelling = 0.4 * np.sin(2 * np.pi * 300 * time) * (1.2 + np.sin(5 * time)) / 2.2
    return np.repeat(swelling, n_channels, axis=1).astype(np.float32)


def write(
    path: Path, samples: NDArray[np.float32], container: str = "WAV", subtype: str = "FLOAT"
) -> Path:
    soundfile.write(path, samples, RATE, format=container, subtype=subtype)
    return path


def problem_of(path: str | Path) -> str:
    """Return the problem of reading the file; its message names file and remedy."""
    with pytest.raises(AudioError) as caught:
        read_waveform(path, 22050)
    error = caught.value
    line = str(error)
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    assert line.startswith(str(path)) or not str(path).isprintable()
    assert "; " in line  # what to do about it
    assert error.path == path
    return error.problem


def read_up_to_damage(path: Path) -> tuple[int, AudioError]:
    n_samples = 0
    try:
        for block in read_blocks(path, 22050):
            n_samples += len(block)
    except AudioError as error:
        return n_samples, error
    raise AssertionError("nothing was said")


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.ogg", "a.raw", "a"])
def test_a_file_that_is_not_audio_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Dear diary, today I heard a bird. " * 100)
    assert problem_of(path) == "not audio"
    path.write_bytes(b"")
    assert problem_of(path) == "empty"


@pytest.mark.parametrize("name", ["héron.wav", "鳥.flac", "a b;c%20.wav"])
def test_a_name_in_any_script_is_read(tmp_path: Path, name: str) -> None:
    container = "FLAC" if name.endswith("flac") else "WAV"
    path = write(tmp_path / name, tone(100), container, "PCM_16")
    assert len(read_waveform(path, RATE)) == 100


@pytest.mark.parametrize(("suffix", "container", "subtype"), ONE_OF_EACH)
def test_a_file_with_only_a_header_is_refused(
    tmp_path: Path, suffix: str, container: str, subtype: str
) -> None:
    path = write(tmp_path / f"clip{suffix}", tone(0), container, subtype)
    assert problem_of(path) in {"no samples", "not audio", "empty"}


@pytest.mark.parametrize(("suffix", "container", "subtype"), ONE_OF_EACH)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_truncated_file_is_refused(
    tmp_path: Path, suffix: str, container: str, subtype: str, share: float
) -> None:
    path = write(tmp_path / f"clip{suffix}", tone(N_SAMPLES, 2), container, subtype)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert problem_of(path) == "truncated"
    with pytest.raises(AudioError, match="truncated"):
        read_info(path)


def test_metadata_after_an_empty_data_chunk_is_not_samples(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", tone(0), "WAV", "PCM_16")
    content = bytearray(path.read_bytes() + b"LIST" + struct.pack("<I", 400) + bytes(400))
    content[4:8] = struct.pack("<I", len(content) - 8)
    path.write_bytes(content)
    assert problem_of(path) == "no samples"


def test_metadata_after_the_samples_is_ignored(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", tone(5000), "WAV", "PCM_16")
    content = bytearray(path.read_bytes() + b"LIST" + struct.pack("<I", 401) + bytes(402))
    content[4:8] = struct.pack("<I", len(content) - 8)
    path.write_bytes(content)
    assert len(read_waveform(path, RATE)) == 5000


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_non_finite_samples_are_refused(tmp_path: Path, value: float) -> None:
    samples = tone(5000, 2)
    samples[4321, 1] = value
    assert problem_of(write(tmp_path / "a.wav", samples)) == "samples that are not numbers"


def test_implausibly_large_samples_are_refused(tmp_path: Path) -> None:
    samples = tone(5000)
    in_units_of_16_bits = write(tmp_path / "a.wav", 32768 * samples)
    assert read_waveform(in_units_of_16_bits, RATE).max() > 8
    samples[4321] = 1e30
    assert problem_of(write(tmp_path / "b.wav", samples)) == "absurd samples"


@pytest.mark.parametrize(("suffix", "container", "subtype"), ONE_OF_EACH)
@pytest.mark.parametrize("noise", [bytes(4000), os.urandom(4000)], ids=["zeros", "noise"])
def test_what_lies_before_damage_is_read(
    tmp_path: Path, suffix: str, container: str, subtype: str, noise: bytes
) -> None:
    if container in ("WAV", "AIFF"):
        return  # any bytes are samples
    path = write(tmp_path / f"clip{suffix}", tone(5 * N_SAMPLES), container, subtype)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = noise
    path.write_bytes(content)
    n_samples, error = read_up_to_damage(path)
    at_s = float(re.search(r"damaged: decoding failed after ([\d.]+) s", str(error))[1])
    assert 4 < at_s < 10  # an Ogg page is a second long
    assert n_samples / 22050 == pytest.approx(at_s, abs=0.1)
    assert len(read_waveform(path, 22050, 1.0, 3.0)) == 2 * 22050


@given(
    kind=st.sampled_from(ONE_OF_EACH),
    damage=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=40)), max_size=6),
    share=st.floats(0, 1),
)
def test_damage_gives_samples_or_an_audio_error(
    kind: tuple[str, str, str], damage: list[tuple[float, bytes]], share: float
) -> None:
    suffix, container, subtype = kind
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / f"clip{suffix}", tone(9000), container, subtype)
        content = bytearray(path.read_bytes())
        for place, noise in damage:
            start = int(place * len(content))
            content[start : start + len(noise)] = noise
        path.write_bytes(content[: int((0.5 + share) * len(content))])
        with suppress(AudioError):
            assert np.isfinite(read_waveform(path, 22050)).all()


def test_a_rate_that_nothing_records_at_is_refused(tmp_path: Path) -> None:
    for rate in (1, 99, 20_000_000):
        soundfile.write(tmp_path / "a.wav", tone(20000), rate, subtype="PCM_16")
        assert problem_of(tmp_path / "a.wav") == "absurd sample rate"
    soundfile.write(tmp_path / "infrasound.wav", tone(2000), 100, subtype="PCM_16")
    assert read_info(tmp_path / "infrasound.wav").duration_s == 20


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        (b"MThd" + bytes(100), "MIDI"),
        (b"<!doctype html><html>", "web page"),
        (b"fLaC" + bytes(100), "it is FLAC"),
    ],
)
def test_what_it_is_instead_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "clip.wav"
    path.write_bytes(content)
    problem_of(path)
    with pytest.raises(AudioError, match=words):
        read_info(path)
