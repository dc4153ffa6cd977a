"""The demo: pre-training and evaluation on synthetic sounds, and a page with the results."""

import dataclasses
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from soundalike import __version__
from soundalike.audio.log_mel import LogMel
from soundalike.audio.waveform import read_waveform
from soundalike.datasets.fsdnoisy18k import read_layout
from soundalike.datasets.prepare import prepare
from soundalike.datasets.splits import evaluation_splits, training_clips
from soundalike.datasets.store import Store
from soundalike.datasets.synthetic import clip_records, write_synthetic
from soundalike.demo.duration import demo_seconds
from soundalike.demo.report_page import write_demo_report
from soundalike.demo.story import DemoStory, Predictions
from soundalike.demo.wrong_labels import WrongLabels, find_wrong_labels
from soundalike.downstream.features import Features
from soundalike.downstream.protocols import score_representations
from soundalike.downstream.representations import (
    EMBEDDINGS,
    LOG_MEL,
    PRETRAINED,
    UNTRAINED,
    representations,
)
from soundalike.downstream.verdict import Verdict, verdict
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.score_table import ScoreRow, score_table
from soundalike.recipes.recipe import read_recipe, recipe_text
from soundalike.recipes.sections import Recipe
from soundalike.report.sample_views import make_pairs
from soundalike.report.view_samples import View
from soundalike.runtime.atomic import remove_partial_files, write_json
from soundalike.runtime.counts import counted
from soundalike.runtime.lock import locked
from soundalike.training.pretraining import PretrainResult, pretrain
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.training.run_folder import RunFolder

SIZE = "small"
SOUNDS, PAGE, RESULT = "sounds", "report.html", "report.json"
TRAINING_SECONDS = 60
N_VIEW_PAIRS = 6
FEW_STEPS = 20  # of training; scores after fewer say nothing about pre-training
NEXT_STEPS = {
    "Scan your own sounds": "soundalike scan FOLDER",
    "Pre-train on them": "soundalike pretrain FOLDER --out runs/mine",
    "Evaluate the model": "soundalike evaluate runs/mine FOLDER",
    "Classify other sounds": "soundalike classify runs/mine MORE --out names.csv",
    "Embed every window into an archive": "soundalike embed runs/mine FOLDER --out archive",
    "Find wrong labels": "soundalike audit runs/mine FOLDER --out audit",
    "Search it by a sound": "soundalike search archive SOUND",
}


@dataclass(frozen=True)
class DemoResult:
    """What is in ``report.json``.

    Args:
        log_mel_linear: balanced accuracy of a linear classifier on log-mel statistics.
        untrained_linear: the same on an untrained encoder.
        pretrained_linear: the same on the pretrained encoder.
        knn: balanced accuracy of nearest neighbors on the pretrained encoder.
        table: all scores: representation, protocol, score, interval, accuracy.
        seconds: duration of the demo.
        verdict: whether pre-training helped, in words; warns of a training below `FEW_STEPS`.
        wrong_labels: the most suspicious labels, and which of them are truly wrong.
    """

    log_mel_linear: float
    untrained_linear: float
    pretrained_linear: float
    knn: float
    table: list[dict[str, Any]]
    seconds: float
    verdict: str
    wrong_labels: WrongLabels


def run_demo(
    out: Path, recipe_name: str = "quick", training_seconds: float = TRAINING_SECONDS
) -> DemoResult:
    """Synthesize sounds, pre-train on them, evaluate, and write a report.

    Writes ``report.html`` and ``report.json``, and on standard error how long it will take. An
    interrupted demo resumes.

    Args:
        out: folder for everything.
        recipe_name: recipe of the pre-training.
        training_seconds: time for pre-training: a faster machine takes more steps.

    Raises:
        KeyboardInterrupt: training was interrupted.
        InUseError: another demo is at work in the folder.
    """
    start = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        remove_partial_files(*(out / name for name in (SOUNDS, EMBEDDINGS, PAGE, RESULT)))
        if not (out / "store").exists():  # of an interrupted demo, which takes less time
            minutes = demo_seconds(SIZE, training_seconds) / 60
            print(f"the demo takes about {minutes:.1f} minutes here", file=sys.stderr)
        result = _run_demo(out, recipe_name, training_seconds, start)
        write_json(out / RESULT, dataclasses.asdict(result))
    return result


