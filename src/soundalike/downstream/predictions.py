"""The table of predictions: which classes each test clip got, and how probable they are.

path, start_s, end_s   the clip; the times are empty for a whole recording
label, split, fold     several labels are separated by ";"
prediction             by the model and the first protocol
probability_CLASS      of every class, behind the prediction, with the temperature of the saved
                       classifier; for nearest neighbors, their votes
PROTOCOL, NAME         prediction of every protocol and representation
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.downstream.representations import PRETRAINED
from soundalike.evaluation.temperature import fit_temperature, tempered

# Before the predictions.
CLIP_COLUMNS = ["path", "start_s", "end_s", "label", "split", "fold"]
PROBABILITY = "probability_"


def predictions(
    store: Store, splits: Sequence[Split], scores: Mapping[tuple[str, str], NDArray[np.floating]]
) -> pd.DataFrame:
    """Return the predicted classes of the test clips, split after split.

    Args:
        store: the labeled clips.
        splits: the rounds.
        scores: class scores of the test clips, by protocol and representation.

    Shape:
        each of the scores: [test clips, classes].
    """
    labels = store.clips.labels()
    names = np.array(labels.classes, dtype=object)
    answers = {
        f"{protocol}, {representation}": [";".join(names[row]) for row in of_clips >= 0.5]
        if labels.is_multi_label
        else names[of_clips.argmax(axis=1)]
        for (protocol, representation), of_clips in scores.items()
    }
    tested = np.concatenate([split.test for split in splits])
    main = next(protocol for protocol, _ in scores), PRETRAINED
    probabilities = scores[main]
    if main[0] != "knn":
        temperature = fit_temperature(labels.values[tested], probabilities)
        probabilities = tempered(probabilities, temperature, labels.is_multi_label)
    of_classes = zip(labels.classes, probabilities.T, strict=True)
    rows = store.clips.rows.iloc[tested][CLIP_COLUMNS]
    fold = [split.name.removeprefix("fold ") for split in splits for _ in split.test]
    return rows.assign(
        fold=fold if splits[0].name.startswith("fold ") else rows["fold"],
        prediction=answers[", ".join(main)],
        **{f"{PROBABILITY}{name}": probability for name, probability in of_classes},
        **answers,
    )


def read_predictions(path: Path, classes: Sequence[str]) -> tuple[pd.DataFrame, NDArray]:
    """Read a table of predictions.

    Args:
        path: the CSV file.
        classes: names of the classes.

    Returns:
        The table, with text as text, and the probabilities of the classes.

    Shape:
        probabilities: [test clips, classes].

    Raises:
        OSError: the file cannot be read.
    """
    numbers = ["start_s", "end_s", *(f"{PROBABILITY}{name}" for name in classes)]
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table[numbers] = table[numbers].apply(pd.to_numeric)
    return table, table[numbers[2:]].to_numpy(dtype=np.float64)
