"""Reading stores, and messages for damaged ones."""

import shutil

import numpy as np
import pandas as pd
import pytest

import soundalike.datasets.store as store_module
from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import SourceError
from soundalike.datasets.store import (
    CLIPS,
    FORMAT,
    FRAMES,
    HEAD,
    differing_key,
    is_store,
    open_store,
)


@pytest.fixture
def copy(store, tmp_path):
    """A copy of the store, to damage."""
    shutil.copytree(store.path, tmp_path / "store")
    return tmp_path / "store"


def test_clips_lie_end_to_end(store):
    assert store.frames.dtype == np.float16
    assert store.frames.shape == (store.n_frames.sum(), 96)
    assert store.offsets[0] == 0
    assert (store.offsets[1:] == np.cumsum(store.n_frames)[:-1]).all()
    assert store.front_end == LogMel()
    assert store.n_problems == 0


def test_of_clip_returns_the_frames_of_the_clip(store):
    log_mel = store.of_clip(5)
    assert log_mel.dtype == np.float32
    assert log_mel.shape == (store.n_frames[5], 96)
    start = store.offsets[5]
    assert (log_mel == store.frames[start : start + len(log_mel)]).all()


def test_the_blocks_of_a_clip_are_the_clip(store, monkeypatch):
    for block_frames in (7, 100, 10_000):
        monkeypatch.setattr(store_module, "BLOCK_FRAMES", block_frames)
        for clip in (0, 5, 23):
            blocks = list(store.blocks(clip))
            assert {len(block) for block in blocks[:-1]} <= {block_frames}
            assert (np.concatenate(blocks) == store.of_clip(clip)).all()
            assert blocks[0].dtype == np.float32


def test_a_selection_keeps_clips_and_frames_together(store):
    some = store.select(np.array([7, 2]))
    assert [clip.path for clip in some.clips] == [
        list(store.clips)[7].path,
        list(store.clips)[2].path,
    ]
    assert (some.of_clip(0) == store.of_clip(7)).all()
    assert (some.of_clip(1) == store.of_clip(2)).all()
    assert some.frames is store.frames
    assert len(store.select(np.flatnonzero(np.zeros(24))).clips) == 0


def test_hours_are_the_total_duration(store):
    seconds = sum(1.0 + 0.25 * number for number in range(8)) * 3
    assert store.hours * 3600 == pytest.approx(seconds, rel=0.01)
    assert store.select(np.array([0])).hours * 3600 == pytest.approx(1.0, rel=0.02)


def test_the_frames_cannot_be_written_to(copy):
    with pytest.raises(ValueError, match="read-only"):
        open_store(copy).frames[0] = 7


def test_frames_may_be_larger_than_memory(copy):
    shape = (2**40 // (2 * 96), 96)  # a TB; the file system stores only what was written
    with (copy / FRAMES).open("wb") as file:
        header = {"descr": "<f2", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 2**40)
    store = open_store(copy)
    assert store.frames.shape == shape
    assert (store.of_clip(23) == 0).all()


def test_a_store_can_be_moved(copy, tmp_path):
    there = tmp_path / "elsewhere"
    copy.rename(there)
    assert is_store(there)
    assert not is_store(copy)
    assert len(open_store(there).clips) == 24


@pytest.mark.parametrize("name", [FRAMES, CLIPS, HEAD])
@pytest.mark.parametrize("damage", ["missing", "empty", "half", "garbage"])
def test_a_damaged_store_is_refused_in_one_line(copy, name, damage):
    whole = (copy / name).read_bytes()
    if damage == "missing":
        (copy / name).unlink()
    else:
        damaged = {"empty": b"", "half": whole[: len(whole) // 2], "garbage": b"\x93\xff[]"}[damage]
        (copy / name).write_bytes(damaged)
    with pytest.raises(SourceError, match=r"the store is damaged .*prepare it again") as error:
        open_store(copy)
    assert str(copy) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_text_that_is_not_utf8_is_damage(copy):
    rows = pd.read_parquet(copy / CLIPS)
    path = rows["path"][0]
    rows.to_parquet(copy / CLIPS, compression=None)
    content = (copy / CLIPS).read_bytes().replace(path.encode(), b"\xff" + path.encode()[1:])
    (copy / CLIPS).write_bytes(content)
    with pytest.raises(SourceError, match="the store is damaged"):
        open_store(copy)


@pytest.mark.parametrize("head", ["[]", "{}", f'{{"format": {FORMAT}}}', "null"])
def test_a_store_json_of_another_program_is_refused(copy, head):
    (copy / HEAD).write_text(head)
    with pytest.raises(SourceError, match="damaged"):
        open_store(copy)


def test_another_format_asks_to_prepare_again(copy):
    head = (copy / HEAD).read_text().replace(f'"format": {FORMAT}', '"format": 99')
    (copy / HEAD).write_text(head)
    with pytest.raises(SourceError, match="another version of soundalike: prepare it again"):
        open_store(copy)


def test_the_first_differing_key_is_named():
    here = {"n_mels": 64, "fmin": 50.0, "fmax": 9000.0}
    assert differing_key(here, dict(here)) is None
    assert (
        differing_key(here, here | {"fmin": 20.0, "fmax": 1.0})
        == "fmin is 20.0 there and 50.0 here"
    )
    assert differing_key(here, {"n_mels": 64, "fmin": 50.0}) == "fmax is None there and 9000.0 here"
