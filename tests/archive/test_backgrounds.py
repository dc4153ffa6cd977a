"""The backgrounds of long recordings."""

import numpy as np
import pandas as pd
import pytest
from archives import DIM, make_records, make_rows, make_vectors
from hypothesis import given
from hypothesis import strategies as st

from soundalike.archive.backgrounds import (
    FEWEST_ROWS,
    LONG_S,
    STRETCH_S,
    Backgrounds,
    add_runs,
    stretches_of,
)

N = round(2.4 * STRETCH_S)  # windows of a second: two stretches, the second one longer


def rows_of(n_windows, path="a.wav", start_s=0.0, duration_s=None):
    starts_s = start_s + np.arange(n_windows)
    duration_s = n_windows if duration_s is None else duration_s
    return pd.DataFrame({"path": path, "start_s": starts_s, "duration_s": float(duration_s)})


def test_a_recording_is_cut_into_stretches_and_a_short_rest_is_part_of_the_last():
    stretches = stretches_of(rows_of(N))
    assert np.bincount(stretches).tolist() == [STRETCH_S, N - STRETCH_S]
    assert (np.diff(stretches) >= 0).all()
    later = stretches_of(rows_of(N, start_s=1234.5))
    assert later.tolist() == stretches.tolist()
    longer = stretches_of(rows_of(round(2.6 * STRETCH_S)))
    assert longer.max() == 2


def test_short_clips_and_few_windows_have_no_background():
    clip = rows_of(1, "clip.wav", duration_s=LONG_S - 1)
    few = rows_of(FEWEST_ROWS - 1, "few.wav", duration_s=LONG_S)
    segments = rows_of(500, "segments.wav", duration_s=2)  # of one file
    many = rows_of(FEWEST_ROWS, "many.wav", duration_s=LONG_S)
    stretches = stretches_of(pd.concat([clip, few, segments, many]))
    assert (stretches[:-FEWEST_ROWS] == -1).all()
    assert (stretches[-FEWEST_ROWS:] == 0).all()
    assert stretches_of(clip).tolist() == [-1]
    assert stretches_of(clip[:0]).tolist() == []


def test_stretches_do_not_cross_recordings_nor_depend_on_the_order():
    rows = pd.concat([rows_of(N, "a.wav"), rows_of(40, "b.wav")])
    stretches = stretches_of(rows)
    assert np.bincount(stretches).tolist() == [STRETCH_S, N - STRETCH_S, 40]
    order = np.random.default_rng(0).permutation(len(rows))
    pairs = {*zip(stretches[order].tolist(), stretches_of(rows.iloc[order]).tolist(), strict=True)}
    assert len(pairs) == 3


@given(seed=st.integers(0, 1000), n=st.integers(0, 40))
def test_sums_of_runs_are_sums_of_groups(seed, n):
    rng = np.random.default_rng(seed)
    groups, vectors = np.sort(rng.integers(-1, 4, n)), rng.integers(-3, 4, (n, 3)).astype("f2")
    rng.shuffle(groups[: n // 2])
    sums, expected = np.zeros((5, 3)), np.zeros((5, 3))
    np.add.at(expected, groups, vectors)
    add_runs(sums, groups, vectors)
    np.testing.assert_array_equal(sums, expected)


@pytest.fixture
def long_archive(archive):
    """A long recording, whose windows are alike, and short clips."""
    rows = pd.concat([make_rows(["long.wav"], N), make_rows(["a.wav", "b.wav"])])
    vectors = make_vectors(len(rows))
    vectors[:N] += 10
    with archive.writer() as writer:
        writer.add(rows, vectors)
        writer.finish(make_records(rows))
    return archive


def test_a_background_is_the_mean_of_a_stretch(long_archive):
    backgrounds = Backgrounds.of(long_archive)
    ids, vectors = long_archive.vectors()
    assert (len(backgrounds), backgrounds.means.shape) == (2, (3, DIM))
    halves = np.split(vectors[:N], [round(STRETCH_S)])
    for number, half in enumerate(halves):
        np.testing.assert_allclose(backgrounds.means[number], half.mean(axis=0), rtol=1e-5)
        spread = np.sqrt(half.var(axis=0).sum())
        assert backgrounds.spreads[number] == pytest.approx(spread, rel=1e-3)
    np.testing.assert_allclose(backgrounds.means[2], backgrounds.means[:2].mean(axis=0), rtol=1e-5)
    assert backgrounds.spreads[2] == pytest.approx(
        np.sqrt(np.mean(np.square(backgrounds.spreads[:2]))), rel=1e-4
    )
    assert backgrounds.of_rows(ids)[[0, N - 1, N, N + 3]].tolist() == [0, 1, -1, -1]
    assert backgrounds.of_rows(np.array([10_000, 5])).tolist() == [-1, 0]


def test_an_archive_may_have_none(archive):
    backgrounds = Backgrounds.of(archive)
    assert len(backgrounds) == 0
    assert backgrounds.of_rows(np.array([3])).tolist() == [-1]
