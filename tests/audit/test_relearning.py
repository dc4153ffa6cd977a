"""Decisions are learned from while a person decides."""

import numpy as np
import pytest

from soundalike.audit.audited_clips import audited_clips
from soundalike.audit.labels_file import read_labels
from soundalike.audit.labels_text import LABELS
from soundalike.audit.relearning import Relearning
from soundalike.datasets.source import read_source
from soundalike.embedding.sound_encoder import SoundEncoder


@pytest.fixture(scope="module")
def relearning(audited, mislabeled, run):
    model = SoundEncoder.from_pretrained(run.path)
    clips = read_source(mislabeled)
    return Relearning(audited_clips(model, str(mislabeled), clips, audited, progress=False))


def test_undecided_rows_get_new_probabilities(relearning, audited):
    rows = read_labels(audited / LABELS)
    rows.loc[0, "decision"], rows.loc[3, "decision"] = "relabel", "keep"
    rows.loc[23, "label"] = "changed since"
    values = relearning(rows)
    assert values.index.tolist() == [n for n in range(23) if n not in (0, 3)]
    assert values["p_wrong"].idxmax() == 1, "the other wrong label"
    assert np.isfinite(values["p_wrong"]).all()
    assert values["suggested"][1] == rows["suggested"][1]
