"""The maps of a collection."""

import shutil

import numpy as np
import pytest

from soundalike.explore import layouts as layouts_module
from soundalike.explore import stored_map, umap_map
from soundalike.explore.collection import Collection
from soundalike.explore.layouts import Layouts
from soundalike.search.archive import Archive


@pytest.fixture
def copy(explored, tmp_path):
    return Archive.open(shutil.copytree(explored.path, tmp_path / "copy"))


@pytest.fixture(autouse=True)
def quick_fit(monkeypatch):
    """Take two of the numbers of vectors for their map."""
    monkeypatch.setattr(umap_map, "fit", lambda vectors: vectors[:, :2].copy())


class Ended:
    """A process that has ended."""

    def __init__(self, problem=""):
        self.problem = lambda: problem
        self.stop = lambda: None

    def is_running(self):
        return False


def test_similar_rows_are_near_on_the_first_map(explored):
    layouts = Layouts(Collection(explored))
    assert layouts.states() == {"pca": "ready", "umap": "it is not computed"}
    points = layouts.points("pca")
    assert points.shape == (len(explored), 2)
    frogs = points[5:45]
    assert np.linalg.norm(frogs - frogs.mean(axis=0), axis=1).max() < 0.5
    assert layouts.points("no such map") is None
    assert layouts.points("umap") is None


def test_the_second_map_is_computed_in_a_process_that_ends_with_the_context(copy):
    with Layouts(Collection(copy)) as layouts:
        assert layouts.states()["umap"] == "computing"
        assert layouts._process is None, "a page draws its first map before"
        layouts.start_umap()
        process = layouts._process
        layouts.start_umap()
        assert layouts._process is process
        assert layouts.points("umap") is None
    assert not process.is_running()


def test_the_second_map_is_computed_without_a_page_too(copy, monkeypatch):
    monkeypatch.setattr(layouts_module, "LONGEST_WAIT_S", 0)
    with Layouts(Collection(copy)) as layouts:
        layouts.prepare()
        assert layouts._process.is_running()


def test_no_process_starts_after_the_context(copy):
    layouts = Layouts(Collection(copy))
    with layouts:
        pass
    layouts.prepare()
    assert layouts._process is None
    assert layouts.states()["umap"] == "it is not computed"


def test_a_stored_map_is_ready_at_once(copy):
    stored_map.update(copy)
    with Layouts(Collection(copy)) as layouts:
        assert layouts._process is None
        assert layouts.states()["umap"] == "ready"
        assert layouts.points("umap").shape == (47, 2)


@pytest.mark.parametrize(
    ("problem", "state"),
    [("memory is short", "memory is short"), ("", "the archive has changed: start explore again")],
)
def test_a_process_that_has_ended_without_a_map_says_why(copy, problem, state):
    layouts = Layouts(Collection(copy))
    layouts._process = Ended(problem)
    assert layouts.states()["umap"] == state
    assert layouts.points("umap") is None


def test_the_map_is_ready_when_its_process_has_ended(copy):
    layouts = Layouts(Collection(copy))
    stored_map.update(copy)
    layouts._process = Ended()
    assert layouts.points("umap").shape == (47, 2)
    assert layouts.states()["umap"] == "ready"


def test_the_map_that_the_page_opens_on_is_computed_ahead(copy, monkeypatch):
    monkeypatch.setattr(layouts_module, "LONGEST_WAIT_S", 0)
    layouts = Layouts(Collection(copy))
    layouts.prepare()
    assert "_pca" in vars(layouts)
    stored_map.update(copy)
    layouts = Layouts(Collection(copy))
    layouts.prepare()
    assert "_pca" not in vars(layouts), "the stored map is shown instead"
