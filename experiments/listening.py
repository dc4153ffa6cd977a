"""How much a classifier gains when somebody checks labels, where it is known which are wrong.

    python experiments/listening.py esc10:ROOT sets/drums.csv synthetic:small --out runs/audit

Into the true labels of every set, 40% of wrong ones are put, as in `label_audit.py`. In each of
five folds, a simulated listener checks training clips, and gives them their true label: the clips
that an audit of the training clips finds most suspicious, or as many at random. Two classifiers are
trained again and tested on the true labels of the fold: logistic regression, and the one on soft
labels, which takes the checked labels for right.

Prints accuracies, and what the audit's order gains over the random one, with an interval over sets
and kinds. Writes `listening.csv`, and the curves in `listening-light.png` and `listening-dark.png`.
"""

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import matplotlib.style
import numpy as np
import pandas as pd
import torch
from label_audit import AS_IT_IS, AUDIT, Problem, audit_of, embedded, problems
from matplotlib.figure import Figure
from numpy.typing import NDArray

from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split
from soundalike.downstream.features import Features
from soundalike.downstream.linear import fit_linear
from soundalike.downstream.soft_labels import fit_soft_labels
from soundalike.evaluation.folds import stratified_folds
from soundalike.evaluation.intervals import t_interval

METHODS = {"logistic regression": fit_linear, "soft labels": fit_soft_labels}
RANDOM, NOISE = "random", 0.4
N_FOLDS = 5
BUDGETS = (0.0, 0.05, 0.1, 0.2, 0.4)  # shares of the training clips that are checked
DECISION_S = 2.0  # to decide, after listening
NOTHING = np.zeros(0, dtype=np.int64)


def features_of(problem: Problem, checked: NDArray[np.int64]) -> Features:
    """Return clips with the labels that they have after some have been checked.

    The vectors have the length that the prior of `fit_linear` expects.
    """
    values, is_checked = problem.labels.copy(), np.zeros(len(problem.labels), dtype=bool)
    values[checked], is_checked[checked] = problem.truth[checked], True
    labels = Labels(values, [str(number) for number in range(problem.n_classes)], is_checked)
    length = problem.vectors.shape[1] ** 0.5
    background = None
    if problem.background is not None:
        background = torch.from_numpy(length * problem.background)
    return Features(
        torch.from_numpy(length * problem.vectors), torch.arange(len(values)), labels,
        problem.recordings, is_whitened=True, background=background,
    )  # fmt: skip


def listen(name: str, whole: Problem, seeds: int) -> Iterator[dict[str, object]]:
    """Yield the accuracy of each method by the clips that were checked."""
    for kind, rate, seed, problem in problems(whole, seeds):
        if rate != NOISE or kind == AS_IT_IS[0]:
            continue
        fold = stratified_folds(problem.truth, N_FOLDS, seed, problem.recordings)
        rng = np.random.default_rng(seed)
        for each in range(N_FOLDS):
            train, test = np.flatnonzero(fold != each), np.flatnonzero(fold == each)
            p_wrong = audit_of(problem.select(train), seed).p_wrong
            orders = {
                AUDIT: np.argsort(-p_wrong, kind="stable"),
                RANDOM: rng.permutation(len(train)),
            }
            for method in METHODS:
                for order, budget in itertools.product(orders, BUDGETS):
                    checked = train[orders[order][: round(budget * len(train))]]
                    features = features_of(problem, checked)
                    split = Split("train", train, NOTHING, test)
                    scores = METHODS[method](features, split).scores(features.select(test))
                    is_right = scores.argmax(axis=1) == problem.truth[test]
                    seconds = problem.duration_s[checked].sum() + DECISION_S * len(checked)
                    yield {
                            "set": name, "noise": f"{kind} {100 * rate:.0f}%", "seed": seed,
                            "fold": each, "method": method, "order": order,
                            "share checked": budget, "minutes": seconds / 60,
                            "accuracy": is_right.mean(),
                        }  # fmt: skip


def gains(table: pd.DataFrame) -> pd.DataFrame:
    """Return what the order of the audit gains over the random one, in points, by method."""
    cells = ["method", "share checked", "set", "noise"]
    wide = table.pivot_table(index=cells, columns="order", values="accuracy")
    gain = 100 * (wide[AUDIT] - wide[RANDOM])
    rows = []
    for (method, budget), of_cells in gain.groupby(level=[0, 1], sort=False):
        low, high = t_interval(of_cells)
        rows.append(
            {
                "method": method, "share checked": budget,
                "gain": f"{of_cells.mean():+.1f} ({low:+.1f} - {high:+.1f})",
                "lowest": f"{of_cells.min():+.1f} ({', '.join(of_cells.idxmin()[2:])})",
            }
        )  # fmt: skip
    return pd.DataFrame(rows).set_index(["method", "share checked"])


def draw(table: pd.DataFrame, out: Path) -> None:
    """Draw accuracy by minutes of listening, a row of panels for each kind of wrong labels."""
    sets, kinds = table["set"].unique(), table["noise"].unique()
    for file, style in (("light", "default"), ("dark", "dark_background")):
        with matplotlib.style.context(style):
            figure = Figure(figsize=(4 * len(sets), 3 * len(kinds)), layout="constrained")
            panels = figure.subplots(len(kinds), len(sets), squeeze=False, sharey="row")
            for row, kind in zip(panels, kinds, strict=True):
                row[0].set_ylabel("accuracy, %")
                for panel, name in zip(row, sets, strict=True):
                    panel.set_title(f"{name}, {kind}")
                    cell = table[(table["set"] == name) & (table["noise"] == kind)]
                    for color, method in zip(("C0", "C1"), METHODS, strict=True):
                        for order, line in ((AUDIT, "-"), (RANDOM, ":")):
                            of_line = cell[(cell["method"] == method) & (cell["order"] == order)]
                            means = of_line.groupby("share checked")[["minutes", "accuracy"]].mean()
                            panel.plot(
                                means["minutes"], 100 * means["accuracy"], line, color=color,
                                marker=".", label=f"{method}, {order}",
                            )  # fmt: skip
            for panel in panels[-1]:
                panel.set_xlabel("minutes of listening")
            lines, names = panels[0, 0].get_legend_handles_labels()
            figure.legend(lines, names, loc="outside lower center", ncols=4, frameon=False)
            figure.savefig(out / f"listening-{file}.png", dpi=150)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", help="clips with true labels, or synthetic:SIZE")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True, help="folder of stores and results")
    arguments = parser.parse_args()
    rows: list[dict[str, object]] = []
    for source in arguments.sets:
        name = Path(source).stem.partition(":")[0]
        rows += listen(name, embedded(source, arguments.out), arguments.seeds)
    table = pd.DataFrame(rows)
    table.to_csv(arguments.out / "listening.csv", index=False)
    draw(table, arguments.out)
    keys = ["set", "noise", "method", "order"]
    values = ["accuracy", "minutes"]
    means = table.pivot_table(index=keys, columns="share checked", values=values, sort=False)
    print(means.to_string(float_format="{:.3f}".format))
    print(gains(table).to_string())
