"""Training on a store in object storage, whether it fits into memory or not."""

import gc
import shutil
import time
import weakref

import pandas as pd
import pytest
import torch
from ranked import on_ranks

from soundalike.datasets import chunks
from soundalike.datasets import store as store_room
from soundalike.datasets.clips import SourceError
from soundalike.datasets.store import open_store
from soundalike.datasets.upload import upload_frames
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.runtime.hardware import choose_hardware
from soundalike.runtime.object_storage import StorageError
from soundalike.training import loop, portions
from soundalike.training.construction import build_pretraining
from soundalike.training.portioned import PortionedTraining
from soundalike.training.portions import Portions
from soundalike.training.pretraining import pretrain
from soundalike.training.run_folder import RunFolder

MEMORY_BYTES = 600_000


@pytest.fixture
def moved(store, tmp_path, monkeypatch):
    """The store of 24 clips, with its frames in nine chunks."""
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 100_000)
    shutil.copytree(store.path, tmp_path / "store")
    return upload_frames(tmp_path / "store", str(tmp_path / "chunks"), progress=False)


@pytest.fixture
def recipe(tiny_recipe, monkeypatch):
    """A recipe for little memory: the store has three portions, two of which are in memory."""
    for room in (store_room, portions):
        monkeypatch.setattr(room, "MEMORY_BYTES", MEMORY_BYTES)
    return tiny_recipe | {
        "monitor": tiny_recipe["monitor"] | {"max_clips": 8},
        "training": tiny_recipe["training"] | {"batch_size": 4, "n_epochs": 2},
    }


def trained(path, store, recipe, **more):
    run = RunFolder(path)
    run.configure(source="-", clips=store.fingerprint, test_fold=None, recipe=recipe)
    return run, pretrain(store, run, recipe, progress=False, **more)


def metrics_of(run):
    return pd.read_csv(run.path / "metrics.csv").drop(columns="seconds")


def require_same(run, other):
    pd.testing.assert_frame_equal(metrics_of(run), metrics_of(other))
    ours, theirs = (SoundEncoder.from_pretrained(each.path).state_dict() for each in (run, other))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_store_that_fits_into_memory_trains_as_one_on_this_disk(
    run, moved, tiny_recipe, tmp_path
):
    ours, _ = trained(tmp_path / "run", moved, tiny_recipe)
    require_same(ours, run)


def test_portions_learn_and_are_the_same_again(moved, recipe, tmp_path, monkeypatch):
    recipe |= {"embedding": recipe["embedding"] | {"whiten": 8}}
    n_loaded = []
    load = Portions.load
    monkeypatch.setattr(
        Portions, "load", lambda self, *which: (n_loaded.append(which), load(self, *which))[1]
    )
    run, result = trained(tmp_path / "run", moved, recipe)
    metrics = metrics_of(run)
    assert metrics["epoch"].tolist() == [1] * 6 + [2] * 6
    assert n_loaded == [(epoch, number) for epoch in range(2) for number in range(3)]
    assert metrics["knn"].notna().sum() == metrics["effective_rank"].notna().sum() == 2
    assert result.is_finished
    model = SoundEncoder.from_pretrained(run.path)
    assert (model.dim, len(model.background)) == (8, 24)
    again, _ = trained(tmp_path / "again", moved, recipe)
    require_same(again, run)


def test_a_run_in_portions_resumes_at_any_step(moved, recipe, tmp_path, monkeypatch):
    whole, _ = trained(tmp_path / "whole", moved, recipe)
    run = tmp_path / "run"
    step, n_taken = PortionedTraining.step, 0

    def interrupted(self, number):
        nonlocal n_taken
        n_taken += 1
        if n_taken > 3:
            raise StorageError("gone")
        return step(self, number)

    monkeypatch.setattr(loop, "SECONDS_PER_CHECKPOINT", 0.0)
    n_runs = 0
    while True:
        n_runs, n_taken = n_runs + 1, 0
        with monkeypatch.context() as patch:
            patch.setattr(PortionedTraining, "step", interrupted)
            try:
                resumed, _ = trained(run, moved, recipe)
            except StorageError:
                continue
        break
    assert n_runs == 4
    require_same(resumed, whole)


@pytest.fixture
def training(moved, recipe):
    return build_pretraining(moved, recipe, choose_hardware("32-true", "auto")).training


def losses(path, recipe):
    """The loss of each step, on one rank or several."""
    store_room.MEMORY_BYTES = portions.MEMORY_BYTES = MEMORY_BYTES
    hardware = choose_hardware("32-true", "auto")
    training = build_pretraining(open_store(path), recipe, hardware).training
    return [float(training.step(number)) for number in range(8)]


def test_ranks_train_on_the_same_portions(moved, recipe):
    alone = losses(moved.path, recipe)
    for of_rank in on_ranks(2, losses, moved.path, recipe):
        assert of_rank == pytest.approx(alone, rel=1e-3)


def test_at_most_two_portions_are_in_memory(training, monkeypatch):
    alive = weakref.WeakSet()
    most = 0
    load = Portions.load

    def counted(self, *which):
        nonlocal most
        portion = load(self, *which)
        alive.add(portion.frames.values)
        gc.collect()
        most = max(most, len(alive))
        return portion

    monkeypatch.setattr(Portions, "load", counted)
    for number in range(12):
        training.draws_of(number)
        time.sleep(0.02)
    assert most == 2


def test_steps_may_come_in_any_order(training):
    in_order = [training.draws_of(number) for number in range(12)]
    for number in (11, 3, 0, 5, 5, 1):
        ours, theirs = training.draws_of(number), in_order[number]
        assert torch.equal(ours["patches"]["start"], theirs["patches"]["start"])
        assert torch.equal(ours["patches"]["clip"], theirs["patches"]["clip"])


def test_labels_and_activity_are_those_of_the_portion(moved, recipe):
    recipe |= {"views": recipe["views"] | {"activity_threshold_db": 30.0}}
    recipe |= {"loss": {"name": "sup_con", "temperature": 0.2}}
    training = build_pretraining(moved, recipe, choose_hardware("32-true", "auto")).training
    labels = moved.clips.labels().values
    for number in (0, 2, 4, 6):
        clips = training.draws_of(number)["patches"]["clip"][:, 0]
        assert training.batch(clips, 0.0).labels.shape == clips.shape
        portion = training.portions.load(number // 6, number % 6 // 2)
        assert training.labels.tolist() == labels[training.portions.clip[portion.segments]].tolist()
        assert len(training.activity.n_active) == len(portion.segments)


def test_storage_that_is_gone_ends_the_training(training, moved):
    training.draws_of(0)
    shutil.rmtree(moved.frames.storage.address)
    with pytest.raises(StorageError, match=r"chunk-0-\d+.bin: is not there"):
        [training.draws_of(number) for number in range(12)]


def test_labeled_clips_that_do_not_fit_are_refused(moved, recipe, tmp_path):
    recipe |= {"monitor": recipe["monitor"] | {"max_clips": 600}}
    with pytest.raises(SourceError, match=r"for the kNN monitor, --monitor\.max_clips"):
        trained(tmp_path / "run", moved, recipe)
