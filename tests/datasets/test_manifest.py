"""Manifests; every mistake is reported with its place."""

import csv
import json
import math
import os
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundalike.datasets.cells import MISSING
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
    """Return the error message of a manifest, which must be one line."""
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
)  # no spaces at the ends, which are stripped, and no characters that CSV cannot hold
class_names = names.filter(lambda name: not {*";["} & {*name} and name not in MISSING)
labels = st.lists(class_names, unique=True, max_size=2).map(";".join)
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        f"path,label\na.wav,dog\ngone.wav,dog\n,dog\na.wav,dog\n{'x' * 300},owl\nsub,owl\nb.wav,\n",
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


@pytest.mark.parametrize("word", ["NA", "N/A", "nan", "null", "None", "<NA>"])
def test_a_word_for_a_missing_value_is_no_label_and_reported(folder, word):
    table = read_manifest(manifest(folder, f"path,label\na.wav,{word}\nb.wav,  \nsub/c.wav,na\n"))
    assert [clip.label for clip in table] == ["", "", "na"]
    assert table.notes == [f"unlabeled: 1 clip labeled '{word}'"]


@pytest.mark.parametrize(
    ("word", "split"),
    [("", ""), ("Train", "train"), ("val", "validation"), ("valid", "validation"),
     ("DEV", "validation"), (" test ", "test")],
)  # fmt: skip
def test_alternative_names_of_splits_are_accepted(folder, word, split):
    (clip,) = read_manifest(manifest(folder, f"path,split\na.wav,{word}\n"))
    assert clip.split == split


def test_a_wrong_split_is_refused_with_its_row(folder):
    message = refusal(manifest(folder, "path,split\na.wav,train\nb.wav,spare\n"))
    assert "row 2: split 'spare' is not one of train, validation, test" in message


@pytest.mark.parametrize("word", ["soon", "1:30", "nan", "1,5"])
def test_invalid_times_are_refused_with_their_row(folder, word):
    message = refusal(manifest(folder, f'path,start_s,end_s\na.wav,0,1\nb.wav,0,"{word}"\n'))
    assert f"row 2: end_s is '{word}': give seconds" in message


@pytest.mark.parametrize("column", ["Path", " path", "file", "Filename", "file_path", "File Name"])
def test_a_usual_name_of_the_path_column_is_accepted_and_reported(folder, column):
    table = read_manifest(manifest(folder, f"label,{column}\ndog,a.wav\n"))
    assert list(table) == [Clip(str(folder / "a.wav"), "dog")]
    assert table.notes == [f"path from column '{column.strip()}'"]


@pytest.mark.parametrize(
    "column", ["labels", "category", "class", "Label", " label", "CLASS_NAME", "primary_label"]
)
def test_a_usual_name_of_the_label_column_is_accepted_and_reported(folder, column):
    table = read_manifest(manifest(folder, f"path,{column}\na.wav,dog\n"))
    assert [clip.label for clip in table] == ["dog"]
    assert table.notes == [f"label from column '{column.strip()}'"]


@pytest.mark.parametrize(
    ("start", "end"),
    [("start", "end"), ("start_time", "end_time"), ("onset", "offset"), ("Start (s)", "End (s)"),
     ("Begin Time (s)", "End Time"), ("tmin", "tmax")],
)  # fmt: skip
def test_usual_names_of_time_columns_are_accepted_and_reported(folder, start, end):
    table = read_manifest(manifest(folder, f"path,{start},{end}\na.wav,0.5,2\na.wav,2,3\n"))
    assert [(clip.start_s, clip.end_s) for clip in table] == [(0.5, 2.0), (2.0, 3.0)]
    assert table.problems == []
    assert f"start_s from column '{start}', end_s from column '{end}'" in table.notes


