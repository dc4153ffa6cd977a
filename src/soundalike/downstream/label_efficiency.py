"""Few-shot evaluation: how good a model and its baselines are with a few labels per class.

few_shot.json   the result
few_shot.csv    a row for each method, number of labels, seed and fold
few_shot/       the answers of all classifiers: an interrupted run resumes, and more seeds, numbers
                of labels or methods only add to them

All methods get the same labels: those of `soundalike.downstream.few_shot_draws`.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.hollow import notes_on_scores
from soundalike.datasets.source import read_source
from soundalike.downstream.few_shot_curves import Answers, answer_table, curves_of
from soundalike.downstream.few_shot_draws import distinct_amounts, draws, notes_on_amounts
from soundalike.downstream.few_shot_experiment import FOLDER, FewShotExperiment
from soundalike.downstream.few_shot_methods import FROZEN, METHODS, TRAININGS
from soundalike.downstream.label_efficiency_result import LabelEfficiencyResult
from soundalike.downstream.label_saving import label_saving
from soundalike.downstream.representations import EMBEDDINGS
from soundalike.downstream.supervised import check_recipe
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.downstream.tested_clips import clips_to_test, results_folder
from soundalike.embedding.model_path import run_of
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.recipes.recipe import read_recipe
from soundalike.recipes.sections import Recipe
from soundalike.runtime.atomic import atomic_write, remove_partial_files, write_json
from soundalike.runtime.folders import output_folder
from soundalike.runtime.freed_memory import keep_freed_memory
from soundalike.runtime.hardware import choose_hardware
from soundalike.runtime.heartbeat import working_on
from soundalike.runtime.lock import locked
from soundalike.training.run_folder import read_training_audio
from soundalike.training.training_notes import notes_on_training

AMOUNTS = (1, 2, 5, 10, 20, None)
N_SEEDS = 5
RECIPE = "few_labels"
RESULT, TABLE = "few_shot.json", "few_shot.csv"


def label_efficiency(
    model: str | Path,
    source: str,
    methods: Sequence[str] = FROZEN,
    out: Path | None = None,
    *,
    amounts: Sequence[int | None] = AMOUNTS,
    n_seeds: int = N_SEEDS,
    task: str = "noisy",
    recipe: Recipe | None = None,
    clips: ClipTable | None = None,
    seed: int = 0,
    progress: bool = True,
) -> LabelEfficiencyResult:
    """Score a model and its baselines with few labels; write ``few_shot.json`` and a table.

    Args:
        model: run folder, model folder, or name of a shipped model.
        source: labeled clips that have one class each.
        methods: keys of `METHODS`, one of the model at least.
        out: folder of the results, as for `soundalike.downstream.evaluate.evaluate`.
        amounts: numbers of labels per class; None for all.
        n_seeds: number of random draws of labels.
        task: which clips train, as for `evaluation_splits`.
        recipe: of fine-tuning and from scratch; by default `RECIPE`.
        clips: the clips of the source, if it has been read.
        seed: random seed of the first draw; the next ones follow.
        progress: If true, progress bars are shown on standard error.

    Raises:
        ModelError: the model cannot be loaded.
        SourceError: the source cannot be used, or its clips have several classes.
        RecipeError: a value of the recipe cannot be used.
        InUseError: another run is writing to the folder.
        TrainingError: the loss of a training is not finite.
        KeyboardInterrupt: a training was interrupted; the same call resumes it.
    """
    if set(methods) & set(TRAININGS):
        recipe = recipe or read_recipe(RECIPE, SUPERVISED)
        check_recipe(recipe)
    keep_freed_memory()
    encoder = SoundEncoder.from_pretrained(model).to(choose_hardware().accelerator)
    run = run_of(model)
    clips = read_source(source) if clips is None else clips
    _refuse_several_labels(clips)
    out = out or results_folder(run, clips, task)
    with output_folder(out), locked(out):
        remove_partial_files(*(out / name for name in (RESULT, TABLE, EMBEDDINGS, FOLDER)))
        store, splits, n_unlabeled = clips_to_test(
            run, source, clips, encoder, out, task=task, seed=seed, progress=progress
        )
        labels, seeds = store.clips.labels().values, range(seed, seed + n_seeds)
        distinct = distinct_amounts(amounts, splits, labels)
        every_draw = list(draws(splits, labels, store.recordings, distinct, seeds))
        experiment = FewShotExperiment(encoder, store, splits, every_draw, out, seed, progress)
        answers = _answers(experiment, methods, recipe)
        with working_on("confidence intervals", is_shown=progress):
            curves = curves_of(answers, distinct, store, splits, seed)
        tested = np.concatenate([split.test for split in splits])
        training_audio = read_training_audio(run)
        is_balanced = len(set(np.unique(labels[tested], return_counts=True)[1])) == 1
        notes = notes_on_training(run) + notes_on_scores(store, splits, n_unlabeled)
        result = LabelEfficiencyResult(
            saving=label_saving(curves, run is None, is_balanced),
            model=str(model),
            source=source,
            task=task,
            splits=[split.name for split in splits],
            classes=store.clips.classes,
            n_test_clips=len(tested),
            pretrained_on_test_clips=bool(np.isin(store.audio[tested], training_audio).any()),
            seeds=list(seeds),
            labels=distinct,
            methods=list(answers),
            points=curves.points(),
            notes=notes + notes_on_amounts(amounts, distinct, splits, labels, store.clips.classes),
            out=str(out),
        )
        with atomic_write(out / TABLE) as path:
            answer_table(answers, every_draw, labels).to_csv(path, index=False)
        write_json(out / RESULT, dataclasses.asdict(result))  # the last file
    return result


def _refuse_several_labels(clips: ClipTable) -> None:
    """Refuse clips with several labels: so many clips of each class cannot be drawn of them."""
    if clips.labels().is_multi_label:
        raise SourceError(
            f"{clips.name}: clips have several labels, and few-shot needs one for each: choose "
            "another --protocol."
        )


def _answers(
    experiment: FewShotExperiment, methods: Sequence[str], recipe: Recipe | None
) -> Answers:
    """Return the answers of all methods, in the order of the table of methods."""
    answers = experiment.answer_frozen([method for method in FROZEN if method in methods])
    trained = [method for method in TRAININGS if method in methods]
    if recipe and trained:
        answers |= experiment.answer_trained(trained, recipe)
    return {method: answers[method] for method in METHODS if method in answers}
