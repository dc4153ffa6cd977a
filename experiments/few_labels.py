"""Compare fine-tuning on a few clips per class with the same training of random weights.

    python experiments/few_labels.py runs/mine esc10:ROOT drums.csv --labels 5 --out runs/few

In every fold of every set, `--labels` training clips of each class are chosen at random, the same
for all methods. The test clips of the fold are classified by the network trained from scratch, by
the fine-tuned model, and by a linear classifier on the frozen model. Both trainings use the recipe
few_labels: the same windows, steps, levels and linear start. From scratch, they begin with random
weights and batch norms calibrated on the few clips, and may need more `--epochs`, which hold for
both. Interrupted runs resume.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.datasets.store import Store
from soundalike.downstream.cross_validation import cross_validate
from soundalike.downstream.features import Features, embeddings, untrained_twin
from soundalike.downstream.finetuning import FineTuned, fine_tune
from soundalike.downstream.linear import fit_linear
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.intervals import crossed_interval
from soundalike.recipes.recipe import read_recipe
from soundalike.training.run_folder import RunFolder

SCRATCH, FINE_TUNED, LINEAR = "from scratch", "fine-tuned", "linear"


def few_of(split: Split, labels: np.ndarray, n_each: int, seed: int) -> Split:
    """Return the split with only `n_each` training clips of each class, and none for validation."""
    order = np.random.default_rng(seed).permutation(split.train)
    few = [order[labels[order] == label][:n_each] for label in np.unique(labels[order])]
    no_clips = np.zeros(0, dtype=np.int64)
    return Split(split.name, np.sort(np.concatenate(few)), no_clips, split.test)


def is_correct(
    store: Store,
    model: SoundEncoder,
    features: Features,
    arguments: argparse.Namespace,
    method: str,
    seed: int,
) -> pd.Series:
    """Return which clips are classified correctly by a classifier that was not fitted to them."""
    labels = features.labels.values
    splits = evaluation_splits(store, seed=seed)
    few = [few_of(split, labels, arguments.labels, seed) for split in splits]
    if method == LINEAR:
        results = cross_validate(features, partial(fit_linear, seed=seed), few)
    else:
        fit = partial(fit_network, model=model, arguments=arguments, method=method, seed=seed)
        results = cross_validate(store, fit, few)
    correct = results.scores.argmax(axis=1) == labels[results.clips]
    paths = store.clips.rows["path"].iloc[results.clips]
    index = pd.MultiIndex.from_product([[store.clips.name], paths])
    return pd.Series(correct, index).iloc[results.clips.argsort()]


def fit_network(
    store: Store,
    few: Split,
    *,
    model: SoundEncoder,
    arguments: argparse.Namespace,
    method: str,
    seed: int,
) -> FineTuned:
    """Train the whole network, from the model or from scratch. Interrupted runs resume."""
    if method == SCRATCH:
        model = untrained_twin(model, store.select(few.train), seed)
    recipe = read_recipe("few_labels", SUPERVISED, {"encoder": model.encoder_settings})
    recipe["training"] |= {
        "n_epochs": arguments.epochs or recipe["training"]["n_epochs"],
        "seed": seed,
        "patch_frames": model.patch_frames,
        "align_last_window": model.windows.align_last,
    }
    run = RunFolder(arguments.out / store.clips.name / f"{method}-{few.name}-{seed}")
    run.configure(
        clips=store.fingerprint,
        split=few.name,
        labels=arguments.labels,
        model=model.fingerprint(),
        recipe=recipe,
    )
    return fine_tune(store, few, run, recipe, model=model)


def compare(arguments: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """Return which clips each method classifies correctly: tables [seeds, clips]."""
    model = SoundEncoder.from_pretrained(arguments.model)
    folder = arguments.out / "stores"
    stores = [open_or_prepare(s, folder / Path(s).stem, model.front_end) for s in arguments.sets]
    features = [embeddings(model, store) for store in stores]
    return {
        method: pd.DataFrame(
            pd.concat(
                is_correct(store, model, of_store, arguments, method, seed)
                for store, of_store in zip(stores, features, strict=True)
            )
            for seed in range(arguments.seeds)
        )
        for method in (SCRATCH, FINE_TUNED, LINEAR)
    }


def summary(right: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return accuracies and gains over from scratch, with intervals over clips and seeds."""
    values = {method: table.astype(float) for method, table in right.items()}
    for method in (FINE_TUNED, LINEAR):
        values[f"{method} above {SCRATCH}"] = values[method] - values[SCRATCH]
    lines = {}
    for name, table in values.items():
        of_set = table.columns.get_level_values(0)
        line = {each: table.loc[:, of_set == each].to_numpy().mean() for each in of_set.unique()}
        low, high = crossed_interval(table.to_numpy())
        lines[name] = line | {"all": table.to_numpy().mean(), "low": low, "high": high}
    return pd.DataFrame(lines).T


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model")
    parser.add_argument("sets", nargs="+", help="labeled clips")
    parser.add_argument("--labels", type=int, default=5, help="training clips per class")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, help="of both trainings (default: the recipe's)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    arguments = parser.parse_args()
    table = summary(compare(arguments))
    table.to_csv(arguments.out / "table.csv")
    print(table.to_string(float_format="{:.3f}".format))