@pytest.mark.parametrize("column", ["offset", "start"])
def test_a_duration_with_a_start_gives_the_end(folder, column):
    (clip,) = read_manifest(manifest(folder, f"path,{column},duration\na.wav,0.5,2\n"))
    assert (clip.start_s, clip.end_s) == (0.5, 2.5)


def test_a_duration_of_the_whole_file_makes_no_segment(folder):
    (clip,) = read_manifest(manifest(folder, "path,duration\na.wav,2\n"))
    assert (clip.start_s, clip.end_s) == (None, None)


def test_one_of_several_label_columns_is_chosen_and_the_others_reported(folder):
    table = read_manifest(manifest(folder, "filename,fold,target,category,labl\na.wav,1,0,dog,x\n"))
    assert [clip.label for clip in table] == ["dog"]
    assert table.notes == [
        "path from column 'filename', label from column 'category'",
        "columns not used: 'target', 'labl' (did you mean 'label'?)",
    ]


def test_the_only_column_of_file_names_is_the_path_column(folder):
    table = read_manifest(manifest(folder, "author,sample\nme,a.wav\nme,b.wav\n"))
    assert [clip.path for clip in table] == [str(folder / "a.wav"), str(folder / "b.wav")]
    assert table.notes[0] == "path from column 'sample'"


def test_a_table_without_a_path_column_is_refused(folder):
    message = refusal(manifest(folder, "label;author\ndog;me\n"))
    assert message.endswith(
        "no column 'path' (its columns: label, author): name the column of file names 'path'."
    )


def test_a_table_without_a_header_is_refused(folder):
    assert "write a header such as path,label" in refusal(
        manifest(folder, "a.wav,dog\nb.wav,cat\n")
    )


def test_two_rows_of_a_clip_give_two_labels(folder):
    table = read_manifest(
        manifest(
            folder,
            "path,label,start_s,end_s\na.wav,dog,0,1\na.wav,rain,0,1\nb.wav,owl,,\n"
            "a.wav,dog,1,2\n./a.wav,rain; cat,0,1.0\na.wav,cat,0,1\nb.wav,,,\n",
        )
    )
    assert [(clip.label, clip.start_s) for clip in table] == [
        ("dog;rain;cat", 0.0), ("owl", None), ("dog", 1.0),
    ]  # fmt: skip
    assert table.notes == ["labels added to the clips of earlier rows: by 2 rows"]
    assert ["row 6" in problem.message for problem in table.problems] == [True, False]
    assert table.labels().is_multi_label


def test_a_clip_in_two_splits_is_a_problem(folder):
    table = read_manifest(
        manifest(folder, "path,label,split\na.wav,dog,train\na.wav,cat,test\nb.wav,dog,test\n")
    )
    assert [(clip.label, clip.split) for clip in table] == [("dog", "train"), ("dog", "test")]
    assert "listed before in another split or fold" in table.problems[0].message


def test_a_recording_divided_by_splits_is_reported(folder):
    table = read_manifest(
        manifest(folder, "path,split,start_s\na.wav,train,0\na.wav,test,1\nb.wav,test,0\n")
    )
    assert "1 recording in several splits, such as a.wav: scores will be too good" in (table.notes)


def test_usual_names_of_splits_are_accepted(folder):
    table = read_manifest(
        manifest(folder, "path,subset\na.wav,Training\nb.wav,Valid\nsub/c.wav,eval\n")
    )
    assert [clip.split for clip in table] == ["train", "validation", "test"]
    assert "splits: Training is train, Valid is validation, eval is test" in table.notes


def test_dev_without_train_is_the_training_split(folder):
    table = read_manifest(manifest(folder, "path,split\na.wav,dev\nb.wav,eval\n"))
    assert [clip.split for clip in table] == ["train", "test"]


