"""Containers that are complete, truncated or not finalized."""

import io

import numpy as np
import pytest
import soundfile

from soundalike.audio.container import ends_within_ogg_page, samples_chunk


def written(kind: str, subtype: str = "PCM_16") -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 22050)
    soundfile.write(buffer, noise, 22050, format=kind, subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["WAV", "AIFF"])
def test_a_complete_file_misses_no_bytes(kind):
    chunk = samples_chunk(io.BytesIO(written(kind)))
    assert chunk is not None
    assert chunk.share_missing == 0
    assert not chunk.is_open


@pytest.mark.parametrize("kind", ["WAV", "AIFF"])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_truncated_file_misses_the_bytes_cut_off(kind, share):
    whole = written(kind)
    chunk = samples_chunk(io.BytesIO(whole[: int(share * len(whole))]))
    assert chunk is not None
    assert 1 / (1 + chunk.share_missing) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_an_unfinalized_streamed_file_misses_no_bytes(length):
    whole = bytearray(written("WAV"))
    at = whole.index(b"data") + 4
    whole[at : at + 4] = length.to_bytes(4, "little")
    whole[4:8] = length.to_bytes(4, "little")
    chunk = samples_chunk(io.BytesIO(bytes(whole)))
    assert chunk is not None
    assert chunk.share_missing == 0
    assert chunk.is_open == (length == 0)


def test_files_of_other_formats_have_no_such_chunk():
    for other in (written("FLAC"), b"", b"RIFF", b"a text that somebody called .wav"):
        assert samples_chunk(io.BytesIO(other)) is None


def test_an_ogg_that_does_not_end_with_a_page_is_truncated():
    whole = written("OGG", "VORBIS")
    assert not ends_within_ogg_page(io.BytesIO(whole))
    for n_lost in (1, 50, len(whole) // 3):
        assert ends_within_ogg_page(io.BytesIO(whole[:-n_lost]))
    assert not ends_within_ogg_page(io.BytesIO(written("WAV")))
