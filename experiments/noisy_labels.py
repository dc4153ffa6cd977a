"""Compare methods that tolerate wrong labels, on clean labels of which a known share is made wrong.

    python experiments/noisy_labels.py default esc10:ROOT drums.csv synthetic:small --out OUT
    python experiments/noisy_labels.py default esc10:ROOT synthetic:small --out OUT --networks
    python experiments/noisy_labels.py default esc10:ROOT drums.csv synthetic:small --out OUT
        --folds 1 --labels 10 all --advice src/soundalike/audit/advice.csv

Kinds of noise: every other class equally likely (symmetric), every class mistaken for one other
(confusion), and clips of other classes (out_of_vocabulary; half of the classes are left out). Test
labels stay correct. In the synthetic set, the true labels are made wrong anew; "own" is its own
noise, 40%, half of it out of vocabulary.

Without --networks, heads are fitted to frozen embeddings: logistic regression, the same on soft
labels, which an audit estimates, nearest neighbors, and a linear classifier by SGD for every loss,
with the prior that logistic regression chooses.
All folds are tested, or --folds of them, other ones for each seed. --labels are numbers of training
clips of each class, before labels are made wrong. With --networks, networks are trained end to end
with 40 and 60% of symmetric noise, a fold for each seed: from scratch with cross entropy (recipe
finetune), and fine-tuned (recipe few_labels) with the losses of --robust.
Interrupted runs resume, and --minutes stops a run.

Writes table.csv (networks.csv): accuracies, and how far each method is above the first one, with
intervals over clips. --advice writes the table that `audit` takes its advice from.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.label_noise import KINDS, noisy_labels
from soundalike.datasets.labels import Labels
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.datasets.store import Store
from soundalike.downstream.features import Features, embeddings
from soundalike.downstream.few_shot_draws import ALL, amount_name, few_of, labels_per_class
from soundalike.downstream.finetuning import fine_tune
from soundalike.downstream.knn import fit_knn
from soundalike.downstream.linear import fit_linear
from soundalike.downstream.linear_with_loss import fit_linear_with_loss
from soundalike.downstream.soft_labels import fit_soft_labels
from soundalike.downstream.supervised_recipe import SUPERVISED, recipe_for
from soundalike.embedding.known_sounds import unrelated
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.vector_cache import cached
from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.recipes.recipe import read_recipe
from soundalike.runtime.atomic import atomic_write
from soundalike.training.run_folder import RunFolder

FIRST, NEIGHBORS, OWN = "logistic regression", "nearest neighbors", "own"
SOFT = "soft labels"
LOSSES = [name for name in CLASSIFICATION_LOSSES if name != "binary_cross_entropy"]
HEADS = [FIRST, SOFT, NEIGHBORS, *LOSSES]
SCRATCH = "from scratch, cross_entropy"
OF_NETWORKS = (0.4, 0.6)
NOTHING = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class LabeledSet:
    """A set of clips and their features.

    Attributes:
        truth: true class of each clip, -1 for a sound outside the vocabulary.
        own: labels that come with the set; None if they are the true ones.
        background: vectors of sounds of none of the classes, [sounds, dim], for soft labels only.
    """

    name: str
    store: Store
    features: Features
    classes: list[str]
    truth: NDArray[np.int64]
    own: NDArray[np.int64] | None
    background: torch.Tensor | None


def read_set(source: str, model: SoundEncoder, out: Path) -> LabeledSet:
    """Prepare and embed the clips of a source; both are stored."""
    name = Path(source.replace(":", "-")).stem
    store = open_or_prepare(source, out / "stores" / name, model.front_end)

    def compute(clips: Store, report: object) -> tuple[torch.Tensor, torch.Tensor]:
        features = embeddings(model, clips)
        return features.vectors, features.clips

    key = {"model": model.fingerprint()}
    vectors, clips = cached(out / "embeddings" / name, key, store, compute, lambda *_: None)
    labels = store.clips.labels()
    truth, own = labels.values, None
    paths = [Path(path) for path in store.clips.rows["path"]]
    table = paths[0].parents[1] / "FSDnoisy18k.meta" / "truth.csv"
    if table.exists():
        names = pd.read_csv(table).set_index("fname")["true_label"]
        truth = Labels.from_names(names[[path.name for path in paths]], labels.classes).values
        own = labels.values
    is_whitened = model.whitening is not None
    features = Features(vectors, clips, labels, store.recordings, is_whitened)
    background = model.background
    if background is not None:
        background = unrelated(background, vectors)
    return LabeledSet(name, store, features, labels.classes, truth, own, background)


def with_noise(
    data: LabeledSet, split: Split, kind: str, share: float, seed: int
) -> tuple[Labels, Split]:
    """Return labels of all clips, wrong ones among the training clips, and the clips with labels.

    Classes that are left out are no classes any more.
    """
    in_vocabulary = data.truth >= 0
    if kind == OWN:
        values = data.truth.copy()
        values[split.train] = data.own[split.train]
    else:
        train = split.train[in_vocabulary[split.train]]
        values = noisy_labels(data.truth, len(data.classes), train, share, seed, kind)
    train, test = (clips[values[clips] >= 0] for clips in (split.train, split.test))
    classes = np.unique(values[np.concatenate([train, test])])
    renumbered = np.full(len(data.classes) + 1, -1)
    renumbered[classes] = np.arange(len(classes))
    names = [data.classes[index] for index in classes]
    return Labels(renumbered[values], names), Split(split.name, train, NOTHING, test)


def cells(
    data: LabeledSet, shares: list[float], n_labels: int | None
) -> Iterator[tuple[str, float]]:
    """Yield the kinds of noise and their shares; without noise, two kinds are the same."""
    for kind in KINDS:
        yield from ((kind, share) for share in shares if share or kind != "confusion")
    if data.own is not None and n_labels is None:
        yield OWN, 0.4


def rounds(
    data: LabeledSet, seed: int, n_folds: int | None, n_labels: int | None = None
) -> list[Split]:
    """Return so many rounds of a set, other ones for each seed; None: all of them.

    Args:
        data: the set.
        seed: random seed of the rounds and the training clips.
        n_folds: number of rounds.
        n_labels: number of training clips of each class; None: all clips.
    """
    splits = evaluation_splits(data.store, seed=seed)
    n_folds = min(n_folds or len(splits), len(splits))
    splits = [splits[(seed * n_folds + number) % len(splits)] for number in range(n_folds)]
    if n_labels is None:
        return splits
    recordings = data.store.recordings
    return [
        few_of(with_truth(data, each), data.truth, recordings, n_labels, seed) for each in splits
    ]


def with_truth(data: LabeledSet, split: Split) -> Split:
    """Return a round without the training clips of sounds outside the vocabulary."""
    return replace(split, train=split.train[data.truth[split.train] >= 0])


def are_correct(
    data: LabeledSet, kind: str, share: float, seed: int, heads: list[str], splits: list[Split]
) -> pd.DataFrame:
    """Return which test clips each head classifies correctly: [clips, heads]."""
    tables = []
    for split in splits:
        labels, noisy = with_noise(data, split, kind, share, seed)
        features = replace(data.features, labels=labels)
        logistic = fit_linear(features, noisy, seed)
        of_split = {}
        for head in heads:
            if head == FIRST:
                classifier = logistic
            elif head == SOFT:
                with_background = replace(features, background=data.background)
                classifier = fit_soft_labels(with_background, noisy, seed)
            elif head == NEIGHBORS:
                classifier = fit_knn(features, noisy, seed)
            else:
                loss = read_recipe("finetune", SUPERVISED, {"loss.name": head})["loss"]
                classifier = fit_linear_with_loss(
                    features, noisy, seed, loss=loss, precision=logistic.precision
                )
            answers = classifier.scores(features.select(noisy.test)).argmax(axis=1)
            of_split[head] = answers == labels.values[noisy.test]
        tables.append(pd.DataFrame(of_split, index=noisy.test))
    return pd.concat(tables).rename_axis("clip").sort_index()


def folder_of_heads(n_labels: int | None) -> str:
    """Return the folder of results with so many labels of each class; None: all labels."""
    return "heads" if n_labels is None else f"heads-{n_labels}"


def fit_heads(
    data: LabeledSet, n_labels: int | None, kind: str, share: float, seed: int, arguments
) -> None:
    """Write which clips the heads classify correctly, unless that is written already."""
    folder = arguments.out / folder_of_heads(n_labels)
    file = folder / data.name / f"{kind}-{share:g}-{seed}.csv"
    table = pd.read_csv(file, index_col="clip") if file.exists() else pd.DataFrame()
    missing = [head for head in arguments.heads if head not in table]
    if missing:
        splits = rounds(data, seed, arguments.folds, n_labels)
        new = are_correct(data, kind, share, seed, missing, splits)
        write(pd.concat([table, new], axis=1), file)


def train_networks(data: LabeledSet, kind: str, share: float, seed: int, arguments) -> None:
    """Write which test clips of one fold the networks classify correctly."""
    (split,) = rounds(data, seed, 1)
    labels, noisy = with_noise(data, split, kind, share, seed)
    names = np.array([*labels.classes, ""], dtype=object)[labels.values]
    rows = data.store.clips.rows.assign(label=names)
    store = replace(data.store, clips=ClipTable(data.name, rows))
    cell = Path(data.name) / f"{kind}-{share:g}-{seed}"
    for method in [SCRATCH, *(f"fine-tuned, {loss}" for loss in arguments.robust)]:
        file = arguments.out / "networks" / cell / f"{method}.csv"
        if file.exists() or is_time_over(arguments):
            continue
        loss = method.split(", ")[1]
        model = None if method == SCRATCH else arguments.encoder
        recipe = read_recipe(
            "finetune" if model is None else "few_labels", SUPERVISED, {"loss.name": loss}
        )
        recipe = recipe_for(arguments.encoder, recipe, seed)
        recipe["training"]["n_epochs"] = arguments.epochs or recipe["training"]["n_epochs"]
        run = RunFolder(arguments.out / "runs" / cell / method)
        run.configure(clips=store.fingerprint, labels=names.tolist(), recipe=recipe)
        network = fine_tune(store, noisy, run, recipe, model=model)
        answers = network.scores(store.select(noisy.test)).argmax(axis=1)
        correct = answers == labels.values[noisy.test]
        write(pd.DataFrame({method: correct}, index=noisy.test).rename_axis("clip"), file)


def write(table: pd.DataFrame, file: Path) -> None:
    """Write a table with the column `clip`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file) as path:
        table.to_csv(path, index_label="clip")