def test_lists_of_labels(folder):
    written = "path,labels\na.wav,\"['dog', 'rain']\"\nb.wav,[]\nsub/c.wav,['owl']\n"
    assert [clip.label for clip in read_manifest(manifest(folder, written))] == [
        "dog;rain", "", "owl",
    ]  # fmt: skip
    pd.DataFrame({"path": ["a.wav", "b.wav"], "label": [["dog", "rain"], []]}).to_parquet(
        folder / "m.parquet"
    )
    assert [clip.label for clip in read_manifest(folder / "m.parquet")] == ["dog;rain", ""]


def test_a_label_with_a_comma_is_one_class_and_reported(folder):
    table = read_manifest(manifest(folder, 'path,labels\na.wav,"Bark,Dog"\n'))
    assert [clip.label for clip in table] == ["Bark,Dog"]
    assert "'Bark,Dog' is one label: separate several by ';'" in table.notes


def test_json_lines(folder):
    table = read_manifest(
        manifest(
            folder,
            '{"file_name": "a.wav", "label": "dog", "start_s": 1}\n{"file_name": "b.wav"}\n',
            "metadata.jsonl",
        )
    )
    assert list(table) == [Clip(str(folder / "a.wav"), "dog", start_s=1.0),
                           Clip(str(folder / "b.wav"))]  # fmt: skip
    text = '\ufeff{"path": "a.wav", "start_time": 1.7e9, "label": "1 \u2028"}\n \n{"path": "b.wav"}'
    clips = list(read_manifest(manifest(folder, text, "m.jsonl")))
    assert clips == [Clip(str(folder / "a.wav"), "1", start_s=1.7e9), Clip(str(folder / "b.wav"))]
    for broken in ('{"path": ', "3", "[" * 100_000):
        message = refusal(manifest(folder, f'{{"path": "a.wav"}}\n\n{broken}', "m.jsonl"))
        assert "m.jsonl: cannot be read as a table (line 3 is no JSON object)." in message
    (folder / "ü😀.wav").touch()
    escaped = json.dumps({"path": "ü😀.wav"})
    assert len(read_manifest(manifest(folder, escaped, "m.jsonl"))) == 1
    name = os.fsdecode(b"\xe4.wav")  # as Python has it
    message = refusal(manifest(folder, f"{escaped}\n{json.dumps({'path': name})}", "m.jsonl"))
    assert "m.jsonl: cannot be read as a table (line 2 has text that is not UTF-8)." in message


def test_birdclef(folder):
    """BirdCLEF's columns, with paths relative to a folder next to the table."""
    (folder / "train_audio" / "abethr1").mkdir(parents=True)
    (folder / "train_audio" / "abethr1" / "XC1.ogg").touch()
    table = read_manifest(
        manifest(
            folder,
            "primary_label,secondary_labels,type,latitude,author,filename\n"
            "abethr1,\"['houspa']\",song,4.3,Someone,abethr1/XC1.ogg\n",
        )
    )
    path = folder / "train_audio" / "abethr1" / "XC1.ogg"
    assert list(table) == [Clip(str(path), "abethr1")]
    assert table.notes == [
        "label from column 'primary_label', path from column 'filename'",
        "columns not used: 'secondary_labels', 'type', 'latitude', 'author'",
        "paths are relative to the folder train_audio",
    ]


def test_backslashes_separate_folders_if_the_path_does_not_exist(folder):
    table = read_manifest(manifest(folder, "path\nsub\\c.wav\na.wav\n"))
    assert [clip.path for clip in table] == [str(folder / "sub" / "c.wav"), str(folder / "a.wav")]
    (folder / "sub\\c.wav").touch()
    table = read_manifest(manifest(folder, "path\nsub\\c.wav\n"))
    assert [clip.path for clip in table] == [str(folder / "sub\\c.wav")]


def test_windows_paths_with_a_drive_are_named(folder):
    message = refusal(manifest(folder, "path,label\nC:\\data\\a.wav,dog\n"))
    assert "the first is 'C:\\data\\a.wav': write paths without the drive" in message


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_decimal_commas_are_read_if_commas_are_not_separators(folder, separator):
    text = f"path{separator}start_s{separator}end_s\na.wav{separator}0,5{separator}1,25\n"
    (clip,) = read_manifest(manifest(folder, text))
    assert (clip.start_s, clip.end_s) == (0.5, 1.25)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("first_line", ["", "sep={}\n"])
