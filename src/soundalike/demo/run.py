"""The demo: the main job on sounds made by code, and the page that tells what came out."""

import json
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from soundalike import __version__
from soundalike.audio.inversion import to_waveform
from soundalike.audio.log_mel import LogMel
from soundalike.audio.waveform import read_waveform
from soundalike.datasets.fsdnoisy18k import read_layout
from soundalike.runtime.atomic import atomic_write
from soundalike.datasets.prepare import prepare
from soundalike.datasets.splits import evaluation_splits, training_clips
from soundalike.datasets.store import Store
from soundalike.datasets.synthetic import clip_records, write_synthetic
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.score_table import score_table
from soundalike.demo.page import write_demo_report
from soundalike.demo.story import Answers, DemoStory, ViewPair
from soundalike.training.draws import step_generator
from soundalike.training.pretraining import PretrainResult, pretrain
from soundalike.downstream.protocols import evaluate
from soundalike.recipes.recipe import read_recipe, recipe_text
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.recipes.sections import Recipe
from soundalike.downstream.features import LOG_MEL, PRETRAINED, UNTRAINED
from soundalike.training.run_folder import RunFolder
from soundalike.views.pair import PairOfViews

SIZE = "small"
N_VIEW_PAIRS = 6


def run_demo(out: Path, recipe_name: str = "tiny") -> dict[str, Any]:
    """Make sounds, pre-train on them, evaluate, and write ``report.html`` and ``report.json``.

    Run again after a stop it goes on where it was.

    Args:
        out: folder for everything.
        recipe_name: recipe to run.

    Returns:
        What is in ``report.json``: the balanced accuracies `log_mel_linear`, `untrained_linear`,
        `pretrained_linear` and `knn`, the whole `table`, and the `seconds` that it took.
    """
    began = time.monotonic()
    recipe = read_recipe(recipe_name, PRETRAINING)
    sounds = write_synthetic(out / "sounds", SIZE)
    store = prepare(
        read_layout(f"synthetic:{SIZE}", sounds), out / "store", LogMel(**recipe["front_end"])
    )
    run = RunFolder(out / "run")
    run.configure(
        source=f"synthetic:{SIZE}", clips=store.fingerprint, test_fold=None, recipe=recipe
    )
    trained = pretrain(store, run, recipe)
    if not trained.is_finished:
        raise KeyboardInterrupt
    model = SoundEncoder.load(run.encoder)
    splits, classes = evaluation_splits(store), store.clips.classes
    scores = evaluate(model, store, splits)
    test = store.select(np.concatenate([split.test for split in splits]))
    labels = test.clips.labels(classes).values

    numbers = _numbers(score_table(labels, scores, classes))
    story = DemoStory(
        facts=_facts(store, trained),
        views=_view_pairs(store, model, recipe),
        metrics=pd.read_csv(run.metrics),
        classes=[_spoken(name) for name in classes],
        clips=_map(model, test).assign(label=labels),
        sounds=[read_waveform(path, store.front_end.sample_rate) for path in test.clips.rows["path"]],
        answers=[
            Answers(representation, protocol, found.argmax(axis=1))
            for (protocol, representation), found in scores.items()
        ],
        sample_rate=store.front_end.sample_rate,
        commands=["soundalike demo"],
        recipe=recipe_text(recipe_name),
        versions={
            "soundalike": __version__,
            "torch": torch.__version__,
            "Python": platform.python_version(),
        },
        next_steps={
            "Look at your own sounds": "soundalike scan FOLDER",
            "Learn from them": "soundalike pretrain FOLDER --out runs/mine",
            "Test what was learned": "soundalike evaluate runs/mine FOLDER",
            "Get a vector for every second": "soundalike embed runs/mine FOLDER --out mine.parquet",
        },
    )
    write_demo_report(out / "report.html", story)
    numbers["seconds"] = round(time.monotonic() - began, 1)
    with atomic_write(out / "report.json") as path:
        path.write_text(json.dumps(numbers, indent=1) + "\n")
    return numbers


def _numbers(rows: list[dict[str, Any]]) -> dict[str, Any]:
    score = {(row["representation"], row["protocol"]): row["score"] for row in rows}
    kept = ("representation", "protocol", "score", "interval", "accuracy")
    return {
        "log_mel_linear": score[LOG_MEL, "linear"],
        "untrained_linear": score[UNTRAINED, "linear"],
        "pretrained_linear": score[PRETRAINED, "linear"],
        "knn": score[PRETRAINED, "knn"],
        "table": [{key: row[key] for key in kept} for row in rows],
    }


def _facts(store: Store, trained: PretrainResult) -> dict[str, str]:
    heard = store.select(training_clips(store.clips))
    return {
        "clips heard": f"{len(heard.clips):,}",
        "audio heard": f"{heard.hours * 60:.0f} min",
        "labels used for training": "0",
        "steps": f"{trained.n_steps:,}",
        "training": f"{trained.seconds:.0f} s",
    }


def _view_pairs(store: Store, model: SoundEncoder, recipe: Recipe) -> list[ViewPair]:
    """Make the views of a few clips of different classes, as training makes them.

    Clips whose label is wrong are passed over: a reader would take them for a mistake.
    """
    heard = store.select(training_clips(store.clips))
    right = {record.fname for record in clip_records(SIZE) if record.label == record.true_label}
    is_right = [Path(path).name in right for path in heard.clips.rows["path"]]
    labels = heard.clips.rows["label"]
    chosen = np.array(labels[is_right].drop_duplicates().index[:N_VIEW_PAIRS])
    views = PairOfViews(**recipe["views"], n_bands=store.front_end.n_mels)
    frames = heard.as_frames()
    generator = step_generator(recipe["training"]["seed"], 0, 0)
    draws = views.draw(torch.from_numpy(chosen), frames.n_frames, generator)
    originals = views.cut(frames, draws["patches"]).transpose(0, 1).numpy()
    made = views.apply(frames, draws).transpose(0, 1).numpy()
    return [
        ViewPair(
            label=_spoken(labels[clip]),
            originals=original,
            views=pair,
            original_sounds=[to_waveform(patch, model.front_end) for patch in original],
            view_sounds=[to_waveform(view, model.front_end) for view in pair],
        )
        for clip, original, pair in zip(chosen, originals, made, strict=True)
    ]


def _map(model: SoundEncoder, test: Store) -> pd.DataFrame:
    """Lay the clips out so that what sounds alike lies together (t-SNE; van der Maaten 2008)."""
    from sklearn.manifold import TSNE  # slow to import, and needed once

    embeddings = model.encode(test.clips.rows["path"].tolist())
    places = TSNE(metric="cosine", init="pca", random_state=0).fit_transform(embeddings)
    return pd.DataFrame({"path": test.clips.rows["path"], "x": places[:, 0], "y": places[:, 1]})


def _spoken(name: str) -> str:
    return name.replace("_", " ")
