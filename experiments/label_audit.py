"""Compare ways to find wrong labels, where it is known which are wrong.

    python experiments/label_audit.py esc10:ROOT sets/drums.csv synthetic:small --out runs/audit

Into the true labels of every set, wrong ones are put. A share of the clips get one of the other
classes (symmetric), or the one class that theirs is mistaken for (confusion). Or three of ten
classes are no classes any more, and their clips get any of the other labels (outside). The labels
that the synthetic set comes with are a row of their own ("as it is"). All use the same vectors.
The first two, and cleanlab, use the probabilities of logistic regression on these labels, out of
five random folds, with the prior that makes held-out labels most likely:

self-confidence  one minus the probability of the label
margin           the probability of the best other class, minus that of the label
neighbors        the share of the ten nearest clips that have another label
cleanlab         label scores of `find_label_issues`, and those of its Datalab, if it is installed
audit            what `soundalike audit` does

Prints the AUROC of finding the wrong labels and the precision among the most suspicious tenth, and
how far audit is above the others, with intervals over sets, kinds and seeds. Of audit, it prints
the expected calibration error of its probabilities, and how far its noise rate is off. The share of
wrong labels by probability is drawn in `reliability-light.png` and `reliability-dark.png`, and
written to `reliability.csv`.
"""

import argparse
import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import rankdata

from soundalike.datasets.label_noise import noisy_labels
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.synthetic import CLASSES, clip_records
from soundalike.downstream.clip_vectors import clip_vectors
from soundalike.downstream.features import embeddings
from soundalike.embedding.known_sounds import unrelated
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.clean_labels import CleanLabels, clean_label_posterior
from soundalike.evaluation.intervals import t_interval
from soundalike.evaluation.nearest_clips import nearest_clips
from soundalike.evaluation.self_confidence import out_of_fold_probabilities

AUDIT, CONFIDENCE = "audit", "self-confidence"
AREA_OF_A_CLIP = 0.25  # in the figure, in square points
JUDGED = "probabilities and truth"
KINDS = [("symmetric", 0.2), ("symmetric", 0.4), ("confusion", 0.2), ("confusion", 0.4)]
KINDS += [("outside", 0.2), ("outside", 0.3)]
AS_IT_IS = ("as it is", 0.4)
OUTSIDE_SHARE = 0.3  # of the classes
N_NEIGHBORS = 10


@dataclass(frozen=True)
class Problem:
    """Clips with labels, some of which are wrong.

    Args:
        vectors: of unit length.
        background: vectors of other sounds.
        labels: of the clips.
        truth: the true classes, -1 for none of the classes.
        recordings: which recording each clip is of.
        duration_s: of the clips.

    Shape:
        vectors: [clips, dim]; background: [sounds, dim]; the others: [clips].
    """

    vectors: NDArray[np.float32]
    background: NDArray[np.float32] | None
    labels: NDArray[np.int64]
    truth: NDArray[np.int64]
    recordings: NDArray[np.int64]
    duration_s: NDArray[np.float64]

    @property
    def n_classes(self) -> int:
        return int(self.labels.max()) + 1

    @property
    def is_wrong(self) -> NDArray[np.bool_]:
        return self.labels != self.truth

    def select(self, clips: NDArray[np.integer]) -> "Problem":
        """Return some of the clips."""
        names = ("vectors", "labels", "truth", "recordings", "duration_s")
        return replace(self, **{name: getattr(self, name)[clips] for name in names})


def embedded(source: str, out: Path) -> Problem:
    """Embed the labeled clips of a source; the synthetic set has its own wrong labels."""
    model = SoundEncoder.from_pretrained("default")
    store = open_or_prepare(source, out / "stores" / Path(source).stem, model.front_end)
    store = store.select(np.flatnonzero(store.clips.rows["label"] != ""))
    features = embeddings(model, store)
    if model.background is not None:
        features = replace(features, background=unrelated(model.background, features.vectors))
    labels = truth = features.labels.values
    if source.startswith("synthetic"):
        size = source.partition(":")[2] or "small"
        true_names = {record.fname: record.true_label for record in clip_records(size)}
        names = store.clips.rows["path"].map(lambda path: true_names[Path(path).name])
        truth = pd.Categorical(names, sorted(CLASSES)).codes.astype(np.int64)
    vectors = clip_vectors(features)
    duration_s = store.n_frames * model.front_end.hop_s
    return Problem(
        vectors.vectors, vectors.background, labels, truth, features.recordings, duration_s
    )


