"""Compare recipes: pre-train each on unlabeled sounds for some minutes, test on labeled others.

    python experiments/compare_recipes.py POOL --sets esc10:ROOT drums.csv --out runs/compared \
        --recipes paper default my.yaml --seeds 3 --minutes 30

Every recipe and seed is pre-trained once, and that one model is tested on every set by linear
evaluation, in the set's own folds or splits. It is compared with log-mel statistics and with the
recipe's own encoder before training. With several `--minutes`, or several `--shares` of the pool's
hours, each is a separate training, and `figure.png` shows the effect of more of them. Interrupted
runs resume. The minutes are those of an idle machine: the first steps of a recipe are timed, which
determines the number of steps.
"""

import argparse
import hashlib
import itertools
import tempfile
from functools import partial
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.splits import evaluation_splits
from soundalike.datasets.store import Store
from soundalike.downstream.cross_validation import cross_validate
from soundalike.downstream.features import (
    Features,
    embeddings,
    log_mel_statistics,
    untrained_twin,
)
from soundalike.downstream.linear import fit_linear
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.intervals import crossed_interval
from soundalike.recipes.recipe import read_recipe
from soundalike.recipes.sections import Recipe
from soundalike.runtime.hardware import choose_hardware
from soundalike.training.pretraining import pretrain
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.training.run_folder import RunFolder

matplotlib.use("agg")

N_TIMED_STEPS = 10
LOG_MEL, UNTRAINED, TRAINED = "log-mel statistics", "untrained", "trained"


class Condition(NamedTuple):
    """What is tested; the two baselines do not depend on minutes and share."""

    recipe: str
    kind: str
    minutes: float = 0.0
    share: float = 0.0


def compare(arguments: argparse.Namespace) -> dict[Condition, pd.DataFrame]:
    """Return which clips were classified correctly: for each condition a table [seeds, clips]."""
    results: dict[Condition, list[pd.Series]] = {}
    for name in arguments.recipes:
        recipe, out = read_recipe(name, PRETRAINING), arguments.out / Path(name).stem
        pool, *sets = (
            store_of(source, recipe, arguments.out) for source in (arguments.pool, *arguments.sets)
        )
        key = hashlib.sha256("".join(s.fingerprint for s in sets).encode()).hexdigest()[:8]
        rate = steps_per_second(recipe, pool, out)
        for seed, minutes, share in itertools.product(
            range(arguments.seeds), arguments.minutes, arguments.shares
        ):
            folder = out / f"{minutes:g}-minutes" / f"{share:g}-of-the-pool"
            train = part_of(pool, share, seed)
            model = trained(train, with_n_steps(recipe, train, 60 * minutes * rate), seed, folder)
            represent = {
                Condition(out.name, LOG_MEL): (out, partial(log_mel_statistics, model)),
                Condition(out.name, UNTRAINED): (out, partial(untrained, model, pool, seed)),
                Condition(out.name, TRAINED, minutes, share): (folder, partial(embeddings, model)),
            }
            for row, (where, of) in represent.items():
                cache = where / f"{row.kind.replace(' ', '-')}-{seed}-{key}.csv"
                if not cache.exists():
                    pd.concat([is_correct(of(s), s, seed) for s in sets]).to_csv(cache)
                right = pd.read_csv(cache, index_col=[0, 1]).squeeze().rename(seed)
                if all(seed != known.name for known in results.setdefault(row, [])):
                    results[row].append(right)
    return {row: pd.DataFrame(of_seeds) for row, of_seeds in results.items()}


def store_of(source: str, recipe: Recipe, out: Path) -> Store:
    """Prepare a source for a recipe's front end, once for all recipes that share it."""
    front_end = LogMel(**recipe["front_end"])
    name = f"{Path(source).stem.replace(':', '-')}-{front_end.n_mels}-{front_end.min_duration_s:g}s"
    return open_or_prepare(source, out / "stores" / name, front_end)


def part_of(pool: Store, share: float, seed: int) -> Store:
    """Return a random share of the pool's hours; smaller shares are subsets of larger ones."""
    order = np.random.default_rng(seed).permutation(len(pool.clips))
    hours = pool.n_frames[order].cumsum() / pool.n_frames.sum()
    return pool.select(np.sort(order[: np.searchsorted(hours, share) + 1]))


def steps_per_second(recipe: Recipe, pool: Store, out: Path) -> float:
    """Time the first steps of a recipe; the result is cached."""
    cache = out / "steps_per_second.txt"
    if not cache.exists():
        few = pool.select(np.arange(N_TIMED_STEPS * batch_size(recipe)) % len(pool.clips))
        with tempfile.TemporaryDirectory() as folder:
            run = RunFolder(Path(folder))
            pretrain(few, run, with_training(recipe, n_epochs=1), progress=False)
            seconds = pd.read_csv(run.metrics)["seconds"].diff().median()
        out.mkdir(parents=True)
        cache.write_text(f"{1 / max(seconds, 0.001)}\n")  # recorded to the millisecond
    return float(cache.read_text())


