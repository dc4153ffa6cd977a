"""The demo's report: views, curves, scores and a map of the test clips on one page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from soundalike.demo.story import DemoStory
from soundalike.demo.wrong_labels import SOUND_S
from soundalike.downstream.representations import PRETRAINED
from soundalike.evaluation.metrics import confusion_matrix, per_class_recall
from soundalike.evaluation.score_table import score_table
from soundalike.report.charts import bars, confusion_grid, interval, line_chart
from soundalike.report.evaluation_page import HEADLINES
from soundalike.report.media import Media, color_range, sound_of_waveform
from soundalike.report.page import write_page
from soundalike.report.view_samples import View

# Limit for the sounds of the map; clips beyond it have no sound.
SOUNDS_BYTES = 6_000_000


def write_demo_report(path: str | Path, story: DemoStory) -> None:
    """Write the page: one HTML file that shows and plays the results offline.

    Args:
        path: the HTML file.
        story: the data of the page.
    """
    views = [view for pair in story.views for view in pair]
    log_mels = [item.log_mel for view in views for item in (view.patch, view)]
    media = Media(story.sample_rate, color_range(log_mels))
    confusions = {
        representation: confusion_matrix(story.labels, predictions, len(story.classes))
        for representation, predictions in story.main_predictions.items()
    }
    write_page(
        path,
        "demo/demo.html",
        headline=HEADLINES[story.verdict.outcome],
        comparison=story.verdict.sentence,
        facts=story.facts,
        views=[_view_pair(pair, media) for pair in story.views],
        curves=_curves(story),
        scores=_scores(story),
        chance=f"{1 / len(story.classes):.0%}",
        protocol=story.predictions[0].protocol,
        representations=list(story.main_predictions),
        recalls=_recalls(confusions, story.classes),
        confusion=confusion_grid(confusions[PRETRAINED], story.classes),
        map=_map(story, media.sounds),
        wrong_labels=story.wrong_labels,
        suspicious=_suspicious(story, media),
        commands=story.commands,
        recipe=story.recipe.strip(),
        versions=story.versions,
        next_steps=story.next_steps,
        sounds=media.sounds,
    )


def _view_pair(pair: tuple[View, View], media: Media) -> dict[str, Any]:
    label = (pair[0].patch.clip.label or "").replace("_", " ")
    sides = list(zip(("first", "second"), pair, strict=True))
    return {
        "label": label,
        "patches": [
            media.add(f"{label}, {side} patch", view.patch.log_mel, view.patch.waveform)
            for side, view in sides
        ],
        "views": [
            media.add(f"{label}, {side} view", view.log_mel, view.waveform) for side, view in sides
        ],
    }


def _curves(story: DemoStory) -> list[Markup]:
    steps, loss = story.metrics[["step", "loss"]].to_numpy(dtype=np.float64).T
    epochs, knn = story.metrics[["epoch", "knn"]].dropna().to_numpy(dtype=np.float64).T
    charts = [line_chart(steps, loss, "step", "Contrastive loss")]
    if len(epochs) > 0:
        name = "Balanced accuracy of nearest neighbors"
        chance = (1 / len(story.classes), "chance")
        charts.append(line_chart(epochs, knn, "epoch", name, percent=True, level=chance))
    return charts


def _scores(story: DemoStory) -> list[dict[str, Any]]:
    """Return a row of the table for each representation under each protocol."""
    classes, representations = list(story.classes), list(story.main_predictions)
    scores = {
        (each.protocol, each.representation): np.eye(len(classes))[each.values]
        for each in story.predictions
    }
    rows = []
    for row in score_table(story.labels, scores, classes):
        kind, (low, high) = representations.index(row.representation), row.interval
        rows.append(
            {
                "representation": row.representation,
                "protocol": row.protocol,
                "score": f"{row.score:.1%}",
                "range": percent_range(low, high),
                "drawing": interval(row.score, low, high, 1 / len(classes), kind),
                "accuracy": "" if row.accuracy is None else f"{row.accuracy:.1%}",
            }
        )
    return rows


def percent_range(low: float, high: float) -> str:
    """Return an interval of shares in percent.

    >>> percent_range(-0.02, 0.06)
    '−2 to 6'
    """
    return f"{100 * low:.0f} to {100 * high:.0f}".replace("-", "−")


def _recalls(confusions: dict[str, np.ndarray], classes: Sequence[str]) -> Markup:
    recalls = {kind: per_class_recall(confusion) for kind, confusion in confusions.items()}
    best_first = np.argsort(-np.nan_to_num(recalls[PRETRAINED], nan=-1), kind="stable")
    return bars(
        {
            classes[place]: {kind: float(recall[place]) for kind, recall in recalls.items()}
            for place in best_first
        }
    )


def _suspicious(story: DemoStory, media: Media) -> list[dict[str, Any]]:
    """Return the most suspicious labels, each with a picture to play."""
    pairs = zip(story.wrong_labels.suspicious, story.excerpts, strict=True)
    return [
        {
            "clip": clip,
            "p_wrong": f"{clip.p_wrong:.0%}",
            "item": media.add(clip.file, excerpt.log_mel, excerpt.waveform),
        }
        for clip, excerpt in pairs
    ]


def _map(story: DemoStory, sounds: list[str]) -> dict[str, object]:
    """Return the points of the map; their sounds are added to those of the page."""
    places = story.clips[["x", "y"]].to_numpy(dtype=np.float64)
    places = (places - places.min(axis=0)) / np.maximum(np.ptp(places, axis=0), 1e-9)
    points = [
        {
            "x": round(x, 4),
            "y": round(y, 4),
            "name": Path(path).name,
            "label": int(label),
            "predicted": int(predicted),
            "sound": None,
        }
        for path, (x, y), label, predicted in zip(
            story.clips["path"],
            places.tolist(),
            story.labels,
            story.main_predictions[PRETRAINED],
            strict=True,
        )
    ]
    # In random order, so that every class has some sounds if not all of them fit.
    budget = SOUNDS_BYTES
    for clip in np.random.default_rng(0).permutation(len(points)):
        waveform = story.sounds[clip]
        if waveform is None or budget <= 0:
            continue
        points[clip]["sound"] = len(sounds)
        start_of_clip = waveform[: round(SOUND_S * story.sample_rate)]
        sounds.append(sound_of_waveform(start_of_clip, story.sample_rate))
        budget -= len(sounds[-1])
    return {"classes": list(story.classes), "points": points}
