"""Labeled clips and their embeddings."""

import numpy as np
import pandas as pd
import pytest

from soundalike.audit.audited_clips import audited_clips
from soundalike.datasets.clips import SourceError
from soundalike.datasets.source import read_source
from soundalike.downstream.representations import EMBEDDINGS, FOLDERS, PRETRAINED
from soundalike.embedding.sound_encoder import SoundEncoder


@pytest.fixture(scope="module")
def model(run):
    return SoundEncoder.from_pretrained(run.path)


def manifest(folder, sound_folder, labels):
    paths = sorted(sound_folder.rglob("*.wav"))[: len(labels)]
    file = folder / "clips.csv"
    pd.DataFrame({"path": paths, "label": labels}).to_csv(file, index=False)
    return file


def test_clips_without_a_label_take_no_part(model, sound_folder, tmp_path):
    file = manifest(tmp_path, sound_folder, [*["dog", "rain"] * 6, ""])
    out = tmp_path / "out"
    clips = audited_clips(model, str(file), read_source(file), out, progress=False)
    assert clips.n_unlabeled == 1
    assert len(clips.store.clips) == len(clips.features.labels) == 12
    assert (out / EMBEDDINGS / FOLDERS[PRETRAINED] / "key.json").exists()
    again = audited_clips(model, str(file), read_source(file), out, progress=False)
    assert np.array_equal(clips.features.vectors, again.features.vectors)


def test_too_few_labels_are_refused(model, sound_folder, tmp_path):
    for labels in (["dog"] * 12, ["dog", "rain"] * 4):
        file = manifest(tmp_path, sound_folder, labels)
        out = tmp_path / str(len(labels))
        with pytest.raises(SourceError, match="at least 10 labeled clips and two classes; there"):
            audited_clips(model, str(file), read_source(file), out, progress=False)
