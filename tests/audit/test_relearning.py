"""Decisions are learned from while a person decides."""

import numpy as np
import pandas as pd
import pytest

from soundalike.audit.audited_clips import audited_clips
from soundalike.audit.duplicates import join_recordings
from soundalike.audit.judgment import judge
from soundalike.audit.labels_file import read_labels
from soundalike.audit.labels_text import LABELS
from soundalike.audit.relearning import Relearning
from soundalike.datasets.near_duplicates import NearDuplicate
from soundalike.datasets.source import read_source
from soundalike.downstream.clip_vectors import ClipVectors, clip_vectors
from soundalike.embedding.sound_encoder import SoundEncoder


@pytest.fixture(scope="module")
def labeled(audited, mislabeled, run):
    model = SoundEncoder.from_pretrained(run.path)
    clips = read_source(mislabeled)
    return audited_clips(model, str(mislabeled), clips, audited, progress=False)


@pytest.fixture(scope="module")
def relearning(labeled):
    return Relearning(labeled)


def test_undecided_rows_get_new_probabilities(relearning, audited):
    rows = read_labels(audited / LABELS)
    rows.loc[0, "decision"], rows.loc[3, "decision"] = "relabel", "keep"
    rows.loc[23, "label"] = "changed since"
    values = relearning(rows)
    assert values.index.tolist() == [n for n in range(23) if n not in (0, 3)]
    assert values["p_wrong"].idxmax() == 1, "the other wrong label"
    assert np.isfinite(values["p_wrong"]).all()
    assert values["suggested"][1] == rows["suggested"][1]


def test_clips_that_share_a_part_are_of_one_recording_as_in_the_audit(labeled, audited):
    rows = read_labels(audited / LABELS)
    position = {path: number for number, path in enumerate(labeled.store.clips.rows["path"])}
    order = [position[path] for path in rows["path"]]
    wrong, same = order[0], [each for each in order if each != order[0]][:8]
    parts = [NearDuplicate(wrong, "", 0.0, 1.0, other, "", 0.0, 1.0) for other in same]
    recordings = join_recordings(labeled.features.recordings, parts)
    vectors = clip_vectors(labeled.features)
    vectors = ClipVectors(vectors.vectors[order], vectors.background)
    expected = judge(vectors, rows, recordings[order]).p_wrong
    assert Relearning(labeled, parts)(rows)["p_wrong"].to_numpy() == pytest.approx(expected)
    assert Relearning(labeled)(rows)["p_wrong"].to_numpy() != pytest.approx(expected)


def test_a_new_label_that_is_not_written_yet_is_not_learned_from(relearning, audited):
    rows = read_labels(audited / LABELS)
    rows.loc[0, ["decision", "suggested", "new_label"]] = "relabel", "", ""
    dropped = rows.assign(decision=["drop", *rows["decision"][1:]])
    pd.testing.assert_frame_equal(relearning(rows), relearning(dropped))


def test_a_table_of_other_clips_has_nothing_to_learn_from(relearning, audited):
    rows = read_labels(audited / LABELS)
    assert relearning(rows.assign(path="/elsewhere" + rows["path"])).empty
