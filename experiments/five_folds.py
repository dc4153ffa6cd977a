"""Cross-validate a recipe: for every fold, pre-train without its clips, then test on them.

    python experiments/five_folds.py esc10:ROOT --out runs/esc10 --recipe default

Pre-training hears no test clip, labeled or not. Stopped, the same command goes on. Recipe keys are
options, as for `soundalike pretrain`.
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from soundalike.cli.main import main
from soundalike.datasets.source import read_source
from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import balanced_accuracy


def soundalike(*words: str | Path) -> None:
    """Run a command, and end with it if it fails."""
    if code := main([str(word) for word in words]):
        raise SystemExit(code)


def cross_validate(source: str, out: Path, recipe: str, options: list[str]) -> pd.DataFrame:
    """Return the predictions for every clip, each from a run that did not hear it."""
    store = out / "store"
    soundalike("prepare", source, "--out", store, "--recipe", recipe)
    tested = []
    for fold in read_source(source).folds:
        run = out / f"fold-{fold}"
        heard = ["--test_fold", fold, "--recipe", recipe, *options]
        soundalike("pretrain", store, "--out", run, *heard)
        soundalike("evaluate", run, store, "--out", run / "evaluation")
        tested.append(pd.read_csv(run / "evaluation" / "predictions.csv"))
    return pd.concat(tested)


def pool(clips: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Score the predictions of all folds together, each column of them."""
    labels, classes = pd.factorize(clips["label"], sort=True)
    scores = {}
    for column in clips.columns.drop(["path", "label", "split", "fold"]):
        predictions = classes.get_indexer(clips[column])
        scores[column] = {
            "balanced_accuracy": balanced_accuracy(labels, predictions),
            "interval": bootstrap_interval(balanced_accuracy, labels, predictions),
        }
    return scores


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="clips with labels and folds")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--recipe", default="default")
    given, options = parser.parse_known_args()
    scores = pool(cross_validate(given.source, given.out, given.recipe, options))
    (given.out / "pooled.json").write_text(json.dumps(scores, indent=1) + "\n")
    for name, score in scores.items():
        low, high = score["interval"]
        print(f"{name:30} {score['balanced_accuracy']:.3f}  ({low:.3f} - {high:.3f})")
