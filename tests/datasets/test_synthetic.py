"""The synthetic data set: labels, layout, and the same bytes for the same seed."""

import hashlib
import json
from collections import Counter
from dataclasses import astuple
from functools import partial

import numpy as np
import pandas as pd
import pytest
import soundfile

from soundalike.datasets import synthetic
from soundalike.datasets.clips import SourceError
from soundalike.datasets.synthetic import (
    CLASSES,
    OUT_OF_VOCABULARY,
    OUTSIDE,
    SIZES,
    clip_records,
    read_synthetic,
    synthesize_clip,
    write_synthetic,
)
from soundalike.runtime.workers import map_in_processes

ALL_OF_SMALL = "4e7338a4056f0114da7458d59866917c4ecdfb7e96b632bd04b1584c5123ef6a"
TINY = {"train_noisy": 10, "train_clean": 2, "test": 3}


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setitem(SIZES, "tiny", TINY)
    return partial(write_synthetic, size="tiny", n_workers=1, progress=False)


def contents(root):
    """Every file below a folder and its bytes."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def digest_of(size, clips):
    """Hash of all records of a size, and of the sounds of some of its clips."""
    digest = hashlib.sha256()
    for record in clip_records(size):
        digest.update(repr(astuple(record)).encode())
    for split, index in clips:
        digest.update(synthesize_clip(size, split, index).astype("<i2").tobytes())
    return digest.hexdigest()


def spread(size, every):
    """Clips spread over all splits of a size."""
    return [
        (split, index)
        for split, n_clips in SIZES[size].items()
        for index in range(3, n_clips, every)
    ]


def test_the_classes_are_those_of_fsdnoisy18k():
    assert len(CLASSES) == 20
    assert list(CLASSES) == sorted(CLASSES)
    assert {"Acoustic_guitar", "Coin_(dropping)", "Hi-hat", "Walk_or_footsteps"} <= set(CLASSES)
    assert not set(CLASSES) & set(OUTSIDE)
    assert len(OUTSIDE) >= 6


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("size", ["small", "full"])
def test_two_fifths_of_the_noisy_labels_are_wrong_in_two_ways(size, seed):
    noisy = [record for record in clip_records(size, seed) if record.split == "train_noisy"]
    outside = [record for record in noisy if record.true_label.startswith(OUT_OF_VOCABULARY)]
    wrong = [record for record in noisy if record.true_label != record.label]
    assert len(wrong) / len(noisy) == pytest.approx(0.40, abs=0.03)
    assert len(outside) / len(wrong) == pytest.approx(0.5, abs=0.05)
    names = {record.true_label.removeprefix(OUT_OF_VOCABULARY) for record in outside}
    assert names == set(OUTSIDE)
    inside = [record for record in noisy if not record.true_label.startswith(OUT_OF_VOCABULARY)]
    assert {record.true_label for record in inside} == set(CLASSES)


@pytest.mark.parametrize("size", ["small", "full"])
def test_clean_and_test_labels_are_correct_and_balanced(size):
    for split in ("train_clean", "test"):
        records = [record for record in clip_records(size) if record.split == split]
        assert all(record.label == record.true_label for record in records)
        assert all(record.manually_verified for record in records)
        counts = Counter(record.label for record in records)
        assert set(counts) == set(CLASSES)
        assert max(counts.values()) - min(counts.values()) <= 1


def test_noisy_classes_are_imbalanced():
    records = [record for record in clip_records("full") if record.split == "train_noisy"]
    counts = Counter(record.label for record in records)
    assert 2 <= max(counts.values()) / min(counts.values()) <= 3.5


@pytest.mark.parametrize("size", ["small", "full"])
def test_file_names_are_unique_and_splits_have_their_sizes(size):
    records = clip_records(size)
    assert len({record.fname for record in records}) == len(records)
    assert Counter(record.split for record in records) == SIZES[size]
    noisy_small = [record for record in records if record.noisy_small]
    assert {record.split for record in noisy_small} == {"train_noisy"}
    assert len(noisy_small) == SIZES[size]["train_clean"]


def test_the_small_set_is_the_beginning_of_the_full_one():
    def truths(size):
        return {record.fname: (record.label, record.true_label) for record in clip_records(size)}

    assert truths("small").items() <= truths("full").items()
    np.testing.assert_array_equal(
        synthesize_clip("small", "test", 5), synthesize_clip("full", "test", 5)
    )


def test_clips_are_the_same_in_any_order_and_in_any_process():
    make = partial(synthesize_clip, "small", "train_noisy")
    forwards = [make(index) for index in range(6)]
    backwards = [make(index) for index in reversed(range(6))][::-1]
    elsewhere = list(map_in_processes(make, range(6), n_workers=2))
    for clip, again, remote in zip(forwards, backwards, elsewhere, strict=True):
        np.testing.assert_array_equal(clip, again)
        np.testing.assert_array_equal(clip, remote)


def test_clips_differ_between_splits_indices_and_seeds():
    clips = [
        synthesize_clip("small", "test", 0),
        synthesize_clip("small", "train_clean", 0),
        synthesize_clip("small", "test", 1),
        synthesize_clip("small", "test", 0, seed=1),
    ]
    assert len({clip.tobytes() for clip in clips}) == len(clips)


def test_a_clip_is_16_bit_audio_with_a_plausible_length_and_level():
    for index in range(20):
        clip = synthesize_clip("small", "test", index)
        assert clip.dtype == np.int16
        assert clip.ndim == 1
        assert 0.3 * 44_100 - 1 <= len(clip) <= 10 * 44_100
        assert 32767 * 10 ** (-26 / 20) - 1 <= np.abs(clip.astype(int)).max() <= 32767


@pytest.mark.parametrize("index", [-1, 300])
def test_a_clip_that_does_not_exist_is_refused(index):
    with pytest.raises(IndexError, match="test of the small set has 300 clips"):
        synthesize_clip("small", "test", index)


def test_the_layout_is_that_of_fsdnoisy18k(tiny, tmp_path):
    root = tiny(tmp_path / "set")
    train = pd.read_csv(root / "FSDnoisy18k.meta" / "train.csv")
    test = pd.read_csv(root / "FSDnoisy18k.meta" / "test.csv")
    truth = pd.read_csv(root / "FSDnoisy18k.meta" / "truth.csv")
    columns = ["fname", "label", "aso_id", "manually_verified", "noisy_small"]
    assert list(train.columns) == list(test.columns) == columns
    assert list(truth.columns) == ["fname", "true_label"]
    assert list(truth["fname"]) == [*train["fname"], *test["fname"]]
    assert train["manually_verified"].sum() == TINY["train_clean"]
    for part, table in (("train", train), ("test", test)):
        folder = root / f"FSDnoisy18k.audio_{part}"
        assert {path.name for path in folder.iterdir()} == set(table["fname"])
        info = soundfile.info(folder / table["fname"][0])
        assert (info.samplerate, info.channels, info.subtype) == (44_100, 1, "PCM_16")
    samples, _ = soundfile.read(root / "FSDnoisy18k.audio_test" / "30000.wav", dtype="int16")
    np.testing.assert_array_equal(samples, synthesize_clip("tiny", "test", 0))
    assert json.loads((root / "synthetic.json").read_text())["size"] == "tiny"


def test_a_finished_set_does_not_change(tiny, tmp_path):
    root = tiny(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    tiny(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == times


def test_a_deleted_clip_comes_back_with_the_same_bytes(tiny, tmp_path):
    root = tiny(tmp_path)
    before = contents(root)
    (root / "FSDnoisy18k.audio_train" / "10003.wav").unlink()
    tiny(tmp_path)
    assert contents(root) == before


def test_an_interrupted_run_continues(tiny, tmp_path, monkeypatch):
    whole = contents(tiny(tmp_path / "whole"))
    make = synthetic.synthesize_clip

    def interrupted(size, split, index, seed=0):
        if split == "train_clean":
            raise KeyboardInterrupt
        return make(size, split, index, seed)

    monkeypatch.setattr(synthetic, "synthesize_clip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tiny(tmp_path / "broken")
    assert not (tmp_path / "broken" / "synthetic.json").exists()
    with pytest.raises(SourceError, match="with seed 0, not 1"):
        tiny(tmp_path / "broken", seed=1)
    monkeypatch.setattr(synthetic, "synthesize_clip", make)
    tiny(tmp_path / "broken")
    assert contents(tmp_path / "broken") == whole


def test_a_set_of_another_size_or_seed_is_refused_by_name(tiny, tmp_path):
    before = contents(tiny(tmp_path))
    with pytest.raises(SourceError, match="with size tiny, not small"):
        tiny(tmp_path, size="small")
    with pytest.raises(SourceError, match="with seed 0, not 3"):
        tiny(tmp_path, seed=3)
    assert contents(tmp_path) == before


def test_a_folder_with_another_data_set_is_refused(tiny, tmp_path):
    (tmp_path / "FSDnoisy18k.meta").mkdir()
    with pytest.raises(SourceError, match="holds another data set"):
        tiny(tmp_path)


def test_an_unknown_size_is_refused(tmp_path):
    with pytest.raises(SourceError, match="huge: no such size; choose from small, full"):
        write_synthetic(tmp_path, "huge")


def test_reading_writes_the_set_once_into_the_cache(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    table = read_synthetic("tiny")
    assert Counter(table.rows["split"]) == {"train": 10, "validation": 2, "test": 3}
    assert all(path.startswith(str(tmp_path)) for path in table.rows["path"])
    assert read_synthetic("tiny").fingerprint() == table.fingerprint()
    truth = {record.fname: record.true_label for record in clip_records("tiny")}
    names = table.rows["path"].str.rpartition("/")[2]
    assert list(table.rows["true_label"]) == [truth[name] for name in names]


@pytest.mark.parametrize(
    ("size", "every", "expected"),
    [
        ("small", 97, "4b05e243be125ddf1ca016f59e6321cba742a2284819a37b653adf32645233d0"),
        ("full", 499, "75da855d4bc5fd337affbe05bd38ddabb77a0248c74298b8db95db6ad3ddaf54"),
    ],
)
def test_records_and_sounds_are_frozen(size, every, expected):
    """If these hashes change, raise `synthetic.VERSION`."""
    assert digest_of(size, spread(size, every)) == expected


@pytest.mark.slow
def test_all_sounds_of_the_small_set_are_frozen():
    assert digest_of("small", spread("small", 1)) == ALL_OF_SMALL
