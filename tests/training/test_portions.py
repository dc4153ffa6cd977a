"""Portions of a store: which chunks and steps they have, and what is read of them."""

import shutil

import numpy as np
import pytest

from soundalike.datasets import chunks
from soundalike.datasets.upload import upload_frames
from soundalike.training import portions as room
from soundalike.training.portions import Portions

N_EPOCHS = 8


@pytest.fixture(scope="module")
def moved(store, tmp_path_factory):
    """The store of 24 clips, with its frames in nine chunks."""
    root = tmp_path_factory.mktemp("moved")
    shutil.copytree(store.path, root / "store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_BYTES", 100_000)
        return upload_frames(root / "store", str(root / "chunks"), progress=False)


@pytest.fixture(autouse=True)
def little_memory(monkeypatch):
    monkeypatch.setattr(room, "MEMORY_BYTES", 600_000)


def test_an_epoch_has_every_chunk_once_in_an_order_of_its_own(moved):
    portions = Portions(moved, None, batch_size=4, seed=1)
    assert portions.n_portions == 3
    plans = [portions.plan(epoch) for epoch in range(N_EPOCHS)]
    for plan in plans:
        n_of_each = np.concatenate([own for own, _ in plan])
        assert sorted(n_of_each) == list(range(len(portions.chunks)))
        assert np.concatenate([steps for _, steps in plan]).tolist() == list(range(6))
    orders = {tuple(np.concatenate([own for own, _ in plan])) for plan in plans}
    assert len(orders) == N_EPOCHS
    again = Portions(moved, None, batch_size=4, seed=1).plan(3)
    assert [own.tolist() for own, _ in again] == [own.tolist() for own, _ in plans[3]]


@pytest.mark.parametrize("longest", [None, 60])
def test_a_portion_has_the_frames_of_its_segments(moved, store, longest):
    some = np.setdiff1d(np.arange(24), [3, 10, 11])
    portions = Portions(moved.select(some), longest, batch_size=4, seed=0)
    assert (len(portions.clip) == len(some)) == (longest is None)
    n_seen = np.zeros(len(portions.clip), int)
    for number in range(portions.n_portions):
        portion = portions.load(0, number)
        n_seen[portion.segments] += 1
        for place, segment in enumerate(portion.segments):
            first, n_frames = portion.frames.offsets[place], portion.frames.n_frames[place]
            start = portions.segments.offsets[segment]
            assert n_frames == portions.segments.n_frames[segment]
            np.testing.assert_array_equal(
                portion.frames.values[first : first + n_frames],
                store.frames[start : start + n_frames],
            )
            assert start >= store.offsets[some[portions.clip[segment]]]
    assert (n_seen == 1).all()


@pytest.mark.parametrize(("batch_size", "n_steps"), [(2, 12), (4, 6), (5, 4), (7, 3), (100, 3)])
def test_all_epochs_have_the_same_number_of_steps_of_whole_batches(moved, batch_size, n_steps):
    """Where a portion is smaller than a batch, it is one batch."""
    portions = Portions(moved, None, batch_size, seed=0)
    assert portions.steps_per_epoch == n_steps
    for epoch in range(N_EPOCHS):
        n_done = 0
        for number in range(len(portions.plan(epoch))):
            portion = portions.load(epoch, number)
            assert portion.first_step == n_done
            n_done += len(portion.batches)
            assert {len(batch) for batch in portion.batches} == {
                min(batch_size, len(portion.segments))
            }
            counts = np.bincount(np.concatenate(portion.batches), minlength=len(portion.segments))
            n_off = np.abs(counts - 1).sum()
            assert n_off <= batch_size, "left out, or repeated"
            assert all(len(np.unique(batch)) == len(batch) for batch in portion.batches)
        assert n_done == n_steps


def test_the_sample_is_spread_over_the_store(moved, store, monkeypatch):
    portions = Portions(moved, None, batch_size=4, seed=0)
    frames, chosen = portions.sample()
    assert chosen.tolist() == list(range(24))
    np.testing.assert_array_equal(frames.values, store.frames)
    monkeypatch.setattr(room, "N_SAMPLED", 5)
    monkeypatch.setattr(room, "SAMPLED_FRAMES", 50)
    frames, chosen = portions.sample()
    assert chosen.tolist() == [0, 5, 11, 17, 23]
    assert frames.n_frames.tolist() == [50] * 5
    start = store.offsets[5] + (store.n_frames[5] - 50) // 2
    np.testing.assert_array_equal(frames.values[50:100], store.frames[start : start + 50])


def test_portions_have_three_chunks_however_large_these_are(moved, monkeypatch):
    monkeypatch.setattr(room, "MEMORY_BYTES", 1000)
    portions = Portions(moved, None, batch_size=4, seed=0)
    assert portions.n_portions == len(portions.chunks) // 3
    assert min(len(own) for own, _ in portions.plan(0)) >= 3
