"""Evaluate a model on labeled clips: a table of scores, predictions, and classifiers to use."""

import dataclasses
import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.hollow import notes_on_scores
from soundalike.datasets.source import read_source
from soundalike.datasets.splits import Split
from soundalike.datasets.store import PROBLEMS, Store
from soundalike.downstream.cross_validation import OutOfFold, cross_validate, final_classifier
from soundalike.downstream.evaluation_result import EvaluationResult
from soundalike.downstream.finetuning import FineTuned, fine_tune
from soundalike.downstream.linear import LinearClassifier, fit_linear
from soundalike.downstream.linear_method import tolerant_method
from soundalike.downstream.linear_with_loss import Loss
from soundalike.downstream.predictions import predictions
from soundalike.downstream.protocols import PROTOCOLS, score_representations
from soundalike.downstream.representations import (
    EMBEDDINGS,
    PRETRAINED,
    SCRATCH,
    representations,
)
from soundalike.downstream.supervised import check_recipe
from soundalike.downstream.supervised_recipe import SUPERVISED, recipe_for
from soundalike.downstream.tested_clips import clips_to_test, results_folder
from soundalike.downstream.verdict import verdict
from soundalike.embedding.known_sounds import KnownSounds
from soundalike.embedding.model_path import run_of
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.metrics import METRIC_NAMES
from soundalike.evaluation.score_table import score_table
from soundalike.recipes.recipe import read_recipe
from soundalike.recipes.sections import Recipe
from soundalike.runtime.atomic import atomic_write, remove_partial_files, write_json
from soundalike.runtime.folders import output_folder
from soundalike.runtime.freed_memory import keep_freed_memory
from soundalike.runtime.hardware import choose_hardware
from soundalike.runtime.heartbeat import working_on
from soundalike.runtime.lock import locked
from soundalike.training.run_folder import RunFolder, read_training_audio
from soundalike.training.training_notes import notes_on_training

FINETUNE, LINEAR = "finetune", "linear"
RESULTS, PREDICTIONS = "results.json", "predictions.csv"

Results = dict[tuple[str, str], OutOfFold]
"""Out-of-fold scores by protocol and representation."""


def evaluate(
    model: str | Path,
    source: str,
    protocols: Sequence[str] = ("linear", "knn"),
    out: Path | None = None,
    *,
    task: str = "noisy",
    recipe: Recipe | None = None,
    clips: ClipTable | None = None,
    seed: int = 0,
    loss: Loss | None = None,
    soft_labels: bool = False,
    progress: bool = True,
) -> EvaluationResult:
    """Score a model and its baselines; write ``results.json`` and ``predictions.csv``.

    The features stay in the folder of the results, so another call that needs them starts at once.

    A run that left one fold of the source out of pre-training is tested on that fold only. The
    protocols "linear" and "finetune" also save a classifier for `soundalike classify`.

    Args:
        model: run folder, model folder, or name of a shipped model.
        source: labeled clips.
        protocols: keys of `soundalike.downstream.protocols.PROTOCOLS`, or "finetune".
        out: folder of results, classifiers, and a store if one has to be prepared. By default
            ``evaluation/SOURCE`` in the model's folder; for a shipped model, in the working folder.
        task: which clips train, as for `evaluation_splits`.
        recipe: of the fine-tuning; by default the paper's.
        clips: the clips of the source, if it has been read.
        seed: random seed of the untrained encoder, the classifiers and the interval.
        loss: section `loss` of a resolved recipe: linear classifiers are trained by SGD with this
            loss. By default they are logistic regressions.
        soft_labels: If true, linear classifiers are fitted to the probable true classes of clips,
            as an audit finds them; without `loss`.
        progress: If true, progress bars are shown on standard error.

    Raises:
        ModelError: the model cannot be loaded.
        SourceError: the source cannot be used, or has nothing to test.
        RecipeError: a value of the recipe cannot be used.
        InUseError: another run is writing to the folder.
        KeyboardInterrupt: fine-tuning was interrupted; the same call resumes it.
    """
    fit, notes = tolerant_method(loss) if loss or soft_labels else (fit_linear, [])
    if FINETUNE in protocols:
        recipe = recipe or read_recipe(FINETUNE, SUPERVISED)
        check_recipe(recipe)
    keep_freed_memory()
    encoder = SoundEncoder.from_pretrained(model).to(choose_hardware().accelerator)
    run = run_of(model)
    clips = read_source(source) if clips is None else clips
    out = out or results_folder(run, clips, task)
    with output_folder(out), locked(out):
        remove_partial_files(*(out / name for name in (RESULTS, PREDICTIONS, EMBEDDINGS, LINEAR)))
        store, splits, n_unlabeled = clips_to_test(
            run, source, clips, encoder, out, task=task, seed=seed, progress=progress
        )
        experiment = _Experiment(encoder, store, splits, out, seed, progress, fit)
        results = _score_frozen(experiment, protocols)
        if recipe and FINETUNE in protocols:
            results |= _score_fine_tuning(experiment, recipe)
        scores = {key: out_of_fold.scores for key, out_of_fold in results.items()}
        tested = np.concatenate([split.test for split in splits])
        values, recordings = store.clips.labels().values[tested], store.recordings[tested]
        with working_on("confidence intervals", is_shown=progress):
            rows = score_table(values, scores, store.clips.classes, seed, recordings)
        training_audio = read_training_audio(run)
        result = EvaluationResult(
            verdict=verdict(rows, len(tested), len(set(recordings)), run is None),
            model=str(model),
            source=source,
            task=task,
            splits=[split.name for split in splits],
            classes=store.clips.classes,
            n_test_clips=len(tested),
            pretrained_on_test_clips=bool(np.isin(store.audio[tested], training_audio).any()),
            seed=seed,
            out=str(out),
            store=str(store.path),
            metric=METRIC_NAMES[values.ndim],
            rows=rows,
            notes=notes_on_training(run) + notes_on_scores(store, splits, n_unlabeled) + notes,
            n_problems=store.n_problems,
            problems=str(store.path / PROBLEMS) if store.n_problems else None,
        )
        with atomic_write(out / PREDICTIONS) as path:
            predictions(store, splits, scores).to_csv(path, index=False)
        write_json(out / RESULTS, dataclasses.asdict(result))  # the last file
    return result