def with_n_steps(recipe: Recipe, train: Store, n_steps: float) -> Recipe:
    """Set the number of epochs for a number of steps; milestones scale with it."""
    longest = (recipe["training"]["segment_s"] or np.inf) / train.front_end.hop_s
    n_segments = np.maximum(1, np.ceil(train.n_frames / longest)).sum()
    n_epochs = max(1, round(n_steps / np.ceil(n_segments / batch_size(recipe))))
    shares = [n / recipe["training"]["n_epochs"] for n in recipe["schedule"].get("milestones", [])]
    milestones = {"milestones": [round(share * n_epochs) for share in shares]} if shares else {}
    changed = recipe | {"schedule": recipe["schedule"] | milestones}
    return with_training(changed, n_epochs=n_epochs)


def with_training(recipe: Recipe, **changes: int) -> Recipe:
    return recipe | {"training": recipe["training"] | changes}


def batch_size(recipe: Recipe) -> int:
    return recipe["training"]["batch_size"]


def trained(train: Store, recipe: Recipe, seed: int, out: Path) -> SoundEncoder:
    """Pre-train, resume, or load the finished model."""
    run = RunFolder(out / f"run-{seed}")
    recipe = with_training(recipe, seed=seed)
    run.configure(source=train.clips.name, clips=train.fingerprint, test_fold=None, recipe=recipe)
    result = pretrain(train, run, recipe)
    if not result.is_finished:
        raise SystemExit("interrupted: run the same command again to resume")
    return SoundEncoder.from_pretrained(run.path).to(choose_hardware().accelerator)


def untrained(model: SoundEncoder, pool: Store, seed: int, store: Store) -> Features:
    return embeddings(untrained_twin(model, pool, seed), store)


def is_correct(features: Features, store: Store, seed: int) -> pd.Series:
    """Return which test clips linear evaluation classifies correctly, in the order of the store."""
    fit = partial(fit_linear, seed=seed)
    results = cross_validate(features, fit, evaluation_splits(store, seed=seed))
    correct = results.scores.argmax(axis=1) == features.labels.values[results.clips]
    paths = store.clips.rows["path"].iloc[results.clips]
    index = pd.MultiIndex.from_product([[store.clips.name], paths])
    return pd.Series(correct, index).iloc[results.clips.argsort()]


def summary(right: dict[Condition, pd.DataFrame]) -> pd.DataFrame:
    """Return accuracies by set, and the gains of trained models with intervals, paired by clip."""
    first = next(iter(right)).recipe
    lines = {}
    for row, of_all in right.items():
        of_set = of_all.columns.get_level_values(0)
        line = {each: of_all.loc[:, of_set == each].to_numpy().mean() for each in of_set.unique()}
        values = of_all.to_numpy(float)
        line["all"] = values.mean()
        line["low"], line["high"] = crossed_interval(values)
        if row.kind == TRAINED:
            line["over untrained"] = gain(values, right[Condition(row.recipe, UNTRAINED)])
            if row.recipe != first:
                line[f"over {first}"] = gain(values, right[row._replace(recipe=first)])
        lines[row] = line
    table = pd.DataFrame(lines).T
    return table.set_index(pd.MultiIndex.from_tuples(lines, names=Condition._fields))


def gain(values: np.ndarray, other: pd.DataFrame) -> str:
    """Return the mean difference over seeds and clips, its interval, and the errors avoided."""
    others = other.to_numpy(float)
    low, high = crossed_interval(values - others)
    fewer = (values.mean() - others.mean()) / (1 - others.mean())
    return f"{(values - others).mean():+.3f} ({low:+.3f} to {high:+.3f}), {fewer:.0%} fewer errors"


def plot(table: pd.DataFrame, path: Path) -> None:
    """Plot accuracy against minutes, or against the share of the pool, whichever varies."""
    from matplotlib import pyplot as plt

    rows = table.reset_index()
    models = rows[rows["kind"] == TRAINED]
    x = "minutes" if models["minutes"].nunique() > 1 else "share"
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for number, (name, of_recipe) in enumerate(models.groupby("recipe", sort=False)):
        color = f"C{number}"
        low, middle, high = (of_recipe[key].astype(float) for key in ("low", "all", "high"))
        bars = (middle - low, high - middle)
        axes.errorbar(of_recipe[x], middle, bars, marker="o", capsize=3, color=color, label=name)
        (before,) = rows.loc[(rows["recipe"] == name) & (rows["kind"] == UNTRAINED), "all"]
        axes.axhline(before, color=color, linestyle=":", label=f"{name}, untrained")
    axes.set_xscale("log")
    ticks = sorted(models[x].unique())
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel({"minutes": "minutes of training", "share": "share of the pool's hours"}[x])
    axes.set_ylabel("accuracy, linear evaluation, all sets")
    figure.legend(loc="outside upper center", ncols=2)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pool", help="clips to pre-train on; labels are not used")
    parser.add_argument("--sets", nargs="+", required=True, help="labeled clips to test on")
    parser.add_argument("--recipes", nargs="+", default=["paper", "default"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--minutes", type=float, nargs="+", default=[6], help="of a pre-training")
    parser.add_argument("--shares", type=float, nargs="+", default=[1], help="of the pool's hours")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    arguments = parser.parse_args()
    table = summary(compare(arguments))
    table.to_csv(arguments.out / "table.csv")
    print(table.to_string(float_format="{:.3f}".format, na_rep=""))
    if len(arguments.minutes) > 1 or len(arguments.shares) > 1:
        plot(table, arguments.out / "figure.png")