def test_every_file_format_gives_the_same_clips(folder, encoding, separator, first_line):
    text = first_line.format(separator) + "path@label\na.wav@Hündchen, groß\nb.wav@Vögel\n"
    if separator == ",":
        text = text.replace("Hündchen, groß", '"Hündchen, groß"')
    text = text.replace("@", separator).replace("\n", "\r\n")
    table = read_manifest(manifest(folder, text.encode(encoding)))
    assert [clip.label for clip in table] == ["Hündchen, groß", "Vögel"]
    said = [note for note in table.notes if "UTF-8" in note]
    assert said == (["clips.csv: not UTF-8, read as cp1252"] if encoding == "cp1252" else [])


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
    assert "of its 0 rows, none names a file" in refusal(manifest(folder, "path,label\n"))


def test_if_no_file_exists_the_error_names_the_folder(folder):
    message = refusal(manifest(folder, "path\nx/a.wav\nx/b.wav\n"))
    expected = "of its 2 rows, none names a file that exists; paths are relative to"
    assert f"{expected} {folder}" in message


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
     b"\xff\xfe" + np.random.default_rng(0).bytes(5001), b"path\x00,label\n"],
    ids=["random", "zeros", "half a parquet", "half utf-16", "a zero"],
)  # fmt: skip
def test_garbage_is_refused(folder, name, garbage):
    assert len(refusal(manifest(folder, garbage, name))) < 400


def test_a_truncated_parquet_is_refused(folder):
    pd.DataFrame({"path": ["a.wav"]}).to_parquet(folder / "m.parquet")
    whole = (folder / "m.parquet").read_bytes()
    assert "cannot be read as a table" in refusal(manifest(folder, whole[:-20], "m.parquet"))


def test_a_parquet_whose_text_is_not_utf8_is_refused(folder):
    pd.DataFrame({"path": ["a.wav"]}).to_parquet(folder / "m.parquet", compression=None)
    broken = (folder / "m.parquet").read_bytes().replace(b"a.wav", b"\xff.wav")
    assert "cannot be read as a table" in refusal(manifest(folder, broken, "m.parquet"))


def test_segment_times_are_not_limited_by_the_manifest(folder):
    (clip,) = read_manifest(manifest(folder, "path,start_s,end_s\na.wav,0,inf\n"))
    assert clip.end_s == math.inf


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_are_the_same_however_another_system_writes_them(folder, forms):
    on_disk, in_table = (unicodedata.normalize(form, "Vögel.wav") for form in forms)
    (folder / on_disk).touch()
    (clip,) = read_manifest(manifest(folder, f"path\n{in_table}\n"))
    assert clip.path == str(folder / on_disk)


def test_what_classify_left_without_a_class_is_unlabeled(tmp_path):
    names = ["dog", "unsure", "none of these", "silent", "cat"]
    for number in range(len(names)):
        (tmp_path / f"{number}.wav").touch()
    table = pd.DataFrame({"path": [f"{number}.wav" for number in range(len(names))]})
    table = table.assign(**{"class": names, "class_1": "dog", "probability_1": 0.5})
    table.to_csv(tmp_path / "names.csv", index=False)
    clips = read_manifest(tmp_path / "names.csv")
    assert clips.rows["label"].tolist() == ["dog", "", "", "", "cat"]
    words = "'unsure', 'none of these', 'silent'"
    assert f"unlabeled: 3 clips that classify called {words}" in clips.notes
    table.drop(columns="class_1").to_csv(tmp_path / "own.csv", index=False)
    assert read_manifest(tmp_path / "own.csv").rows["label"].tolist() == names
