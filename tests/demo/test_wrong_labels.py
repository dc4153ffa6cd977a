"""What the demo finds in the labels of its sounds, and the truth."""

import numpy as np
import pytest
import torch

from soundalike.audio.log_mel import LogMel
from soundalike.audit.suspicious_labels import NO_CLASS
from soundalike.datasets import synthetic
from soundalike.datasets.fsdnoisy18k import read_layout
from soundalike.datasets.prepare import prepare
from soundalike.datasets.synthetic import clip_records, write_synthetic
from soundalike.demo.wrong_labels import (
    SOUND_S,
    SuspiciousClip,
    WrongLabels,
    find_wrong_labels,
    in_words,
)
from soundalike.downstream.features import Features

DIM = 40
SIZE = {"train_noisy": 60, "train_clean": 20, "test": 20}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = tmp_path_factory.mktemp("sounds")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(synthetic.SIZES, "few", SIZE)
        sounds = write_synthetic(root / "few", "few", progress=False)
        table = read_layout("synthetic:few", sounds)
        yield prepare(table, root / "store", LogMel(), progress=False)


@pytest.fixture(scope="module")
def audited(store, few_rounds):
    """Audit embeddings that tell the true classes, those outside the vocabulary too."""
    true_names = {record.fname: record.true_label for record in clip_records("few")}
    paths = store.clips.rows["path"]
    truths = [true_names[path.rpartition("/")[2]] for path in paths]
    numbers = np.unique(truths, return_inverse=True)[1]
    noise = 0.15 * np.random.default_rng(0).standard_normal((len(truths), DIM))
    vectors = torch.from_numpy(np.eye(DIM)[numbers] + noise).float()
    clips = torch.arange(len(truths))
    features = Features(vectors, clips, store.clips.labels(), store.recordings, is_whitened=True)
    return find_wrong_labels(store, features, "few")


def test_the_findings_are_compared_with_the_truth(audited):
    findings, _ = audited
    records = {record.fname: record for record in clip_records("few")}
    assert findings.n_clips == 100
    assert findings.n_wrong == sum(r.label != r.true_label for r in records.values()) == 24
    assert len(findings.suspicious) == 10
    for clip in findings.suspicious:
        record = records[clip.file]
        assert clip.label == record.label.replace("_", " ")
        assert clip.is_wrong == (record.label != record.true_label)
        kind = record.true_label.removeprefix(synthetic.OUT_OF_VOCABULARY)
        is_outside = kind != record.true_label
        assert clip.truth == kind.replace("_", " ") + (f" ({NO_CLASS})" if is_outside else "")
    p_wrong = [clip.p_wrong for clip in findings.suspicious]
    assert p_wrong == sorted(p_wrong, reverse=True)
    assert sum(clip.is_wrong for clip in findings.suspicious) >= 7, "a quarter by chance"


def test_the_beginnings_of_the_clips_are_played(audited, store):
    findings, excerpts = audited
    rows = store.clips.rows["path"].map(lambda path: path.rpartition("/")[2]).tolist()
    for clip, excerpt in zip(findings.suspicious, excerpts, strict=True):
        log_mel = store.of_clip(rows.index(clip.file))
        n_frames = min(len(log_mel), round(SOUND_S / store.front_end.hop_s))
        np.testing.assert_array_equal(excerpt.log_mel, log_mel[:n_frames])
        assert 0 < len(excerpt.waveform) <= SOUND_S * store.front_end.sample_rate


@pytest.mark.parametrize(
    ("is_wrong", "end"), [(True, "truly siren"), (False, "truly right")], ids=["wrong", "right"]
)
def test_a_line_says_whether_the_label_is_wrong(is_wrong, end):
    clip = SuspiciousClip("7.wav", "Rain", "Wind", "siren", 0.983, is_wrong)
    lines = in_words(WrongLabels("about 3 of 20 labels are wrong (1-6)", 20, 4, [clip] * 2))
    assert lines[0] == "The most suspicious of 20 labels:"
    assert lines[1] == f"  p(wrong) 0.98  7.wav  Rain?  {end}"
    n_wrong = 2 if is_wrong else 0
    assert lines[3].startswith(f"{n_wrong} of the 2 most suspicious labels are truly wrong.")
