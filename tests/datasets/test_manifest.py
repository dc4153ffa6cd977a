"""Tables that people write: every mistake gets a line that says where it is."""

import csv
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundalike.datasets.clips import Clip, SourceError
from soundalike.datasets.manifest import read_manifest


@pytest.fixture
def folder(tmp_path):
    """A folder with three files that a manifest can name."""
    (tmp_path / "sub").mkdir()
    for name in ("a.wav", "b.wav", "sub/c.wav"):
        (tmp_path / name).touch()
    return tmp_path


def manifest(folder, text, name="clips.csv"):
    """Write a manifest."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(path):
    """Return what a manifest is refused with, after checking that it is one plain line."""
    with pytest.raises(SourceError) as error:
        read_manifest(path)
    message = str(error.value)
    assert message.startswith(str(path))
    assert message.isprintable()
    return message


def test_all_columns_are_read(folder):
    table = read_manifest(
        manifest(
            folder,
            "label,path,split,fold,start_s,end_s,note\n"
            "dog,a.wav,train,1,0.5,2,x\n"
            "Coin (dropping); glass,sub/c.wav,TEST,2,,,y\n",
        )
    )
    assert list(table) == [
        Clip(str(folder / "a.wav"), "dog", "train", "1", 0.5, 2.0),
        Clip(str(folder / "sub" / "c.wav"), "Coin (dropping);glass", "test", "2"),
    ]
    assert (table.name, table.problems) == ("clips", [])


def test_tsv_and_parquet_give_the_same_clips_as_csv(folder):
    rows = pd.DataFrame(
        {"path": ["a.wav", "b.wav"], "label": ["dog, big", ""], "start_s": [0.25, np.nan]}
    )
    rows.to_csv(folder / "m.csv", index=False)
    rows.to_csv(folder / "m.TSV", index=False, sep="\t")
    rows.to_parquet(folder / "m.parquet", index=False)
    from_csv, from_tsv, from_parquet = (
        list(read_manifest(folder / name)) for name in ("m.csv", "m.TSV", "m.parquet")
    )
    assert from_csv == from_tsv == from_parquet
    assert from_csv[0] == Clip(str(folder / "a.wav"), "dog, big", start_s=0.25)


def test_parquet_columns_of_other_types_are_converted(folder):
    rows = pd.DataFrame({"path": ["a.wav", "b.wav"], "start_s": [0, 1]})
    rows["label"] = pd.Categorical(["dog", None])
    rows["fold"] = [1, 2]
    rows["end_s"] = ["1.5", None]
    rows.to_parquet(folder / "m.parquet")
    first, second = read_manifest(folder / "m.parquet")
    assert first == Clip(str(folder / "a.wav"), "dog", "", "1", 0.0, 1.5)
    assert second == Clip(str(folder / "b.wav"), "", "", "2", 1.0, None)


names = st.text(
    st.characters(blacklist_categories=["C", "Z"]), min_size=1, max_size=12
)  # no spaces at the ends, which are taken off, and nothing that no table can hold
labels = st.lists(names.filter(lambda name: ";" not in name), unique=True, max_size=2).map(";".join)
times = st.none() | st.floats(0, 1e6)
rows_of_clips = st.lists(
    st.tuples(
        st.sampled_from(["a.wav", "b.wav", "sub/c.wav"]),
        labels,
        st.sampled_from(["", "train", "validation", "test"]),
        st.just("") | names,
        times,
        times,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda row: (row[0], row[4], row[5]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows_of_clips, st.sampled_from(["csv", "tsv", "parquet"]))
def test_any_table_of_valid_rows_is_read_back(folder, rows, kind):
    columns = ["path", "label", "split", "fold", "start_s", "end_s"]
    path = folder / f"clips.{kind}"
    if kind == "parquet":
        pd.DataFrame(rows, columns=columns).astype({"start_s": float, "end_s": float}).to_parquet(
            path
        )
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter="," if kind == "csv" else "\t")
            writer.writerows([columns, *rows])
    table = read_manifest(path)
    assert list(table) == [Clip(str(folder / name), *rest) for name, *rest in rows]
    assert table.problems == []


def test_paths_are_relative_to_the_manifest_or_absolute(folder, monkeypatch):
    absolute = folder / "b.wav"
    path = manifest(folder, f"path\nc.wav\n../a.wav\n{absolute}\n", "sub/m.csv")
    monkeypatch.chdir("/")
    assert [clip.path for clip in read_manifest(path)] == [
        str(folder / "sub" / "c.wav"), str(folder / "sub" / ".." / "a.wav"), str(absolute),
    ]  # fmt: skip


def test_several_segments_of_a_file_are_several_clips(folder):
    table = read_manifest(
        manifest(folder, "path,start_s,end_s\na.wav,0,1\na.wav,1,2\na.wav,,\na.wav,1,\n")
    )
    assert [(clip.start_s, clip.end_s) for clip in table] == [
        (0.0, 1.0), (1.0, 2.0), (None, None), (1.0, None),
    ]  # fmt: skip


def test_missing_files_blank_paths_and_repeated_rows_are_problems(folder):
    path = manifest(
        folder,
        f"path,label\na.wav,dog\ngone.wav,dog\n,dog\na.wav,cat\n{'x' * 300},owl\nsub,owl\nb.wav,\n",
    )
    table = read_manifest(path)
    assert [(clip.path, clip.label) for clip in table] == [
        (str(folder / "a.wav"), "dog"),
        (str(folder / "b.wav"), ""),
    ]
    assert [problem.problem for problem in table.problems] == [
        "missing", "blank path", "duplicate row", "missing", "missing",
    ]  # fmt: skip
    for problem, row in zip(table.problems, (2, 3, 4, 5, 6), strict=True):
        assert f"{path}, row {row}" in problem.message


def test_words_that_pandas_reads_as_missing_are_labels(folder):
    table = read_manifest(manifest(folder, "path,label\na.wav,NA\nb.wav,null\nsub/c.wav,  \n"))
    assert [clip.label for clip in table] == ["NA", "null", ""]


@pytest.mark.parametrize(
    ("word", "split"),
    [("", ""), ("Train", "train"), ("val", "validation"), ("valid", "validation"),
     ("DEV", "validation"), (" test ", "test")],
)  # fmt: skip
def test_alternative_names_of_splits_are_accepted(folder, word, split):
    (clip,) = read_manifest(manifest(folder, f"path,split\na.wav,{word}\n"))
    assert clip.split == split


def test_a_wrong_split_is_refused_with_its_row(folder):
    message = refusal(manifest(folder, "path,split\na.wav,train\nb.wav,eval\n"))
    assert "row 2: split 'eval' is not one of train, validation, test" in message


@pytest.mark.parametrize("word", ["soon", "1:30", "nan", "1,5"])
def test_invalid_times_are_refused_with_their_row(folder, word):
    message = refusal(manifest(folder, f'path,start_s,end_s\na.wav,0,1\nb.wav,0,"{word}"\n'))
    assert f"row 2: end_s is '{word}': give seconds" in message


@pytest.mark.parametrize("column", ["Path", " path", "paths", "file", "Filename", "file_path"])
def test_a_misnamed_path_column_gets_a_suggestion(folder, column):
    message = refusal(manifest(folder, f"label,{column}\ndog,a.wav\n"))
    assert f"(its columns: label, {column}). Rename '{column}' to 'path'." in message


def test_without_a_similar_column_there_is_no_suggestion(folder):
    message = refusal(manifest(folder, "label;sound\ndog;a.wav\n"))
    assert message.endswith("no column 'path' (its columns: label;sound).")


def test_a_byte_order_mark_is_ignored(folder):
    (clip,) = read_manifest(manifest(folder, b"\xef\xbb\xbfpath,label\na.wav,caf\xc3\xa9\n"))
    assert (clip.path, clip.label) == (str(folder / "a.wav"), "café")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_line_ends_and_blank_lines_are_accepted(folder, end):
    table = read_manifest(
        manifest(folder, f"path,label{end}a.wav,dog{end}{end}b.wav,cat{end}{end}")
    )
    assert [clip.label for clip in table] == ["dog", "cat"]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_refused(folder, text):
    assert "is empty: it needs a column 'path'" in refusal(manifest(folder, text))


def test_a_file_with_only_a_header_is_refused(folder):
    assert "none of its 0 rows" in refusal(manifest(folder, "path,label\n"))


def test_if_no_file_exists_the_error_names_the_folder(folder):
    message = refusal(manifest(folder, "path\nx/a.wav\nx/b.wav\n"))
    assert f"none of its 2 rows names a file that exists; paths are relative to {folder}" in message


@pytest.mark.parametrize(
    "text",
    ["path,label\na.wav,Coin, dropping\n", "path,label\na.wav,dog\nb.wav,Coin, dropping\n",
     "path,label\na.wav,dog,\nb.wav,cat,\n"],
)  # fmt: skip
def test_an_unquoted_separator_in_a_value_is_refused(folder, text):
    assert "a.wav" not in refusal(manifest(folder, text)), "the paths were read as they are"


@pytest.mark.parametrize("name", ["m.csv", "m.tsv", "m.parquet"])
@pytest.mark.parametrize(
    "garbage",
    [np.random.default_rng(0).bytes(5000), b"\0" * 1000, b"PAR1 and no more PAR1",
     "path,label\na.wav,x\n".encode("utf-16"), b"path,label\na.wav,caf\xe9\n"],
    ids=["random", "zeros", "half a parquet", "utf-16", "latin-1"],
)  # fmt: skip
def test_garbage_is_refused(folder, name, garbage):
    assert len(refusal(manifest(folder, garbage, name))) < 400


def test_a_truncated_parquet_is_refused(folder):
    pd.DataFrame({"path": ["a.wav"]}).to_parquet(folder / "m.parquet")
    whole = (folder / "m.parquet").read_bytes()
    assert "cannot be read as a table" in refusal(manifest(folder, whole[:-20], "m.parquet"))


def test_segment_times_are_not_limited_by_the_manifest(folder):
    (clip,) = read_manifest(manifest(folder, "path,start_s,end_s\na.wav,0,inf\n"))
    assert clip.end_s == math.inf