def _run_demo(out: Path, recipe_name: str, training_seconds: float, start: float) -> DemoResult:
    """Do everything but write the result as JSON."""
    recipe = read_recipe(recipe_name, PRETRAINING)
    store, run = _prepare(out, recipe)
    training = pretrain(store, run, recipe, seconds=training_seconds)
    if not training.is_finished:
        raise KeyboardInterrupt
    model = SoundEncoder.load(run.encoder)
    splits, classes = evaluation_splits(store), store.clips.classes
    features = representations(model, store, splits[0].train, 0, out / EMBEDDINGS)
    results = score_representations(features, splits)
    scores = {key: out_of_fold.scores for key, out_of_fold in results.items()}
    in_test = np.concatenate([split.test for split in splits])
    test = store.select(in_test)
    labels = test.clips.labels(classes).values
    rows = score_table(labels, scores, classes)
    answer = with_warning(verdict(rows, len(labels), len(labels)), training.n_steps)
    wrong_labels, excerpts = find_wrong_labels(store, features[PRETRAINED], SIZE)

    story = DemoStory(
        verdict=answer,
        facts=_facts(store, training),
        views=_view_pairs(store, recipe),
        metrics=pd.read_csv(run.metrics),
        classes=[_readable(name) for name in classes],
        clips=_map(features[PRETRAINED].select(in_test), test).assign(label=labels),
        sounds=[
            read_waveform(path, store.front_end.sample_rate) for path in test.clips.rows["path"]
        ],
        predictions=[
            Predictions(representation, protocol, class_scores.argmax(axis=1))
            for (protocol, representation), class_scores in scores.items()
        ],
        wrong_labels=wrong_labels,
        excerpts=excerpts,
        sample_rate=store.front_end.sample_rate,
        commands=["soundalike demo"],
        recipe=recipe_text(recipe_name),
        versions={
            "soundalike": __version__,
            "torch": torch.__version__,
            "Python": platform.python_version(),
        },
        next_steps=NEXT_STEPS,
    )
    write_demo_report(out / PAGE, story)
    seconds = round(time.monotonic() - start, 1)
    return _result(rows, answer, wrong_labels, seconds)


def with_warning(answer: Verdict, n_steps: int) -> Verdict:
    """Return a verdict that says so if there were hardly any training steps."""
    if n_steps >= FEW_STEPS:
        return answer
    warning = (
        f"Training took only {counted(n_steps, 'step')}, since this machine is slow or busy, so "
        "these scores say little about pre-training."
    )
    return dataclasses.replace(answer, sentence=f"{answer.sentence} {warning}")


def _prepare(out: Path, recipe: Recipe) -> tuple[Store, RunFolder]:
    """Write the sounds and prepare them; return the store and the run folder."""
    source = f"synthetic:{SIZE}"
    sounds = write_synthetic(out / SOUNDS, SIZE)
    store = prepare(read_layout(source, sounds), out / "store", LogMel(**recipe["front_end"]))
    run = RunFolder(out / "run")
    run.configure(source=source, clips=store.fingerprint, test_fold=None, recipe=recipe)
    return store, run


def _result(
    rows: list[ScoreRow], answer: Verdict, wrong_labels: WrongLabels, seconds: float
) -> DemoResult:
    score = {(row.representation, row.protocol): row.score for row in rows}
    columns = ("representation", "protocol", "score", "interval", "accuracy")
    return DemoResult(
        log_mel_linear=score[LOG_MEL, "linear"],
        untrained_linear=score[UNTRAINED, "linear"],
        pretrained_linear=score[PRETRAINED, "linear"],
        knn=score[PRETRAINED, "knn"],
        table=[{column: getattr(row, column) for column in columns} for row in rows],
        seconds=seconds,
        verdict=answer.sentence,
        wrong_labels=wrong_labels,
    )


def _facts(store: Store, training: PretrainResult) -> dict[str, str]:
    train = store.select(training_clips(store.clips))
    return {
        "training clips": f"{len(train.clips):,}",
        "training audio": f"{train.hours * 60:.0f} min",
        "labels used for training": "0",
        "steps": f"{training.n_steps:,}",
        "training time": f"{training.seconds:.0f} s",
    }


def _view_pairs(store: Store, recipe: Recipe) -> list[tuple[View, View]]:
    """Make the views of a few clips of different classes, as the first training step makes them.

    Clips with a wrong label are skipped: readers would take them for a mistake.
    """
    train = store.select(training_clips(store.clips))
    correct = {record.fname for record in clip_records(SIZE) if record.label == record.true_label}
    is_correct = [Path(path).name in correct for path in train.clips.rows["path"]]
    labels = train.clips.rows["label"]
    indices = np.array(labels[is_correct].drop_duplicates().index[:N_VIEW_PAIRS])
    return make_pairs(train.in_memory(), recipe["views"], indices, recipe["training"]["seed"])


def _map(features: Features, test: Store) -> pd.DataFrame:
    """Place clips that sound alike close together (t-SNE; van der Maaten and Hinton 2008)."""
    from sklearn.manifold import TSNE  # slow to import

    # The sum of the windows of each clip; the cosine does not depend on their number.
    sums = torch.zeros(len(test.clips), features.vectors.shape[1])
    sums.index_add_(0, features.clips, features.vectors)
    places = TSNE(metric="cosine", init="pca", random_state=0).fit_transform(sums.numpy())
    return pd.DataFrame({"path": test.clips.rows["path"], "x": places[:, 0], "y": places[:, 1]})


def _readable(name: str) -> str:
    return name.replace("_", " ")
