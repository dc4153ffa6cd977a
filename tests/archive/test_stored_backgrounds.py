"""The backgrounds of an archive."""

from archives import add_clips, make_vectors

from soundalike.archive import stored_arrays
from soundalike.archive.backgrounds import LONG_S
from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.stored_backgrounds import FILE, backgrounds_of


def test_only_long_recordings_have_backgrounds(archive, monkeypatch):
    monkeypatch.setattr(stored_arrays, "FEWEST_ROWS", 1)
    assert backgrounds_of(archive) is None
    add_clips(archive, ["short.wav"])
    assert backgrounds_of(archive) is None
    assert not (archive.path / FILE).exists()
    add_clips(archive, ["long.wav"], n_windows=round(LONG_S))
    backgrounds = backgrounds_of(archive)
    assert len(backgrounds) == 1
    assert backgrounds.of_rows(backgrounds.ids).tolist() == [-1, -1, *[0] * round(LONG_S)]
    assert (archive.path / FILE).exists()


def test_products_with_centered_rows_are_similarities(archive):
    add_clips(archive, ["a.wav"], n_windows=60)
    ids, vectors = archive.vectors()
    backgrounds, (query,) = backgrounds_of(archive), make_vectors(1, seed=3)
    products = backgrounds.centered(ids, vectors) @ query / (query @ query) ** 0.5
    similarities = ExactIndex(ids, vectors, backgrounds).similarities(query)
    assert abs(products - similarities).max() < 1e-6
