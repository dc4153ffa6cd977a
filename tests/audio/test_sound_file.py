"""What can be wrong with a sound file, and the messages."""

import multiprocessing
import os
import pickle
import struct
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from soundalike.audio.sound_file import AudioError, read_info
from soundalike.audio.waveform import read_waveform

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


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.ogg", "a.raw", "a"])
def test_a_file_that_is_not_audio_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Dear diary, today I heard a bird. " * 100)
    assert problem_of(path) == "not audio"
    path.write_bytes(b"")
    assert problem_of(path) == "empty"


def test_a_path_that_is_not_a_file_is_refused(tmp_path: Path) -> None:
    assert problem_of(tmp_path) == "a folder"
    assert problem_of(tmp_path / "none.wav") == "missing"
    assert problem_of(str(tmp_path / "none.wav")) == "missing"
    assert problem_of(tmp_path / "a\nb.wav") == "missing"
    assert problem_of(write(tmp_path / "a.wav", tone(9)) / "b.wav") == "missing"
    assert problem_of(tmp_path / ("long" * 100 + ".wav")) == "unreadable"
    assert problem_of(tmp_path / "a\0.wav") == "unreadable"
    os.mkfifo(tmp_path / "pipe.wav")
    assert problem_of(tmp_path / "pipe.wav") == "not a file"


def test_a_name_that_is_not_valid_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"bird\xff.wav")
    with open(path, "wb") as file:
        soundfile.write(file, tone(9), RATE, format="WAV")
    assert problem_of(path) == "undecodable name"


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
    # The FLAC decoder raises an error; the others return fewer samples.
    assert problem_of(path) == ("damaged" if suffix == ".flac" else "truncated")
    if suffix in (".wav", ".aiff", ".ogg"):
        with pytest.raises(AudioError, match="truncated"):
            read_info(path)


@pytest.mark.parametrize("container_size", [0, 8, 36, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_wav_written_to_a_pipe_is_read(tmp_path: Path, size: int, container_size: int) -> None:
    samples = tone(5000, 2)
    path = write(tmp_path / "clip.wav", samples, "WAV", "PCM_16")
    whole = read_waveform(path, RATE)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[4:8] = struct.pack("<I", container_size)
    content[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(content)
    np.testing.assert_array_equal(read_waveform(path, RATE), whole)
    assert read_info(path).n_samples == 5000


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


def test_a_file_damaged_in_its_middle_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.flac", tone(N_SAMPLES), "FLAC", "PCM_16")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    assert problem_of(path) == "damaged"


def test_a_flac_without_a_length_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.flac", tone(N_SAMPLES), "FLAC", "PCM_16")
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


def test_a_file_without_read_permission_is_refused(open_folder: Path) -> None:
    readable = write(open_folder / "readable.wav", tone(100))
    locked = write(open_folder / "locked.wav", tone(100))
    locked.chmod(0)
    if os.geteuid() != 0:
        assert problem_of(locked) == "permission denied"
        return
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        if pool.apply(problem_for_nobody, [str(readable)]) != "none":
            pytest.skip("another user cannot read from the temporary folder either")
        assert pool.apply(problem_for_nobody, [str(locked)]) == "permission denied"


def test_an_error_can_be_pickled() -> None:
    error = AudioError("a.wav", "truncated", "it ends after 1 s; copy it again")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.path, again.problem) == (str(error), "a.wav", "truncated")
