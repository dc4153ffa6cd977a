"""Cross-validate a recipe: for every fold, pre-train without its clips, then test on them.

    python examples/five_folds.py esc10:ROOT --out runs/esc10 --recipe default

Pre-training hears no test clip, labelled or not. Stopped, the same command goes on. Recipe keys are
options, as for `soundalike pretrain`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.cli import main
from soundalike.datasets.source import read_source
from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import balanced_accuracy

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("source", help="clips with labels and folds")
parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
parser.add_argument("--recipe", default="default")
given, options = parser.parse_known_args()

store = given.out / "store"
if main(["prepare", given.source, "--out", str(store), "--recipe", given.recipe]):
    raise SystemExit(1)

tables = []
for fold in read_source(given.source).folds:
    run = given.out / f"fold-{fold}"
    pretrain = ["pretrain", str(store), "--out", str(run), "--recipe", given.recipe]
    if main([*pretrain, "--test_fold", fold, *options]) or main(["evaluate", str(run), str(store)]):
        raise SystemExit(1)
    tables.append(pd.read_csv(run / "evaluation" / "predictions.csv"))

clips = pd.concat(tables)
labels, classes = pd.factorize(clips["label"], sort=True)
pooled = {}
for column in clips.columns[clips.columns.get_loc("fold") + 1 :]:
    predictions = classes.get_indexer(clips[column])
    low, high = bootstrap_interval(balanced_accuracy, labels, predictions)
    pooled[column] = {
        "balanced_accuracy": balanced_accuracy(labels, predictions),
        "interval": [low, high],
        "accuracy": float(np.mean(labels == predictions)),
    }
    print(f"{column:30} {pooled[column]['balanced_accuracy']:.3f}  ({low:.3f} - {high:.3f})")
(given.out / "pooled.json").write_text(json.dumps(pooled, indent=1) + "\n")