def with_wrong_labels(clean: Problem, kind: str, rate: float, seed: int) -> Problem:
    """Return clips of true labels with some wrong ones, drawn at random."""
    truth, n_classes = clean.truth, clean.n_classes
    if kind == "outside":
        rng = np.random.default_rng(seed)
        classes = rng.permutation(n_classes)
        inside = classes[round(OUTSIDE_SHARE * n_classes) :]
        number = np.full(n_classes, -1)
        number[inside] = np.arange(len(inside))
        new_truth = number[truth]
        n_outside = round(rate / (1 - rate) * (new_truth >= 0).sum())
        outside = rng.permutation(np.flatnonzero(new_truth < 0))[:n_outside]
        clips = np.sort(np.concatenate([np.flatnonzero(new_truth >= 0), outside]))
        new_truth = new_truth[clips]
        labels = np.where(new_truth < 0, rng.integers(len(inside), size=len(clips)), new_truth)
        return replace(clean.select(clips), labels=labels, truth=new_truth)
    labels = noisy_labels(truth, n_classes, np.arange(len(truth)), rate, seed, kind)
    return replace(clean, labels=labels)


def problems(whole: Problem, seeds: int) -> Iterator[tuple[str, float, int, Problem]]:
    """Yield the problems of a set: kind, share and seed of the wrong labels, and the clips."""
    clean = whole.select(np.flatnonzero(whole.truth >= 0))
    clean = replace(clean, labels=clean.truth)
    for kind, rate in KINDS:
        for seed in range(seeds):
            yield kind, rate, seed, with_wrong_labels(clean, kind, rate, seed)
    if whole.is_wrong.any():
        yield *AS_IT_IS, 0, whole


def audit_of(problem: Problem, seed: int) -> CleanLabels:
    """Return what `soundalike audit` finds."""
    return clean_label_posterior(
        problem.vectors, problem.labels, problem.recordings, n_classes=problem.n_classes,
        background=problem.background, seed=seed,
    )  # fmt: skip


def suspicions(problem: Problem, seed: int) -> dict[str, NDArray[np.float64]]:
    """Return the scores of every way, higher for labels that are more suspicious."""
    clips, labels = np.arange(len(problem.labels)), problem.labels
    p = out_of_fold_probabilities(
        problem.vectors, labels, problem.recordings, problem.n_classes, seed
    )
    others = p.copy()
    others[clips, labels] = -1
    positions, _ = nearest_clips(problem.vectors, problem.recordings, N_NEIGHBORS)
    differs = (labels[positions] != labels[:, None]).mean(axis=1)
    scores = {
        CONFIDENCE: 1 - p[clips, labels],
        "margin": others.max(axis=1) - p[clips, labels],
        "neighbors": differs,
    }
    return scores | cleanlab_scores(problem, p)


@cache
def has_cleanlab() -> bool:
    try:
        import cleanlab.datalab.datalab  # noqa: F401
    except ImportError:
        print("cleanlab is not installed, and left out: pip install 'cleanlab[datalab]'")
        return False
    return True


