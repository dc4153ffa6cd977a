"""Measure if the probabilities of `classify` are right: the expected calibration error.

    python experiments/calibration.py default esc10:ROOT sets/drums.csv synthetic:small \
      --out runs/calibration

Every clip is scored out of fold, in the set's own folds, by the linear classifier of `evaluate`. As
for the classifier that is saved, a temperature is fitted to such scores; here to those of the other
folds, so that no clip chooses its own (to those of the other half, where there is only one fold). A
table has, for each tenth of the probability of the answers, how many there are, their mean
probability, and how many are correct. That with the temperature is written to OUT, beside the
stores of the sets.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.splits import evaluation_splits
from soundalike.downstream.cross_validation import cross_validate
from soundalike.downstream.features import embeddings
from soundalike.downstream.linear import fit_linear
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.folds import stratified_folds
from soundalike.evaluation.reliability import error_by_chance, reliability
from soundalike.evaluation.temperature import fit_temperature, tempered


def tempered_out_of_fold(scores: np.ndarray, labels: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return probabilities of clips with a temperature that the clips of other folds chose."""
    result = np.empty(scores.shape)
    for number in np.unique(fold):
        others = fold != number
        temperature = fit_temperature(labels[others], scores[others])
        result[~others] = tempered(scores[~others], temperature, is_multi_label=False)
    return result


def report(scores: np.ndarray, labels: np.ndarray, name: str) -> pd.DataFrame:
    """Print the error and the table of reliability; return the table."""
    result = reliability(scores, labels)
    print(
        f"{name}: expected calibration error {result.expected_error:.3f}, by chance "
        f"{error_by_chance(scores):.3f}; mean probability {scores.max(axis=1).mean():.3f}, "
        f"accuracy {(scores.argmax(axis=1) == labels).mean():.3f}"
    )
    table = pd.DataFrame(vars(result))
    print(table.round(3).to_string(index=False))
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("sets", nargs="+", help="clips with one label each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder of stores and tables")
    arguments = parser.parse_args()
    model = SoundEncoder.from_pretrained(arguments.model)
    for source in arguments.sets:
        name = Path(source).stem.replace(":", "-")
        store = open_or_prepare(source, arguments.out / name, model.front_end)
        splits = evaluation_splits(store)
        fit = partial(fit_linear, seed=arguments.seed)
        results = cross_validate(embeddings(model, store), fit, splits)
        labels = store.clips.labels().values[results.clips]
        fold = np.repeat(np.arange(len(splits)), [len(split.test) for split in splits])
        if len(splits) == 1:
            recordings = store.recordings[results.clips]
            fold = stratified_folds(labels, 2, arguments.seed, recordings)
        print(f"{source}: {len(labels)} clips")
        report(results.scores, labels, "without temperature")
        table = report(tempered_out_of_fold(results.scores, labels, fold), labels, "with it")
        table.to_csv(arguments.out / f"{name}.csv", index=False)
