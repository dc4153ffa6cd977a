"""What each command does once its words are understood. Imports are inside: each takes its own."""

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

DONE, FAILED, WRONG_USE = 0, 1, 2


class UsageError(Exception):
    """A command was used wrongly in a way that its options alone do not show."""


def demo(given: argparse.Namespace) -> int:
    """Tell the whole story on sounds made by code."""
    from soundalike.demo.run import run_demo

    numbers = run_demo(given.out)
    _write_json(given.json, numbers)
    print(f"open {(given.out / 'report.html').resolve()}")
    return DONE


def scan(given: argparse.Namespace) -> int:
    """Say what is in a source and what is wrong with it."""
    from soundalike.cli.tables import print_scan
    from soundalike.datasets.scan import scan as look_through
    from soundalike.datasets.source import read_source

    found = look_through(read_source(given.source), n_workers=given.workers)
    _write_json(given.json, found)
    print_scan(found)
    return DONE


def prepare(given: argparse.Namespace) -> int:
    """Turn sounds into a store of log-mels."""
    from soundalike.datasets import prepare as preparing
    from soundalike.datasets.source import read_source
    from soundalike.recipes.recipe import read_recipe
    from soundalike.training.pretraining_recipe import PRETRAINING

    recipe = read_recipe(given.recipe, PRETRAINING, given.overrides)
    store = preparing.prepare(
        read_source(given.source),
        given.out,
        _front_end(recipe),
        n_workers=given.workers,
        strict=given.strict,
    )
    numbers = {
        "n_clips": len(store.clips),
        "hours": store.hours,
        "n_problems": store.n_problems,
        "store": str(given.out),
    }
    _write_json(given.json, numbers)
    print(f"{len(store.clips):,} clips, {store.hours:.2f} h in {given.out}{_left_out(store)}")
    return DONE


def views(given: argparse.Namespace) -> int:
    """Show what pre-training would get to hear of a source."""
    if given.out.is_dir():
        raise UsageError(f"{given.out}: is a folder: name the HTML file to write.")

    from soundalike.recipes.recipe import read_recipe
    from soundalike.report.audition import audition
    from soundalike.report.views_page import write_views_page
    from soundalike.training.pretraining_recipe import PRETRAINING

    recipe = read_recipe(given.recipe, PRETRAINING, given.overrides)
    heard = audition(given.source, _front_end(recipe), recipe["views"], given.pairs, given.seed)
    write_views_page(given.out, heard)
    numbers = {
        "n_clips": heard.n_heard,
        "n_pairs": len(heard.pairs),
        "n_silent_patches": heard.n_silent_patches,
        "page": str(given.out),
    }
    _write_json(given.json, numbers)
    print(f"open {given.out.resolve()}")
    return DONE


def pretrain(given: argparse.Namespace) -> int:
    """Learn from sounds without labels."""
    if not given.print_recipe and (given.source is None or given.out is None):
        raise UsageError("pretrain needs a SOURCE and --out RUN.")

    from soundalike.recipes.recipe import read_recipe, write_recipe
    from soundalike.training.pretraining_recipe import PRETRAINING

    if given.init:
        _refuse_what_the_ear_brings(given.overrides, ("encoder.", "front_end."))
    recipe = read_recipe(given.recipe, PRETRAINING, given.overrides)
    if given.print_recipe:
        print(write_recipe(recipe), end="")
        return DONE

    from soundalike.datasets.prepare import open_or_prepare
    from soundalike.embedding.sound_encoder import SoundEncoder
    from soundalike.training import pretraining
    from soundalike.training.run_folder import RunFolder

    init = None
    if given.init:
        init = SoundEncoder.from_pretrained(given.init)
        recipe |= {
            "encoder": init.encoder_settings,
            "front_end": dataclasses.asdict(init.front_end),
        }
    run = RunFolder(given.out)
    store = open_or_prepare(given.source, run.store, _front_end(recipe), strict=given.strict)
    run.configure(
        source=given.source,
        clips=store.fingerprint,
        test_fold=given.test_fold,
        init=given.init,
        recipe=recipe,
    )
    numbers = pretraining.pretrain(store, run, recipe, test_fold=given.test_fold, init=init)
    numbers |= {"run": str(given.out), "n_problems": store.n_problems}
    _write_json(given.json, numbers)
    _show_health(run.path, numbers)
    if numbers["n_steps_done"] < numbers["n_steps"]:
        print(
            f"stopped after {numbers['n_steps_done']:,} of {numbers['n_steps']:,} steps; the same "
            "command goes on from there"
        )
        return FAILED
    print(f"trained for {numbers['n_steps']:,} steps: {run.encoder}{_left_out(store)}")
    return DONE


def _show_health(run: Path, numbers: dict[str, Any]) -> None:
    """Write the page on how the training did, and say it in a line or two on standard error."""
    import pandas as pd

    from soundalike.report.health_page import in_short, write_health_page
    from soundalike.training.run_folder import METRICS

    page = run / "health.html"
    write_health_page(page, pd.read_csv(run / METRICS), numbers)
    print(f"health: {in_short(numbers)}: {page}", file=sys.stderr)
    for kind, sentence in numbers["alarms"].items():
        print(f"{kind}: {sentence}", file=sys.stderr)