def cleanlab_scores(problem: Problem, p: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return the scores of cleanlab for the same probabilities and vectors."""
    if not has_cleanlab():
        return {}
    from cleanlab import Datalab
    from cleanlab.filter import find_label_issues

    issues = find_label_issues(
        problem.labels, p, return_indices_ranked_by="normalized_margin", n_jobs=1
    )
    clips = np.arange(len(problem.labels))
    others = p.copy()
    others[clips, problem.labels] = -1
    ranks = (others.max(axis=1) - p[clips, problem.labels]) / 4  # normalized margin, below 1 / 2
    ranks[issues] += 1  # the issues first
    with contextlib.redirect_stdout(io.StringIO()):
        lab = Datalab({"label": problem.labels}, label_name="label", verbosity=0)
        lab.find_issues(pred_probs=p, features=problem.vectors, issue_types={"label": {}})
    datalab = 1 - lab.get_issues("label")["label_score"].to_numpy()
    return {"cleanlab find_label_issues": ranks, "cleanlab Datalab": datalab}


def auroc(is_wrong: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    """Return the share of pairs in which the wrong label has the higher score; ties count half."""
    n_wrong, n_right = is_wrong.sum(), (~is_wrong).sum()
    above = rankdata(scores)[is_wrong].sum() - n_wrong * (n_wrong + 1) / 2
    return float(above / (n_wrong * n_right))


def precision_at(is_wrong: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    """Return the share of wrong labels among the most suspicious tenth."""
    first = np.argsort(-scores, kind="stable")[: round(0.1 * len(scores))]
    return float(is_wrong[first].mean())


def bins_of(p_wrong: NDArray[np.float64], is_wrong: NDArray[np.bool_]) -> pd.DataFrame:
    """Return bins of the probability: clips, mean probability and share of wrong labels of each."""
    clips = pd.DataFrame({"p_wrong": p_wrong, "wrong": is_wrong, "clips": 1})
    groups = clips.groupby(np.minimum((p_wrong * 10).astype(int), 9))
    return groups.agg({"p_wrong": "mean", "wrong": "mean", "clips": "sum"})


def calibration_error(is_wrong: NDArray[np.bool_], p_wrong: NDArray[np.float64]) -> float:
    """Return the expected calibration error of probabilities that a label is wrong, in ten bins."""
    bins = bins_of(p_wrong, is_wrong)
    gaps = (bins["p_wrong"] - bins["wrong"]).abs()
    return float((bins["clips"] * gaps).sum() / bins["clips"].sum())


def reliability_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the bins of each set and noise, all draws together."""
    tables = {}
    for key, draws in table.dropna(subset=JUDGED).groupby(["set", "noise"], sort=False)[JUDGED]:
        p_wrong, is_wrong = (np.concatenate(parts) for parts in zip(*draws, strict=True))
        tables[key] = bins_of(p_wrong, is_wrong)
    return pd.concat(tables, names=["set", "noise", "bin"]).reset_index()


def draw_reliability(bins: pd.DataFrame, out: Path) -> None:
    """Draw the share of wrong labels by their probability, a panel for each set.

    The area of a point is proportional to the number of its clips.
    """
    names = list(bins["set"].unique())
    for file, style in (("light", "default"), ("dark", "dark_background")):
        with matplotlib.style.context(style):
            figure = Figure(figsize=(4 * len(names), 4), layout="constrained")
            panels = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
            for panel, name in zip(panels, names, strict=True):
                panel.plot([0, 1], [0, 1], ":", color="gray")
                of_set = bins[bins["set"] == name]
                for noise, line in of_set.groupby("noise", sort=False):
                    points = panel.scatter(
                        line["p_wrong"], line["wrong"], line["clips"] * AREA_OF_A_CLIP, label=noise
                    )
                    color = points.get_facecolor()
                    panel.plot(line["p_wrong"], line["wrong"], color=color, linewidth=0.5)
                panel.set(title=name, xlabel="probability that the label is wrong")
            panels[0].set_ylabel("share of labels that are wrong")
            handles, labels = panels[-1].get_legend_handles_labels()
            legend = figure.legend(handles, labels, loc="outside right center", frameon=False)
            for handle in legend.legend_handles:
                handle.set_sizes([20])
            figure.savefig(out / f"reliability-{file}.png", dpi=150)


def compare(name: str, whole: Problem, seeds: int) -> list[dict[str, object]]:
    """Return a row for each way and each draw of wrong labels."""
    rows = []
    for kind, rate, seed, problem in problems(whole, seeds):
        clean = audit_of(problem, seed)
        is_wrong = problem.is_wrong
        key = {"set": name, "noise": f"{kind} {100 * rate:.0f}%", "seed": seed}
        for way, scores in {**suspicions(problem, seed), AUDIT: clean.p_wrong}.items():
            row = {"AUROC": auroc(is_wrong, scores), "top tenth": precision_at(is_wrong, scores)}
            if way == AUDIT:
                low, high = clean.interval
                row |= {
                    "calibration error": calibration_error(is_wrong, clean.p_wrong),
                    "rate off by": clean.noise_rate - is_wrong.mean(),
                    "rate in interval": float(low <= is_wrong.mean() <= high),
                    JUDGED: (clean.p_wrong, is_wrong),
                }
            rows.append({**key, "way": way, **row})
    return rows


def gains(table: pd.DataFrame) -> pd.DataFrame:
    """Return how far audit is above every other way: mean, interval, and the worst set and kind."""
    wide = table.pivot_table(index=["set", "noise", "seed"], columns="way", values="AUROC")
    lines = {}
    for way in wide.columns.drop(AUDIT):
        gain = (wide[AUDIT] - wide[way]).dropna()
        by_draw = gain.groupby(["set", "noise"]).mean()
        low, high = t_interval(by_draw)
        worst = by_draw.idxmin()
        lines[f"audit above {way}"] = {
            "AUROC": f"{by_draw.mean():+.3f} ({low:+.3f} - {high:+.3f})",
            "worst": f"{by_draw.min():+.3f} ({', '.join(worst)})",
        }
    return pd.DataFrame(lines).T


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", help="clips with true labels, or synthetic:SIZE")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True, help="folder of stores and tables")
    arguments = parser.parse_args()
    rows = []
    for source in arguments.sets:
        whole = embedded(source, arguments.out)
        rows += compare(Path(source).stem.partition(":")[0], whole, arguments.seeds)
    table = pd.DataFrame(rows)
    bins = reliability_table(table)
    bins.to_csv(arguments.out / "reliability.csv", index=False)
    draw_reliability(bins, arguments.out)
    table = table.drop(columns=JUDGED)
    table.to_csv(arguments.out / "scores.csv", index=False)
    keys = ["set", "noise"]
    for value in ("AUROC", "top tenth"):
        means = table.pivot_table(index=keys, columns="way", values=value, sort=False)
        print(f"{value}\n{means.to_string(float_format='{:.3f}'.format)}")
    of_audit = table[table["way"] == AUDIT].groupby(keys, sort=False)
    columns = ["calibration error", "rate off by", "rate in interval"]
    print(of_audit[columns].mean().to_string(float_format="{:.3f}".format))
    print(gains(table).to_string())
