"""The page at the end of the demo: what was heard, learnt and worth, in one file to open."""

from html import escape
from pathlib import Path

import numpy as np

from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import (
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    per_class_recall,
)
from soundalike.report.charts import bars, confusion_grid, interval, line_chart
from soundalike.report.page import (
    color_range,
    definitions,
    playable,
    script_json,
    sound_of_waveform,
    table,
    write_page,
)
from soundalike.demo.story import DemoStory, ViewPair
from soundalike.demo.verdict import reach, verdict
from soundalike.downstream.features import PRETRAINED

# What the sounds of the map may take of the file; clips beyond it stay silent.
SOUNDS_BYTES = 6_000_000
SOUND_S = 4.0


def write_demo_report(path: str | Path, story: DemoStory) -> None:
    """Write the page: one HTML file that shows and plays all it tells, without a network.

    Args:
        path: of the HTML file.
        story: of the run.
    """
    sounds: list[str] = []
    baselines = story.main_answers
    headline, sentence = verdict(story.labels, baselines.pop(PRETRAINED), baselines)
    parts = {
        "headline": headline,
        "verdict": sentence,
        "facts": definitions(story.facts),
        "views": "".join(_view_pair(pair, story.sample_rate, sounds) for pair in story.views),
        "curves": _curves(story),
        "scores": _scores(story),
        "chance": f"{1 / len(story.classes):.0%}",
        "protocol": escape(story.answers[0].protocol),
        "kinds": _kinds(story),
        "recalls": _recalls(story),
        "confusion": confusion_grid(
            confusion_matrix(story.labels, story.main_answers[PRETRAINED], len(story.classes)),
            story.classes,
        ),
        "map": script_json(_map(story, sounds)),
        "commands": f"<pre><code>{escape(chr(10).join(story.commands))}</code></pre>",
        "recipe": f"<pre><code>{escape(story.recipe.strip())}</code></pre>",
        "versions": definitions(story.versions),
        "next_steps": _next_steps(story),
        "sounds": script_json(sounds),
    }
    write_page(path, "demo/demo.html", parts)


def _view_pair(pair: ViewPair, sample_rate: int, sounds: list[str]) -> str:
    colors = color_range((*pair.originals, *pair.views))
    rows = []
    for row, log_mels, waveforms in (
        ("patch", pair.originals, pair.original_sounds),
        ("view", pair.views, pair.view_sounds),
    ):
        for place, log_mel, waveform in zip(("first", "second"), log_mels, waveforms, strict=True):
            name = f"{pair.label}, {place} {row}"
            rows.append(playable(name, log_mel, waveform, sample_rate, colors, sounds))
    return (
        f"<figure><figcaption>{escape(pair.label)}</figcaption>"
        f'<div class="pair"><span>patch</span>{rows[0]}{rows[1]}'
        f"<span>view</span>{rows[2]}{rows[3]}</div></figure>"
    )


def _curves(story: DemoStory) -> str:
    steps, loss = story.metrics[["step", "loss"]].to_numpy(dtype=np.float64).T
    epochs, knn = story.metrics[["epoch", "knn"]].dropna().to_numpy(dtype=np.float64).T
    charts = [line_chart(steps, loss, "step", "Loss of the two views")]
    if len(epochs) > 0:
        chance = (1 / len(story.classes), "guessing")
        charts.append(
            line_chart(
                epochs, knn, "epoch", "Balanced accuracy of nearest neighbors",
                percent=True, level=chance,
            )
        )  # fmt: skip
    return "".join(charts)


def _scores(story: DemoStory) -> str:
    labels, chance = story.labels, 1 / len(story.classes)
    kinds = list(story.main_answers)
    rows = []
    for answers in story.answers:
        score = balanced_accuracy(labels, answers.predictions)
        low, high = bootstrap_interval(balanced_accuracy, labels, answers.predictions)
        rows.append(
            (
                escape(answers.representation),
                escape(answers.protocol),
                f"<b>{score:.1%}</b> <small>{reach(low, high)}</small>",
                interval(score, low, high, chance, kinds.index(answers.representation)),
                f"{accuracy(labels, answers.predictions):.1%}",
            )
        )
    header = ("representation", "protocol", "balanced accuracy", "0 to 100%", "accuracy")
    return table(header, rows)


def _kinds(story: DemoStory) -> str:
    return "".join(
        f'<li class="kind-{place}">{escape(representation)}</li>'
        for place, representation in enumerate(story.main_answers)
    )


def _recalls(story: DemoStory) -> str:
    recalls = {
        representation: per_class_recall(story.labels, predictions, len(story.classes))
        for representation, predictions in story.main_answers.items()
    }
    from_best = np.argsort(-np.nan_to_num(recalls[PRETRAINED], nan=-1), kind="stable")
    return bars(
        {
            story.classes[place]: {kind: float(recall[place]) for kind, recall in recalls.items()}
            for place in from_best
        }
    )


def _map(story: DemoStory, sounds: list[str]) -> dict[str, object]:
    """What the map's script draws; the sounds it plays are added to those of the page."""
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
            story.main_answers[PRETRAINED],
            strict=True,
        )
    ]
    # In random order, so that no class goes without sound where not all of them fit.
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


def _next_steps(story: DemoStory) -> str:
    return "".join(
        f"<li>{escape(what)}<pre><code>{escape(command)}</code></pre></li>"
        for what, command in story.next_steps.items()
    )