def evaluate(given: argparse.Namespace) -> int:
    """Classify labeled clips by what a model hears."""
    if given.overrides and given.protocol != "finetune":
        option = next(iter(given.overrides))
        raise UsageError(f"--{option}: keys of a recipe are for --protocol finetune.")
    if "training.seed" in given.overrides:
        raise UsageError("--training.seed: give --seed, which is that of all that is trained.")
    _refuse_what_the_ear_brings(given.overrides, ("encoder.", "training.patch_frames"))

    from soundalike.cli.tables import print_evaluation
    from soundalike.downstream.evaluate import evaluate_run
    from soundalike.downstream.supervised_recipe import SUPERVISED
    from soundalike.recipes.recipe import read_recipe

    results = evaluate_run(
        given.model,
        given.source,
        [given.protocol] if given.protocol else ["linear", "knn"],
        given.out,
        task=given.task,
        recipe=read_recipe(given.recipe, SUPERVISED, given.overrides),
        seed=given.seed,
    )
    _write_json(given.json, results)
    print_evaluation(results)
    return DONE


def classify(given: argparse.Namespace) -> int:
    """Name the sounds of a source."""
    from soundalike.datasets.source import read_source
    from soundalike.embedding import classify as classifying
    from soundalike.embedding.sound_classifier import SoundClassifier

    classifier = SoundClassifier.from_pretrained(given.run)
    classifier.model = _ready_to_embed(classifier.model, given.precision)
    classifier.to(classifier.model.device)
    if given.threshold is not None:
        classifier.threshold = given.threshold
    counts = classifying.classify(
        classifier, read_source(given.source), given.out, windows=given.windows, strict=given.strict
    )
    _write_json(given.json, dataclasses.asdict(counts))
    rows = f"{counts.n_rows:,} windows of " if given.windows else ""
    print(
        f"{rows}{counts.n_clips:,} clips in {given.out}, {counts.n_unsure:,} unsure "
        f"(below {classifier.threshold:.2f}){_left_out_beside(counts)}"
    )
    return DONE


def download(given: argparse.Namespace) -> int:
    """Fetch and verify a public data set."""
    from soundalike.datasets import download as downloading

    folder = downloading.download(given.name, given.root)
    _write_json(given.json, {"name": given.name, "root": str(folder)})
    print(f"{given.name} is in {folder}: use it as {given.name}:{folder}")
    return DONE


def paper(given: argparse.Namespace) -> int:
    """Run the paper's experiments."""
    from soundalike.paper.run import run_paper

    numbers = run_paper(
        given.source,
        given.out,
        only=given.only,
        n_seeds=given.seeds,
        budget=given.budget,
        label_noise=given.label_noise,
    )
    _write_json(given.json, numbers)
    print(f"open {(given.out / 'tables.md').resolve()}")
    return DONE


def embed(given: argparse.Namespace) -> int:
    """Write a vector for every window of every sound."""
    from soundalike.datasets.source import read_source
    from soundalike.embedding import embed as embedding
    from soundalike.embedding.sound_encoder import SoundEncoder

    encoder = _ready_to_embed(SoundEncoder.from_pretrained(given.model), given.precision)
    counts = embedding.embed(encoder, read_source(given.source), given.out, strict=given.strict)
    _write_json(given.json, dataclasses.asdict(counts))
    print(
        f"{counts.n_windows:,} windows of {counts.n_clips:,} clips in {given.out}"
        f"{_left_out_beside(counts)}"
    )
    return DONE


def _ready_to_embed(model: Any, precision: str) -> Any:
    from soundalike.embedding.inference import for_inference
    from soundalike.runtime.hardware import choose_hardware, keep_freed_memory

    hardware = choose_hardware("32-true" if precision == "32" else "auto")
    print(f"runs on {hardware.why}", file=sys.stderr)
    keep_freed_memory()
    return for_inference(model, hardware.dtype).to(hardware.accelerator)


def _refuse_what_the_ear_brings(overrides: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in overrides:
        if key.startswith(keys):
            raise UsageError(f"--{key}: the model brings its own, so it cannot be chosen here.")


def _front_end(recipe: dict[str, Any]) -> Any:
    from soundalike.audio.log_mel import LogMel

    try:
        return LogMel(**recipe["front_end"])
    except ValueError as error:  # each of its settings is right, and together they are not
        raise UsageError(f"front_end: {error}.") from None


def _left_out(store: Any) -> str:
    if not store.n_problems:
        return ""
    return f"; left out {store.n_problems:,} (see {store.path / 'problems.csv'})"


def _left_out_beside(counts: Any) -> str:
    if not counts.n_problems:
        return ""
    return f"; left out {counts.n_problems:,} (see {counts.problems})"


def _write_json(path: Path | None, numbers: dict[str, Any]) -> None:
    if path is None:
        return
    text = json.dumps(numbers, indent=1) + "\n"
    if path.exists() and not path.is_file():  # a device or a pipe, which nothing may replace
        path.write_text(text)
        return

    from soundalike.runtime.atomic import atomic_write

    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path.resolve()) as beside:
        beside.write_text(text)
