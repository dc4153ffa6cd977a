"""Measure if the probabilities of `classify` are right: the expected calibration error.

    python experiments/calibration.py default esc10:ROOT sets/drums.csv synthetic:small \
      --out runs/calibration

Every clip is scored out of fold, in the set's own folds, by the linear classifier of `evaluate`. The
table of a set has, for each tenth of the probability of the answers, how many there are, their mean
probability, and how many are correct. It is written to OUT, beside the stores of the sets.
"""

import argparse
from functools import partial
from pathlib import Path

import pandas as pd

from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.splits import evaluation_splits
from soundalike.downstream.cross_validation import cross_validate
from soundalike.downstream.features import embeddings
from soundalike.downstream.linear import fit_linear
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.reliability import error_by_chance, reliability


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
        fit = partial(fit_linear, seed=arguments.seed)
        results = cross_validate(embeddings(model, store), fit, evaluation_splits(store))
        labels = store.clips.labels().values[results.clips]
        table = reliability(results.scores, labels)
        pd.DataFrame(vars(table)).to_csv(arguments.out / f"{name}.csv", index=False)
        accuracy = (results.scores.argmax(axis=1) == labels).mean()
        print(
            f"{source}: {len(labels)} clips, expected calibration error "
            f"{table.expected_error:.3f}, by chance {error_by_chance(results.scores):.3f}; mean "
            f"probability {results.scores.max(axis=1).mean():.3f}, accuracy {accuracy:.3f}"
        )
        print(pd.DataFrame(vars(table)).round(3).to_string(index=False))