def is_time_over(arguments: argparse.Namespace) -> bool:
    """Return whether the run has lasted as long as it may."""
    return time.monotonic() > arguments.end


def read_results(folder: Path) -> pd.DataFrame:
    """Return one row for each test clip, seed and method, from all files of a folder."""
    tables = []
    for file in sorted(folder.rglob("*.csv")):  # SET/CELL.csv or SET/CELL/METHOD.csv
        of_set, cell = file.relative_to(folder).with_suffix("").parts[:2]
        kind, share, seed = cell.rsplit("-", 2)
        long = pd.read_csv(file).melt("clip", var_name="method", value_name="correct").dropna()
        tables.append(long.assign(set=of_set, kind=kind, noise=float(share), seed=int(seed)))
    return pd.concat(tables, ignore_index=True).astype({"correct": float})


def summary(results: pd.DataFrame, first: str) -> pd.DataFrame:
    """Return accuracies by set and over all sets, and differences to the first method.

    Every set counts the same. Intervals are over clips, whose values are means over seeds.
    """
    rows = []
    for (kind, noise), of_cell in results.groupby(["kind", "noise"]):
        by_clip = of_cell.pivot_table("correct", ["set", "clip"], "method")
        n_clips = by_clip.groupby("set")[first].transform("size")
        weights = (len(by_clip) / n_clips / by_clip.index.get_level_values(0).nunique()).to_numpy()
        for method in by_clip:
            gain = weights * (by_clip[method] - by_clip[first]).to_numpy()
            if np.isnan(gain).any():
                continue  # a method that has not finished
            low, high = bootstrap_interval(np.mean, gain)
            row = {"kind": kind, "noise": noise, "method": method}
            row |= by_clip[method].groupby("set").mean().to_dict()
            row |= {"all": (weights * by_clip[method]).mean(), "above": gain.mean()}
            rows.append(row | {"low": low, "high": high})
    return pd.DataFrame(rows)