@dataclass(frozen=True)
class _Experiment:
    """The model, the labeled clips of the source, and the splits of one evaluation."""

    model: SoundEncoder
    store: Store
    splits: list[Split]
    out: Path
    seed: int
    progress: bool
    fit_linear: Callable[..., LinearClassifier]


def _score_frozen(experiment: _Experiment, protocols: Sequence[str]) -> Results:
    """Score the model and its baselines by those of the protocols that do not change it."""
    protocols = [protocol for protocol in protocols if protocol in PROTOCOLS]
    if not protocols:
        return {}
    model, splits, seed = experiment.model, experiment.splits, experiment.seed
    # The first split's training clips: the untrained encoder is embedded once, not once per split.
    features = representations(
        model,
        experiment.store,
        splits[0].train,
        seed,
        experiment.out / EMBEDDINGS,
        experiment.progress,
    )
    fits = PROTOCOLS | {LINEAR: experiment.fit_linear}
    results = score_representations(
        features, splits, protocols, fits=fits, seed=seed, progress=experiment.progress
    )
    if LINEAR in protocols:
        labels = features[PRETRAINED].labels
        fit = functools.partial(experiment.fit_linear, seed=seed)
        out_of_fold = results[LINEAR, PRETRAINED]
        with working_on("fit the final classifier", is_shown=experiment.progress):
            linear, temperature, threshold = final_classifier(
                features[PRETRAINED], labels.values, fit, splits, out_of_fold
            )
        classifier = SoundClassifier(
            model,
            labels.classes,
            multi_label=labels.is_multi_label,
            temperature=temperature,
            threshold=threshold,
        )
        linear.copy_to(classifier)
        if linear.known:
            held_out = [
                each.known.scores(features[PRETRAINED].select(audible)).max(axis=1)
                for each, split in zip(out_of_fold.classifiers, splits, strict=True)
                if len(audible := split.test[experiment.store.audio[split.test] != b""])
            ]
            classifier.known = KnownSounds.of(linear.known.probe, np.concatenate(held_out))
        classifier.save(experiment.out / LINEAR)
    return results


def _score_fine_tuning(experiment: _Experiment, recipe: Recipe) -> Results:
    """Train end to end from the model, and from scratch unless the recipe starts at a probe."""
    model, splits = experiment.model, experiment.splits
    recipe = recipe_for(model, recipe, experiment.seed)

    def fit_from(start: str, store: Store, split: Split) -> FineTuned:
        is_final = start == PRETRAINED and (len(splits) == 1 or split not in splits)
        # Folds may have any names, such as "a b" and "a-b", and each gets a folder of its own.
        of_split = quote(split.name, safe="").replace("%20", "-", 1)
        name = FINETUNE if is_final else f"rounds/{start.replace(' ', '-')}-{of_split}"
        if experiment.progress:
            print(f"training on {split.name}, {start}", file=sys.stderr)
        run = RunFolder(experiment.out / name)
        init = model if start == PRETRAINED else None
        model_key = init.fingerprint() if init else None
        run.configure(clips=store.fingerprint, split=split.name, model=model_key, recipe=recipe)
        return fine_tune(
            store, split, run, recipe,
            model=init, n_more=next(n_more), progress=experiment.progress,
        )  # fmt: skip

    store = experiment.store
    results: Results = {}
    starts = [PRETRAINED] if recipe["training"]["linear_probe_init"] else [SCRATCH, PRETRAINED]
    n_trainings = len(starts) * len(splits) + (len(splits) > 1)
    n_more = iter(range(n_trainings)[::-1])
    for start in starts:
        fit = functools.partial(fit_from, start)
        results[FINETUNE, start] = cross_validate(store, fit, splits)
    fit_pretrained = functools.partial(fit_from, PRETRAINED)
    out_of_fold, labels = results[FINETUNE, PRETRAINED], store.clips.labels()
    final, temperature, threshold = final_classifier(
        store, labels.values, fit_pretrained, splits, out_of_fold
    )
    final.classifier.temperature, final.classifier.threshold = temperature, threshold
    final.classifier.save(experiment.out / FINETUNE)
    return results
