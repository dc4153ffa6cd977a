"""Evaluate a model on a source, and keep the results and what was learned where they are found."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.prepare import open_or_prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.datasets.store import Store, is_store, open_store
from soundalike.downstream.features import PRETRAINED, embeddings
from soundalike.downstream.finetuning import fine_tune
from soundalike.downstream.linear import linear_classifier
from soundalike.downstream.protocols import PROTOCOLS, Scores, evaluate
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.metrics import metric_name
from soundalike.evaluation.score_table import score_table
from soundalike.evaluation.thresholds import calibrate_threshold
from soundalike.pretrained import SHIPPED_MODELS
from soundalike.recipes.recipe import read_recipe
from soundalike.recipes.sections import Recipe
from soundalike.runtime.atomic import atomic_write
from soundalike.runtime.hardware import choose_hardware
from soundalike.training.run_folder import RunFolder, read_run_config

FINETUNE, SCRATCH = "finetune", "from scratch"


def evaluate_run(
    model_name: str | Path,
    source: str,
    protocols: list[str],
    out: Path | None = None,
    *,
    task: str = "noisy",
    recipe: Recipe | None = None,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, Any]:
    """Evaluate a run or a model folder; write ``results.json`` and ``predictions.csv``.

    A run that did not hear one fold of the source is tested on that fold alone. What was learned is
    kept for `soundalike classify`: ``linear`` and ``finetune`` hold a classifier each.

    Args:
        model_name: run folder, model folder, or the name of a model that comes with the package.
        source: labeled clips.
        protocols: keys of `soundalike.downstream.protocols.PROTOCOLS`, or "finetune".
        out: folder of the results, and of a store where none is at hand; by default one of the
            source's name below ``evaluation`` in the model's folder, or in this one for one that
            comes with the package.
        task: which labels are learned from, as `evaluation_splits` takes it.
        recipe: of the fine-tuning; by default the paper's.
        seed: of the untrained encoder, the classifiers and the interval.
        progress: whether to show progress bars.

    Returns:
        What is in ``results.json``: the `rows` of the table, their `metric`, what was evaluated,
        and whether pre-training `heard_test_clips` (without their labels).

    Raises:
        ModelError: the model cannot be loaded.
        SourceError: the source cannot be used, or nothing in it can be tested.
        RecipeError: a value of the recipe will not do.
        KeyboardInterrupt: fine-tuning was stopped; the same call goes on.
    """
    model = SoundEncoder.from_pretrained(model_name).to(choose_hardware().accelerator)
    clips = read_source(source)
    name = clips.name.replace(":", "-") + ("" if task == "noisy" else f"-{task}")
    folder = Path() if str(model_name) in SHIPPED_MODELS else Path(model_name)
    out = out or folder / "evaluation" / name
    config = {} if str(model_name) in SHIPPED_MODELS else read_run_config(folder)
    store = _store(folder, source, clips, model, out, progress)
    store = store.select(np.flatnonzero(store.clips.rows["label"] != ""))
    splits = evaluation_splits(store, task, seed)
    same_clips = config.get("clips") == store.fingerprint
    if same_clips and (test_fold := config.get("test_fold")) is not None:
        splits = [split for split in splits if split.name == f"fold {test_fold}"]
    evaluation = _Evaluation(model, store, splits, out, seed, progress)
    scores: Scores = {}
    if frozen := [protocol for protocol in protocols if protocol in PROTOCOLS]:
        scores |= evaluation.of_frozen_ear(frozen)
    if FINETUNE in protocols:
        scores |= evaluation.of_fine_tuning(recipe or read_recipe(FINETUNE, SUPERVISED))

    classes = store.clips.classes
    test_clips = np.concatenate([split.test for split in splits])
    labels = store.clips.labels().values[test_clips]
    results = {
        "model": str(model_name),
        "source": source,
        "splits": [split.name for split in splits],
        "n_test_clips": len(labels),
        "heard_test_clips": same_clips and not _was_held_out(store, config),
        "seed": seed,
        "out": str(out),
        "metric": metric_name(labels),
        "rows": score_table(labels, scores, classes, seed),
    }
    out.mkdir(parents=True, exist_ok=True)
    with atomic_write(out / "predictions.csv") as path:
        _predictions(store.clips, test_clips, scores).to_csv(path, index=False)
    with atomic_write(out / "results.json") as path:
        path.write_text(json.dumps(results, indent=1) + "\n")
    return results


class _Evaluation:
    """The rounds of an evaluation, and the classifier that each way of learning leaves.

    With one round the classifier is that round's. With several, one for each fold, it learns from
    the clips of all folds, and what the rounds said of them calibrates it.
    """

    def __init__(
        self,
        model: SoundEncoder,
        store: Store,
        splits: list[Split],
        out: Path,
        seed: int,
        progress: bool,
    ) -> None:
        self.model = model
        self.store = store
        self.splits = splits
        self.out = out
        self.seed = seed
        self.progress = progress
        self.labels = store.clips.labels().values

    def of_frozen_ear(self, protocols: list[str]) -> Scores:
        """Evaluate by protocols that leave the model as it is; keep the linear classifier."""
        heard = embeddings(self.model, self.store)
        scores = evaluate(
            self.model, self.store, self.splits, protocols,
            heard=heard, seed=self.seed, progress=self.progress,
        )  # fmt: skip
        if "linear" in protocols:
            split = self._kept_round()
            classifier = linear_classifier(self.model, self.store, heard, split, self.seed)
            self._keep(classifier, self.out / "linear", split, scores["linear", PRETRAINED])
        return scores

    def of_fine_tuning(self, recipe: Recipe) -> Scores:
        """Train end to end from the model, and from scratch if the recipe can; keep the result."""
        recipe = recipe | {
            "encoder": self.model.encoder_settings,
            "training": recipe["training"]
            | {
                "patch_frames": self.model.patch_frames,
                "align_last_window": self.model.windows.align_last,
                "seed": self.seed,
            },
        }
        kept = self._kept_round()
        needs_ear = recipe["training"]["linear_probe_init"]
        starts = [PRETRAINED] if needs_ear else [SCRATCH, PRETRAINED]
        rounds = [(start, split) for start in starts for split in self.splits]
        if len(self.splits) > 1:
            rounds.append((PRETRAINED, kept))
        found: dict[str, list[np.ndarray]] = {start: [] for start in starts}
        for number, (start, split) in enumerate(rounds, 1):
            if self.progress:
                print(f"training {number} of {len(rounds)}: {start}, {split.name}", file=sys.stderr)
            is_kept = start == PRETRAINED and split is kept
            folder = FINETUNE if is_kept else f"rounds/{start}-{split.name}".replace(" ", "-")
            model = self.model if start == PRETRAINED else None
            found[start].append(self._fine_tune(split, self.out / folder, recipe, model))
        scores = {(FINETUNE, start): np.concatenate(parts) for start, parts in found.items()}
        classifier = SoundClassifier.load(self.out / FINETUNE)
        self._keep(classifier, self.out / FINETUNE, kept, scores[FINETUNE, PRETRAINED])
        return scores

    def _fine_tune(
        self, split: Split, folder: Path, recipe: Recipe, model: SoundEncoder | None
    ) -> np.ndarray:
        run = RunFolder(folder)
        run.configure(
            clips=self.store.fingerprint,
            split=split.name,
            pretrained=model is not None,
            recipe=recipe,
        )
        return fine_tune(self.store, split, run, recipe, model=model, progress=self.progress).scores

    def _kept_round(self) -> Split:
        if len(self.splits) == 1:
            return self.splits[0]
        nothing = np.zeros(0, dtype=np.int64)
        return Split("all folds", self._tested(), nothing, nothing)

    def _tested(self) -> np.ndarray:
        return np.concatenate([split.test for split in self.splits])

    def _keep(
        self, classifier: SoundClassifier, folder: Path, split: Split, test_scores: np.ndarray
    ) -> None:
        """Calibrate a classifier by clips that it did not learn from, and save it."""
        if len(split.validation):
            labels = self.labels[split.validation]
            scores = classifier.clip_probabilities(self.store.select(split.validation))
        else:
            labels, scores = self.labels[self._tested()], test_scores
        classifier.threshold = calibrate_threshold(labels, scores)
        classifier.save(folder)


def _store(
    model_name: Path, source: str, clips: ClipTable, model: SoundEncoder, out: Path, progress: bool
) -> Store:
    """Open the run's own store where it holds the source's clips, otherwise make one."""
    own = model_name / "store"
    if is_store(own) and not is_store(Path(source)):
        store = open_store(own)
        if store.fingerprint == clips.fingerprint() and store.front_end == model.front_end:
            return store
    return open_or_prepare(source, out / "store", model.front_end, progress=progress)


def _was_held_out(store: Store, config: dict[str, Any]) -> bool:
    return store.clips.has_splits or config.get("test_fold") is not None


def _predictions(clips: ClipTable, test_clips: np.ndarray, scores: Scores) -> pd.DataFrame:
    """Return what each way of classifying says of every test clip."""
    labels = clips.labels()
    names = np.array(labels.classes)
    columns = {
        f"{protocol}, {representation}": [";".join(names[row]) for row in found >= 0.5]
        if labels.is_multi_label
        else names[found.argmax(axis=1)]
        for (protocol, representation), found in scores.items()
    }
    return clips.rows.iloc[test_clips][["path", "label", "split", "fold"]].assign(**columns)
