"""What a SOURCE may be, and the messages for anything else."""

import numpy as np
import pytest
import soundfile

from soundalike.datasets import DATASETS
from soundalike.datasets.clips import SourceError
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import data_set_root, is_one_sound, read_source


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The working folder: a folder of sounds, a manifest of them, and a text."""
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "a.wav").touch()
    (tmp_path / "clips.csv").write_text("path\nsounds/a.wav\n")
    (tmp_path / "notes.txt").write_text("no table")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def refusal(source):
    """Return the error message of a source."""
    with pytest.raises(SourceError) as error:
        read_source(source)
    return str(error.value)


@pytest.mark.parametrize("source", ["sounds", "sounds/", "~/sounds", "clips.csv", "./clips.csv"])
def test_folders_and_manifests_are_read(place, source):
    (clip,) = read_source(source)
    assert clip.path.endswith("sounds/a.wav")


def test_a_path_object_is_accepted(place):
    assert len(read_source(place / "sounds")) == 1


def test_a_store_is_read_as_its_clips(store, sound_folder):
    assert list(read_source(store.path)) == list(read_source(sound_folder))
    assert read_source(store.path).name == sound_folder.name


def test_a_folder_with_the_name_of_a_data_set_is_read_as_a_folder(place):
    (place / "sounds").rename(place / "esc10")
    assert len(read_source("esc10")) == 1


def test_a_data_set_without_a_root_is_refused(place):
    assert refusal("esc10") == "esc10: the folder of the data set is missing: write esc10:ROOT."
    assert refusal("esc10:") == "esc10: the folder of the data set is missing: write esc10:ROOT."
    assert refusal("esc10:gone") == "esc10:gone: gone is not a folder."
    assert refusal("esc10:notes.txt") == "esc10:notes.txt: notes.txt is not a folder."


def test_a_misspelled_data_set_gets_a_suggestion(place):
    assert refusal("esc-10:data") == (
        "esc-10:data: no data set 'esc-10'; did you mean 'esc10:data'?"
    )
    assert "did you mean 'fsdnoisy18k:x'?" in refusal("fsd_noisy18k:x")


def test_a_missing_source_is_refused(place):
    message = refusal("gone")
    assert message.startswith("gone: no such file or folder")
    assert ", ".join(DATASETS) in message
    assert refusal("gone.csv").startswith("gone.csv: no such file or folder")
    assert "empty" in refusal("")


def test_an_address_is_refused(place):
    assert refusal("s3://bucket/birds").startswith("s3://bucket/birds: sounds are read from files")


def test_a_file_of_another_type_is_refused(place):
    message = refusal("notes.txt")
    assert message.startswith("notes.txt: not a source")
    assert ".csv, .jsonl, .parquet, .tsv" in message
    assert message.endswith("Of a text file of paths, no line is an existing path.")
    (place / "a.pdf").touch()
    assert refusal("a.pdf").startswith("a.pdf: not a source")


def test_one_sound_is_a_source(place):
    (clip,) = clips = read_source("sounds/a.wav")
    assert (clip.path, clip.label) == (str(place / "sounds" / "a.wav"), "")
    assert clips.name == "a.wav"


def test_a_manifest_may_have_the_suffix_txt(place):
    (place / "clips.txt").write_text("File\tClass\nsounds/a.wav\tdog\n")
    assert [clip.label for clip in read_source("clips.txt")] == ["dog"]


def test_the_root_of_a_data_set_may_be_in_the_home_folder(place):
    assert data_set_root("esc10", "~/sounds") == place / "sounds"


def test_clips_have_plain_values(store):
    for clip in read_source(store.path):
        assert all(not isinstance(value, np.generic) for value in vars(clip).values())


def test_a_relative_source_does_not_depend_on_the_working_folder(sound_folder, monkeypatch):
    whole = read_source(sound_folder)
    monkeypatch.chdir(sound_folder.parent)
    assert read_source(sound_folder.name).fingerprint() == whole.fingerprint()
    monkeypatch.chdir(sound_folder)
    assert read_source(".").fingerprint() == whole.fingerprint()


def test_a_spreadsheet_is_to_be_saved_as_csv(place):
    (place / "clips.xlsx").touch()
    assert refusal("clips.xlsx") == "clips.xlsx: a spreadsheet: save it as CSV, and name that."


def test_a_source_names_the_folder_that_paths_are_relative_to(tmp_path, monkeypatch):
    """Also a store of it."""
    folder = tmp_path / "sounds"
    (folder / "dog").mkdir(parents=True)
    soundfile.write(folder / "dog" / "a.wav", np.sin(np.arange(8000)), 8000)
    (folder / "table.csv").write_text("path\ndog/a.wav\n")
    (folder / "list.txt").write_text("dog/a.wav\n")
    monkeypatch.chdir(tmp_path)
    prepare(read_source("sounds"), tmp_path / "store", n_workers=1, progress=False)
    for source in ("sounds", "sounds/table.csv", "sounds/list.txt", "sounds/*/*.wav", "store"):
        clips = read_source(source)
        assert clips.root == str(folder), source
        assert clips.relative_paths().tolist() == ["dog/a.wav"], source
    assert read_source("sounds/dog/a.wav").relative_paths().tolist() == ["a.wav"]


@pytest.mark.parametrize(
    ("source", "is_one"),
    [("a.wav", True), ("gone.wav", True), ("no suffix", True), ("folder", False),
     ("*.wav", False), ("a[1].wav", True), ("t.csv", False), ("t.parquet", False),
     ("t.txt", False), ("synthetic:small", False)],
)  # fmt: skip
def test_one_sound_is_told_from_many(source, is_one, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("a.wav", "a[1].wav", "no suffix", "t.csv", "t.parquet", "t.txt"):
        (tmp_path / name).touch()
    assert is_one_sound(source) is is_one


def test_the_level_of_the_label_is_for_folders_and_patterns(tmp_path):
    for name in ("animals/birds/a.wav", "animals/bats/b.wav"):
        (tmp_path / name).parent.mkdir(parents=True)
        soundfile.write(tmp_path / name, np.sin(np.arange(8000)), 8000)
    for source in (tmp_path, f"{tmp_path}/*/*/*.wav"):
        assert read_source(source, 2).classes == ["bats", "birds"]
        assert read_source(source, "deepest").classes == ["bats", "birds"]
        assert read_source(source).classes == ["animals"]
    with pytest.raises(SourceError, match="--label_depth is for folders of sounds and patterns"):
        read_source(tmp_path / "animals" / "birds" / "a.wav", 2)
