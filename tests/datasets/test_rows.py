"""Merging rows of the same clip, compared with the definition in loops."""

from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.labels import classes_of
from soundalike.datasets.rows import divided_recordings, existing_rows, join_rows

rows_of_clips = st.lists(
    st.tuples(
        st.sampled_from(["a", "./a", "b"]),
        st.sampled_from(["", "dog", "cat", "dog;owl"]),
        st.sampled_from([float("nan"), 0.0, 1.0]),
    ),
    min_size=1,
    max_size=12,
)


@given(rows_of_clips)
def test_clips_are_unique_and_keep_all_labels(rows):
    joined, problems = join_rows(
        Path("t"), pd.DataFrame(rows, columns=["path", "label", "start_s"]), notes=[]
    )
    expected: dict[tuple, list[str]] = {}
    n_useless = 0
    for path, label, start_s in rows:
        key = (path.removeprefix("./"), str(start_s))
        classes = expected.setdefault(key, None) or []
        new = [name for name in classes_of(label) if name not in classes]
        n_useless += expected[key] is not None and not new
        expected[key] = classes + new
    actual = {
        (path.removeprefix("./"), str(start_s)): classes_of(label)
        for path, label, start_s in joined[["path", "label", "start_s"]].itertuples(index=False)
    }
    assert actual == expected
    assert len(joined) == len(expected)
    assert len(problems) == n_useless


def test_a_folder_is_searched_only_if_no_path_fits(tmp_path):
    for name in ("a.wav", "one/b.wav", "two/c.wav", "two/d.wav", "three/d.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def files(*names):
        notes: list[str] = []
        rows, _ = existing_rows(tmp_path / "t.csv", pd.DataFrame({"path": names}), notes)
        return [Path(path).relative_to(tmp_path).as_posix() for path in rows["path"]], notes

    assert files("b.wav") == (["one/b.wav"], ["paths are relative to the folder one"])
    assert files("c.wav", "d.wav") == (
        ["two/c.wav", "two/d.wav"], ["paths are relative to the folder two"]
    )  # fmt: skip
    assert files("a.wav", "b.wav") == (["a.wav"], [])


def test_clips_without_a_split_divide_nothing():
    rows = pd.DataFrame({"path": ["a", "a", "b"], "split": ["train", "", "test"]})
    assert divided_recordings(rows) == []
