"""Chunks of frames: their layout, reading parts of them, and damage."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from soundalike.datasets import chunks as room
from soundalike.datasets.chunks import ChunkedFrames, assign_chunks, chunk_name, pack
from soundalike.datasets.clips import SourceError
from soundalike.datasets.identical import HASH, AudioHash
from soundalike.runtime.object_storage import ObjectStorage, StorageError

N_BANDS = 3
LENGTHS = np.array([5, 1, 40, 7, 3, 12])
CHUNK = np.array([1, 0, 1, 1, 0, 2])


@pytest.fixture
def frames():
    """The frames of all clips, end to end."""
    values = np.random.default_rng(0).standard_normal((LENGTHS.sum(), N_BANDS))
    return values.astype(np.float16)


@pytest.fixture
def chunked(frames, tmp_path):
    """The same frames in three chunks; the first one begins after ten frames of no clip."""
    storage = ObjectStorage(str(tmp_path / "chunks"))
    clips = np.split(frames, LENGTHS.cumsum()[:-1])
    for number in range(3):
        storage.write(chunk_name(number), pack([clips[i] for i in np.flatnonzero(number == CHUNK)]))
    offsets = 10 + LENGTHS.cumsum() - LENGTHS
    audio = np.array([digest(clip) for clip in clips], HASH)
    return ChunkedFrames(storage, N_BANDS, offsets, LENGTHS, audio, CHUNK)


def digest(clip):
    audio = AudioHash()
    audio.add(clip)
    return audio.digest()


def test_stretches_of_a_clip_are_those_of_the_array(chunked, frames):
    for first, n_frames in zip(chunked.offsets, LENGTHS, strict=True):
        for start, stop in ((0, n_frames), (0, 1), (n_frames // 2, n_frames), (n_frames, n_frames)):
            part = chunked[first + start : first + stop]
            assert part.dtype == np.float16
            np.testing.assert_array_equal(part, frames[first - 10 + start : first - 10 + stop])


@pytest.mark.parametrize("whole_from", [0.0, 0.25, 1.0])
def test_clips_are_read_in_the_order_that_they_are_asked_for(
    chunked, frames, monkeypatch, whole_from
):
    """Whether chunks are read whole or not."""
    monkeypatch.setattr(room, "WHOLE_FROM", whole_from)
    clips = np.split(frames, LENGTHS.cumsum()[:-1])
    for chosen in ([0, 1, 2, 3, 4, 5], [5, 0, 4], [3], [2, 2]):
        values = chunked.read(chunked.offsets[chosen])
        np.testing.assert_array_equal(values, np.concatenate([clips[clip] for clip in chosen]))
    assert chunked.read(chunked.offsets[:0]).shape == (0, N_BANDS)
    assert chunked.chunk_of(chunked.offsets[[5, 1]]).tolist() == [2, 0]


def test_every_chunk_is_a_sample_of_all_clips(monkeypatch):
    monkeypatch.setattr(room, "CHUNK_BYTES", 100 * 2 * N_BANDS)
    n_frames = np.random.default_rng(1).integers(1, 30, 1000)
    chunk = assign_chunks(n_frames, N_BANDS)
    sizes = np.bincount(chunk, weights=n_frames)
    assert sizes[:-1].min() > 70
    assert sizes.max() < 130
    for number in range(chunk.max() + 1):
        assert len(np.unique(np.flatnonzero(chunk == number) // 250)) >= 2, "from far apart"
    assert (assign_chunks(n_frames, N_BANDS) == chunk).all()
    assert len(assign_chunks(n_frames[:0], N_BANDS)) == 0


def test_clips_without_a_hash_are_read(chunked, frames):
    """As those of noise too quiet to hear."""
    audio = chunked.audio.copy()
    audio[2] = b""
    np.testing.assert_array_equal(
        dataclasses.replace(chunked, audio=audio).read(chunked.offsets), frames
    )


def path_of(chunked, number):
    return Path(chunked.storage.address, chunk_name(number))


@pytest.mark.parametrize("whole_from", [0.0, 1.0])
@pytest.mark.parametrize("change", ["cut", "flipped", "swapped"])
def test_a_damaged_chunk_is_named(chunked, monkeypatch, change, whole_from):
    monkeypatch.setattr(room, "WHOLE_FROM", whole_from)
    path = path_of(chunked, 1)
    content = bytearray(path.read_bytes())
    content[-5] ^= 0xFF
    path.write_bytes(
        {
            "cut": content[:-9],
            "flipped": content,
            "swapped": path_of(chunked, 2).read_bytes(),
        }[change]
    )
    with pytest.raises(SourceError, match=r"chunk-0-1.bin: damaged, or of another store: prepare"):
        chunked.read(chunked.offsets)
    chunked.read(chunked.offsets[CHUNK != 1])
    path.unlink()
    with pytest.raises(StorageError, match=r"chunk-0-1.bin: is not there"):
        chunked.read(chunked.offsets)


def test_a_table_that_lies_is_noticed(chunked):
    for wrong in (
        {"n_frames": LENGTHS + 1},
        {"n_frames": LENGTHS * 10**6},
        {"chunk": CHUNK + 1},
        {"chunk": CHUNK - 1},
    ):
        with pytest.raises((SourceError, StorageError)) as error:
            dataclasses.replace(chunked, **wrong).read(chunked.offsets)
        assert "\n" not in str(error.value)
