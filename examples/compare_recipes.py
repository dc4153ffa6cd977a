"""Compare recipes: pre-train each on unlabelled sounds for some minutes, test on labelled others.

    python examples/compare_recipes.py POOL --sets esc10:ROOT drums.csv --out runs/compared \
        --recipes paper default my.yaml --seeds 3 --minutes 30

Every recipe and seed is pre-trained once, and that one ear is tested on every set by linear
evaluation, in the set's own folds. Beside it stand log-mel statistics and the recipe's own encoder
before training. Stopped, the same command goes on.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.prepare import open_or_prepare
from soundalike.datasets.splits import evaluation_splits
from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.intervals import crossed_interval
from soundalike.training.hardware import choose_hardware
from soundalike.training.pretraining import pretrain
from soundalike.training.protocols import PROTOCOLS
from soundalike.training.recipe import Recipe, read_recipe
from soundalike.training.representations import (
    Patches,
    embeddings,
    log_mel_statistics,
    untrained_twin,
)
from soundalike.training.run_folder import RunFolder

N_TIMED_STEPS = 10


def compare(given: argparse.Namespace) -> pd.DataFrame:
    """Return which clips were named right: rows of recipe, kind and seed; a column a clip."""
    rows = {}
    for name in given.recipes:
        recipe, out = read_recipe(name), given.out / Path(name).stem
        pool, *sets = (store_of(source, recipe, given.out) for source in (given.pool, *given.sets))
        within_budget(recipe, pool, given.minutes, out)
        for seed in range(given.seeds):
            ear = trained(pool, recipe, seed, out)
            represent = {
                "log-mel statistics": partial(log_mel_statistics, ear),
                "untrained": partial(embeddings, untrained_twin(ear, pool, seed)),
                "trained": partial(embeddings, ear),
            }
            for kind, of in represent.items():
                kept = out / f"{kind.replace(' ', '-')}-{seed}.csv"
                if not kept.exists():
                    pd.concat([named_right(of(s), s, seed) for s in sets]).to_csv(kept)
                rows[out.name, kind, seed] = pd.read_csv(kept, index_col=[0, 1]).squeeze()
    return pd.DataFrame(rows).T


def store_of(source: str, recipe: Recipe, out: Path) -> Store:
    """Prepare a source for a recipe's front end, once for all recipes that share it."""
    log_mel = LogMel(**recipe["log_mel"])
    name = f"{Path(source).stem.replace(':', '-')}-{log_mel.n_mels}-{log_mel.min_duration_s:g}s"
    return open_or_prepare(source, out / "stores" / name, log_mel)


def within_budget(recipe: Recipe, pool: Store, minutes: float, out: Path) -> None:
    """Set the number of epochs to what fits into so many minutes; the first steps tell."""
    kept, settings = out / "n_epochs.txt", recipe["training"]
    if not kept.exists():
        n_few = N_TIMED_STEPS * settings["batch_size"]
        few = pool.select(np.arange(n_few) % len(pool.clips))
        with tempfile.TemporaryDirectory() as folder:
            run = RunFolder(Path(folder))
            once = recipe | {"training": settings | {"n_epochs": 1}}
            pretrain(few, run, once, progress=False)
            seconds = pd.read_csv(run.path / "metrics.csv")["seconds"].diff().median()
            seconds = max(seconds, 0.001)  # they are written to the millisecond
        longest = (settings["segment_s"] or np.inf) / pool.log_mel.hop_s
        n_segments = np.maximum(1, np.ceil(pool.n_frames / longest)).sum()
        n_steps = n_segments / settings["batch_size"]
        out.mkdir(parents=True)
        kept.write_text(str(max(1, round(60 * minutes / (seconds * n_steps)))))
    n_epochs = int(kept.read_text())
    if "milestones" in recipe["schedule"]:  # at the same shares of the training
        shares = [epoch / settings["n_epochs"] for epoch in recipe["schedule"]["milestones"]]
        recipe["schedule"]["milestones"] = [round(share * n_epochs) for share in shares]
    settings["n_epochs"] = n_epochs


def trained(pool: Store, recipe: Recipe, seed: int, out: Path) -> SoundEncoder:
    """Pre-train, or go on, or take the ear that is there."""
    run = RunFolder(out / f"run-{seed}")
    recipe = recipe | {"training": recipe["training"] | {"seed": seed}}
    run.configure(source=pool.clips.name, clips=pool.fingerprint, test_fold=None, recipe=recipe)
    numbers = pretrain(pool, run, recipe)
    if numbers["n_steps_done"] < numbers["n_steps"]:
        raise SystemExit("stopped: the same command goes on")
    return SoundEncoder.from_pretrained(run.path).to(choose_hardware().accelerator)


def named_right(patches: Patches, store: Store, seed: int) -> pd.Series:
    """Tell which clips linear evaluation names right, each by the fold that did not learn it."""
    classes = store.clips.classes
    labels = store.clips.labels(classes)
    right = np.zeros(len(labels), dtype=bool)
    for split in evaluation_splits(store, seed=seed):
        scores = PROTOCOLS["linear"](patches, labels, len(classes), split, seed)
        right[split.test] = scores.argmax(axis=1) == labels[split.test]
    index = pd.MultiIndex.from_product([[store.clips.name], store.clips.rows["path"]])
    return pd.Series(right, index)


def gain(difference: np.ndarray) -> str:
    """Return a mean difference over seeds and clips [seeds, clips] with its interval."""
    low, high = crossed_interval(difference)
    return f"{difference.mean():+.3f} ({low:+.3f} - {high:+.3f})"


def summary(right: pd.DataFrame) -> pd.DataFrame:
    """Return accuracies by set, and of trained ears the gains with intervals, paired by clip."""
    values = {key: rows.to_numpy(float) for key, rows in right.groupby(level=[0, 1], sort=False)}
    first = next(iter(values))[0]
    lines = {}
    for (name, kind), of_all in values.items():
        of_set = right.columns.get_level_values(0)
        line = {each: of_all[:, of_set == each].mean() for each in of_set.unique()}
        line["all"] = of_all.mean()
        if kind == "trained":
            line["over untrained"] = gain(of_all - values[name, "untrained"])
            if name != first:
                line[f"over {first}"] = gain(of_all - values[first, "trained"])
        lines[name, kind] = line
    return pd.DataFrame(lines).T


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pool", help="clips to pre-train on; labels are not used")
    parser.add_argument("--sets", nargs="+", required=True, help="labelled clips to test on")
    parser.add_argument("--recipes", nargs="+", default=["paper", "default"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=6, help="of each pre-training")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    given = parser.parse_args()
    table = summary(compare(given))
    table.to_csv(given.out / "table.csv")
    print(table.to_string(float_format="{:.3f}".format, na_rep=""))
