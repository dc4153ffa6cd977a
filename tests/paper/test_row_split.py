"""The clips that train a row."""

from dataclasses import replace

import numpy as np
import pytest

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.splits import with_splits
from soundalike.paper.experiments import choose
from soundalike.paper.row_split import split_of
from soundalike.paper.rows import PaperError


@pytest.fixture(scope="module")
def clips(store):
    return with_splits(store, 0)


def row_of(name):
    return choose([name])[0][1]


def in_splits(clips, positions):
    return set(clips.clips.rows["split"].iloc[positions])


def test_few_labels_are_of_the_small_set_and_none_validates(clips):
    labels = clips.clips.labels()
    for method in ("pretrained, linear", "pretrained, fine-tuned", "from scratch"):
        split = split_of(row_of(f"few labels/1 a class, {method}"), clips, 0)
        assert in_splits(clips, split.train) == {"validation"}
        assert in_splits(clips, split.test) == {"test"}
        assert sorted(labels.values[split.train]) == list(range(labels.n_classes))
        assert not len(split.validation)


def test_all_methods_have_the_same_few_labels_and_each_seed_has_others(clips):
    linear = row_of("few labels/1 a class, pretrained, linear")
    scratch = row_of("few labels/1 a class, from scratch")
    splits = [split_of(row, clips, seed) for row in (linear, scratch) for seed in range(6)]
    for first, second in zip(splits[:6], splits[6:], strict=True):
        np.testing.assert_array_equal(first.train, second.train)
    assert len({tuple(split.train) for split in splits}) > 1


def test_other_rows_have_all_clips_of_their_task(clips):
    noisy = split_of(row_of("fine-tuning noisy/VGG, pretrained"), clips, 0)
    assert in_splits(clips, noisy.train) == {"train"}
    clean = split_of(row_of("fine-tuning clean/VGG, pretrained"), clips, 0)
    assert in_splits(clips, clean.train) == in_splits(clips, clean.validation) == {"validation"}


def test_clips_with_several_labels_are_refused(clips):
    rows = clips.clips.rows
    labels = rows["label"].where(rows.index != 0, rows["label"] + ";more")
    several = replace(clips, clips=ClipTable("several", rows.assign(label=labels)))
    with pytest.raises(PaperError, match="every clip must have one label only"):
        split_of(row_of("few labels/5 a class, from scratch"), several, 0)
