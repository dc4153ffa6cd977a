"""Cross-validate a recipe: for every fold, pre-train without its clips, then test on them.

    python experiments/five_folds.py esc10:ROOT --out runs/esc10 --recipe default

Pre-training never uses a test clip, not even without its label. Interrupted runs resume. Recipe
keys are options, as for `soundalike pretrain`.
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from soundalike.cli.main import main
from soundalike.datasets.source import read_source
from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import balanced_accuracy


def soundalike(*arguments: str | Path) -> None:
    """Run a command; exit with its code if it fails."""
    if code := main([str(argument) for argument in arguments]):
        raise SystemExit(code)


def cross_validate(source: str, out: Path, recipe: str, options: list[str]) -> pd.DataFrame:
    """Return the prediction for each clip by the run that was not trained on its fold."""
    store = out / "store"
    soundalike("prepare", source, "--out", store, "--recipe", recipe)
    predictions = []
    for fold in read_source(source).folds:
        run = out / f"fold-{fold}"
        settings = ["--test_fold", fold, "--recipe", recipe, *options]
        soundalike("pretrain", store, "--out", run, *settings)
        soundalike("evaluate", run, store, "--out", run / "evaluation")
        predictions.append(pd.read_csv(run / "evaluation" / "predictions.csv"))
    return pd.concat(predictions)


def pool(clips: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Score the predictions of all folds together, one result per column of predictions."""
    labels, classes = pd.factorize(clips["label"], sort=True)
    scores = {}
    for column in clips.columns[clips.columns.str.contains(", ")]:  # "PROTOCOL, REPRESENTATION"
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
    arguments, options = parser.parse_known_args()
    scores = pool(cross_validate(arguments.source, arguments.out, arguments.recipe, options))
    (arguments.out / "pooled.json").write_text(json.dumps(scores, indent=1) + "\n")
    for name, score in scores.items():
        low, high = score["interval"]
        print(f"{name:30} {score['balanced_accuracy']:.3f}  ({low:.3f} - {high:.3f})")
