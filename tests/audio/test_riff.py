"""WAV and AIFF files that were cut, left open, wrapped, joined, or are whole."""

import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundalike.audio.audio_error import AudioError
from soundalike.audio.riff import riff_streams, samples_chunks
from soundalike.audio.sound_file import read_info
from soundalike.audio.waveform import read_waveform

RATE = 8000
GIB = 2**30


def noise(n_samples: int = RATE) -> np.ndarray:
    return np.random.default_rng(n_samples).uniform(-0.5, 0.5, n_samples)


def written(kind: str, subtype: str = "PCM_16", n_samples: int = RATE) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, noise(n_samples), RATE, format=kind, subtype=subtype)
    return buffer.getvalue()


def read(path: Path) -> np.ndarray:
    return read_waveform(path, RATE)


def sparse(path: Path, head: bytes, n_bytes: int) -> Path:
    """A file with a beginning, and holes up to its size."""
    with path.open("wb") as file:
        file.write(head)
        try:
            os.truncate(path, n_bytes)
        except OSError:
            pytest.skip("the temporary folder holds no large sparse files")
    return path


@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64", "AIFF"])
def test_a_whole_file_is_given_to_the_decoder_as_it_is(kind):
    (stream,) = riff_streams(io.BytesIO(written(kind)))
    assert (stream.pieces, stream.share_missing) == (None, 0)


@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64", "AIFF"])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_cut_file_lacks_what_was_cut(kind, share):
    whole = written(kind)
    (stream,) = riff_streams(io.BytesIO(whole[: int(share * len(whole))]))
    assert 1 / (1 + stream.share_missing) == pytest.approx(share, abs=0.01)


def test_other_files_have_no_samples_chunk():
    for other in (written("FLAC"), b"", b"RIFF", b"a text that somebody called .wav"):
        assert list(samples_chunks(io.BytesIO(other))) == []


@pytest.mark.parametrize("form", [0, 8, 36, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("length", [0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFDB, 0xFFFFFFFF])
def test_a_wav_that_was_never_finished_is_read(corpus, saved, form, length):
    path = saved(corpus.with_length(written("WAV"), length, form))
    np.testing.assert_array_equal(read(path), read(saved(written("WAV"), "whole")))


@pytest.mark.parametrize("length", [0, 2**64 - 1])
def test_an_rf64_that_was_never_finished_is_read(corpus, saved, length):
    whole = written("RF64")
    at = whole.index(b"ds64") + 8
    path = saved(corpus.replaced(whole, at, struct.pack("<QQQ", 0, length, 0)))
    np.testing.assert_array_equal(read(path), read(saved(whole, "whole")))


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24", "FLOAT"])
def test_an_aiff_that_was_never_finished_is_read(corpus, saved, subtype):
    whole = written("AIFF", subtype)
    for length in (0, 0xFFFFFFFF):
        content = corpus.replaced(whole, whole.index(b"SSND") + 4, struct.pack(">I", length))
        path = saved(corpus.replaced(content, 4, bytes(4)))
        np.testing.assert_array_equal(read(path), read(saved(whole, "whole")))


def test_a_wav_that_grew_after_its_header_was_written_is_read(corpus, saved):
    whole = written("WAV", n_samples=20000)
    path = saved(corpus.with_length(whole, 10000, 10036))
    np.testing.assert_array_equal(read(path), read(saved(whole, "whole")))


@pytest.mark.parametrize(
    "rest", [bytes(9000), b"TAG" + bytes(125), b"LIST\x90\x01\0\0" + b"a" * 400]
)
def test_what_else_follows_the_samples_is_no_sound(saved, rest):
    assert len(read(saved(written("WAV") + rest))) == RATE


def test_big_endian_wavs_are_read(corpus, saved):
    path = saved(b"", "clip.wav")
    soundfile.write(path, noise(), RATE, subtype="PCM_16", endian="BIG")
    whole = path.read_bytes()
    assert whole[:4] == b"RIFX"
    unfinished = corpus.with_length(whole, 0, 0)
    for content in (whole, unfinished):
        np.testing.assert_array_equal(read(saved(content)), read(saved(written("WAV"), "little")))


def test_bw64_is_rf64(corpus, saved):
    whole = written("RF64")
    path = saved(b"BW64" + whole[4:])
    np.testing.assert_array_equal(read(path), read(saved(whole, "whole")))
    with pytest.raises(AudioError, match="truncated"):
        read(saved(b"BW64" + whole[4 : len(whole) // 2]))


@pytest.mark.parametrize("kinds", [("WAV", "WAV"), ("AIFF", "AIFF"), ("WAV", "RF64", "WAV")])
def test_joined_files_are_all_read(saved, kinds):
    parts = [written(kind, n_samples=RATE + 100 * number) for number, kind in enumerate(kinds)]
    waveform = read(saved(b"".join(parts)))
    expected = [read(saved(part, str(number))) for number, part in enumerate(parts)]
    np.testing.assert_array_equal(waveform, np.concatenate(expected))


def test_more_than_4_gib_left_open(corpus, tmp_path):
    head = corpus.with_length(written("WAV", n_samples=0), 0, 36)
    path = sparse(tmp_path / "clip.wav", head, 5 * GIB)
    seconds = (5 * GIB - len(head)) / 2 / RATE
    assert read_info(path).duration_s == pytest.approx(seconds, abs=0.01)
    assert len(read_waveform(path, RATE, seconds - 2, seconds - 1)) == RATE


@pytest.mark.parametrize("n_rest", [0, 34])
def test_more_than_4_gib_modulo_4_gib(corpus, tmp_path, n_rest):
    n_bytes = 9 * GIB
    head = written("WAV", n_samples=0)
    n_samples = n_bytes - len(head) - n_rest
    head = corpus.with_length(head, n_samples % 2**32, (n_bytes - 8) % 2**32)
    path = sparse(tmp_path / "clip.wav", head, n_bytes)
    assert read_info(path).n_samples == pytest.approx(n_samples / 2, abs=20)
    assert len(read_waveform(path, RATE, n_samples / 2 / RATE - 1)) == pytest.approx(RATE, abs=20)


def test_an_aiff_of_more_than_4_gib(corpus, tmp_path):
    whole = written("AIFF", n_samples=0)
    n_bytes = 5 * GIB
    at = whole.index(b"SSND") + 4
    n_samples = n_bytes - at - 12
    head = corpus.replaced(whole, at, struct.pack(">I", (n_samples + 8) % 2**32))
    path = sparse(tmp_path / "clip.aiff", head, n_bytes)
    assert read_info(path).n_samples == n_samples // 2


def test_a_whole_rf64_of_more_than_4_gib(corpus, tmp_path):
    whole = written("RF64", n_samples=0)
    n_samples = 5 * GIB - len(whole)
    sizes = struct.pack("<QQQ", 5 * GIB - 8, n_samples, n_samples // 2)
    head = corpus.replaced(whole, whole.index(b"ds64") + 8, sizes)
    path = sparse(tmp_path / "clip.wav", head, 5 * GIB)
    assert read_info(path).n_samples == n_samples // 2
    os.truncate(path, 3 * GIB)
    with pytest.raises(AudioError, match="truncated"):
        read_info(path)


def test_a_wav_of_3_gib_is_cut(corpus, tmp_path):
    head = corpus.with_length(written("WAV", n_samples=0), 3 * GIB, 3 * GIB + 36)
    path = sparse(tmp_path / "clip.wav", head, 2 * GIB)
    with pytest.raises(AudioError, match="truncated"):
        read_info(path)