def advice_table(
    tables: dict[int | None, pd.DataFrame], sets: list[LabeledSet], arguments: argparse.Namespace
) -> pd.DataFrame:
    """Return the table of `soundalike.audit.advice`, from the summaries by number of labels."""
    seeds = range(arguments.seeds)
    parts = []
    for n_labels, table in tables.items():
        sizes = []
        for data in sets:
            splits = [each for seed in seeds for each in rounds(data, seed, arguments.folds)]
            splits = [with_truth(data, split) for split in splits]
            sizes.append(labels_per_class(n_labels, splits, data.truth.clip(min=0)))
        part = table[table["kind"] != OWN].rename(columns={"all": "accuracy"})
        parts.append(part.assign(labels_per_class=round(np.mean(sizes))))
    names = ["labels_per_class", "kind", "noise", "method", "accuracy", "above", "low", "high"]
    return pd.concat(parts)[names].round(4)


def main(arguments: argparse.Namespace) -> None:
    """Fit and train what is missing, and write the tables."""
    arguments.encoder = SoundEncoder.from_pretrained(arguments.model)
    sets = [read_set(source, arguments.encoder, arguments.out) for source in arguments.sets]
    if arguments.networks:
        for seed in range(arguments.seeds):
            for data in sets:
                for share in OF_NETWORKS:
                    train_networks(data, "symmetric", share, seed, arguments)
        show(summary(read_results(arguments.out / "networks"), SCRATCH), "networks.csv", arguments)
        return
    amounts = sorted({None if name == ALL else int(name) for name in arguments.labels}, key=str)
    for n_labels in amounts:
        for seed in range(arguments.seeds):
            for data in sets:
                for kind, share in cells(data, arguments.shares, n_labels):
                    if not is_time_over(arguments):
                        fit_heads(data, n_labels, kind, share, seed, arguments)
    tables = {}
    for n_labels in amounts:
        folder = arguments.out / folder_of_heads(n_labels)
        if not folder.exists():
            continue  # no time was left
        tables[n_labels] = summary(read_results(folder), FIRST)
        name = "table.csv" if n_labels is None else f"table-{n_labels}.csv"
        print(f"labels of each class: {amount_name(n_labels)}")
        show(tables[n_labels], name, arguments)
    if arguments.advice and not is_time_over(arguments):
        advice_table(tables, sets, arguments).to_csv(arguments.advice, index=False)


