"""The synthetic set must not be solvable by statistics of the spectrum.

`pytest -m slow -s tests/datasets/test_hardness.py` prints the figures of docs/results.md.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from soundalike.datasets.fsdnoisy18k import read_layout
from soundalike.datasets.prepare import prepare
from soundalike.datasets.synthetic import OUT_OF_VOCABULARY, write_synthetic


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:lbfgs failed")
@pytest.mark.parametrize("size", ["small", "full"])
def test_log_mel_statistics_are_not_enough_for_the_synthetic_set(size, tmp_path):
    """Mean and standard deviation per band; logistic regression with the best of four C on test."""
    root = write_synthetic(tmp_path / "sounds", size, progress=False)
    store = prepare(read_layout(size, root), tmp_path / "store", progress=False)
    log_mels = [store.of_clip(index) for index in range(len(store.clips))]
    x = np.stack([np.concatenate([log_mel.mean(0), log_mel.std(0)]) for log_mel in log_mels])
    rows = store.clips.rows
    truth = pd.read_csv(root / "FSDnoisy18k.meta" / "truth.csv").set_index("fname")["true_label"]
    true_label = rows["path"].str.rpartition("/")[2].map(truth)
    known = ~true_label.str.startswith(OUT_OF_VOCABULARY)
    split, classes = rows["split"], store.clips.classes
    test = (split == "test").to_numpy()
    trainings = {
        "noisy labels": (split == "train", rows["label"]),
        "true labels": ((split == "train") & known, true_label),
        "clean clips": (split == "validation", rows["label"]),
    }
    for name, (chosen, labels) in trainings.items():
        chosen, y = chosen.to_numpy(), labels.to_numpy()
        scores = []
        for c in (0.01, 0.1, 1.0, 10.0):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=100))
            predicted = model.fit(x[chosen], y[chosen]).predict(x[test])
            scores.append(balanced_accuracy_score(y[test], predicted))
        print(f"{size}, {name}: {max(scores):.3f}")
        assert 1 / len(classes) < max(scores) < 0.85