def show(table: pd.DataFrame, file: str, arguments: argparse.Namespace) -> None:
    """Write and print a table."""
    table.to_csv(arguments.out / file, index=False)
    wide = table.pivot(index="method", columns=["kind", "noise"], values="all")
    print((100 * wide).to_string(float_format="{:.1f}".format))
    if is_time_over(arguments):
        print("stopped after --minutes: the same command resumes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model")
    parser.add_argument("sets", nargs="+", help="labeled clips")
    parser.add_argument("--networks", action="store_true", help="train end to end")
    parser.add_argument("--heads", nargs="+", default=HEADS, choices=HEADS)
    parser.add_argument("--robust", nargs="+", default=["elr", "co_training"], choices=LOSSES)
    parser.add_argument("--shares", nargs="+", type=float, default=[0, 0.2, 0.4, 0.6, 0.8])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folds", type=int, help="tested for each seed (default: all)")
    parser.add_argument(
        "--labels", nargs="+", default=[ALL], help="of each class (default: all), such as 10 all"
    )
    parser.add_argument("--advice", type=Path, help="write the table that `audit` advises by")
    parser.add_argument("--epochs", type=int, help="of networks (default: the recipes')")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after this time")
    parser.add_argument("--out", type=Path, required=True, help="folder of results and runs")
    arguments = parser.parse_args()
    arguments.end = time.monotonic() + 60 * arguments.minutes
    main(arguments)
