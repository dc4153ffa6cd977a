"""The page of augmented pairs, to check the augmentations before a long training."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from soundalike.audio.log_mel import LogMel
from soundalike.report.draws_in_words import Axes, draws_in_words
from soundalike.report.frequency_axis import frequency_labels
from soundalike.report.media import Media, PlayablePicture, color_range
from soundalike.report.page import write_page
from soundalike.report.recordings import origin_of, restarts
from soundalike.report.view_samples import Cut, View, ViewSamples


@dataclass(frozen=True)
class Figure:
    """A picture with its axes and its notes.

    Args:
        item: the picture.
        times_s: times at its left, middle and right.
        warning: that it is silent, or nearly; "" if it is not.
        kind: patch, background or view.
        notes: lines below it.
        draws: draws of each augmentation in words, by name.
    """

    item: PlayablePicture
    times_s: tuple[float, float, float]
    warning: str
    kind: str
    notes: list[str]
    draws: dict[str, str]


def write_views_page(path: str | Path, samples: ViewSamples) -> None:
    """Write the page: one HTML file that shows and plays the pairs offline.

    Args:
        path: the HTML file.
        samples: the pairs.

    Raises:
        OSError: the file cannot be written.
    """
    log_mels = [cut.log_mel for cut in samples.cuts]
    log_mels += [view.log_mel for pair in samples.pairs for view in pair]
    low, high = color_range(log_mels)
    front_end, n_patch_frames = samples.front_end, len(log_mels[0])
    has_repeated = any(cut.is_repeated for cut in samples.cuts)
    media = Media(front_end.sample_rate, (low, high))
    write_page(
        path,
        "report/views.html",
        source=samples.source,
        facts=_facts(samples),
        recipe=_as_yaml(samples),
        seed=samples.seed,
        segment_s=samples.segment_s,
        shortest_s=front_end.min_duration_s if has_repeated else None,
        is_one_patch=round(front_end.min_duration_s / front_end.hop_s) + 1 <= n_patch_frames,
        color_range_db=10 * (high - low),
        activity_threshold_db=samples.activity_threshold_db,
        n_reconstructed=sum(not cut.is_recorded for cut in samples.cuts),
        n_cuts=len(samples.cuts),
        frequencies=frequency_labels(front_end),
        pairs=[_pair(pair, samples, media) for pair in samples.pairs],
        sounds=media.sounds,
    )


def _pair(pair: tuple[View, View], samples: ViewSamples, media: Media) -> dict[str, Any]:
    patch = pair[0].patch
    figures = [
        figure
        for side, view in zip(("first", "second"), pair, strict=True)
        for figure in _figures(side, view, samples, media)
    ]
    words = [origin_of(patch.clip), _duration(patch, samples.front_end)]
    return {
        "name": Path(patch.clip.path).name,
        "origin": " · ".join(filter(None, words)),
        "figures": figures,
    }


def _figures(side: str, view: View, samples: ViewSamples, media: Media) -> Iterator[Figure]:
    """Yield the ingredients of a view, then the view."""
    axes = Axes(samples.front_end, len(view.log_mel))

    def figure(
        kind: str,
        content: Cut | View,
        start_s: float = 0.0,
        marks: Iterable[float] = (),
        **more: Any,
    ) -> Figure:
        item = media.add(f"{side} {kind}", content.log_mel, content.waveform, marks)
        times_s = (start_s, start_s + axes.duration_s / 2, start_s + axes.duration_s)
        return Figure(item, times_s, kind=kind, **{"notes": [], "draws": {}} | more)

    def figure_of_cut(kind: str, cut: Cut, notes: list[str]) -> Figure:
        marks = restarts(cut.start_s, axes.duration_s, cut.clip_s) if cut.is_repeated else []
        warning = ""
        if cut.is_silent:
            warning = f"silent {kind}" if cut.is_inaudible else "nearly silent here"
        return figure(kind, cut, cut.start_s, marks, warning=warning, notes=notes)

    yield figure_of_cut("patch", view.patch, [])
    if (background := view.background) is not None:
        mixes_logs = (samples.settings["mix_back"] or {}).get("scale") == "log"
        words = [
            Path(background.clip.path).name,
            background.clip.label,
            _duration(background, samples.front_end) if background.is_repeated else "",
        ]
        name = " · ".join(filter(None, words))
        level = [] if background.is_inaudible else [_level(view.weight, mixes_logs)]
        yield figure_of_cut("background", background, [name, *level])
    draws = {
        name.replace("_", " "): draws_in_words(name, draws, samples.settings[name], axes)
        for name, draws in view.draws.items()
    }
    yield figure("view", view, warning="", draws=draws)


def _duration(cut: Cut, front_end: LogMel) -> str:
    """Say how long a clip is, and how often it is repeated."""
    words = f"{cut.clip_s:.2g} s" if cut.clip_s < 1 else f"{cut.clip_s:.1f} s"
    if not cut.is_repeated:
        return words
    return f"{words} clip, repeated {front_end.min_duration_s / cut.clip_s:.2g} times"


def _level(weight: float, mixes_logs: bool) -> str:
    """Say how loud a background is."""
    if mixes_logs:  # a mean of logarithms has no shares of energy
        return f"{100 * weight:.2g}% of the level in dB"
    level_db = 10 * math.log10(weight / (1 - weight))
    where = "below" if level_db <= 0 else "above"
    return f"{100 * weight:.2g}% of the energy, {abs(level_db):.0f} dB {where} the patch"


def _facts(samples: ViewSamples) -> dict[str, str]:
    patches = [view.patch for pair in samples.pairs for view in pair]
    duration_s = (len(patches[0].log_mel) - 1) * samples.front_end.hop_s
    facts = {
        "clips to train on, if all can be read": f"{samples.n_training_clips:,}",
        "pairs on this page": str(len(samples.pairs)),
        "length of a patch": f"{duration_s:.2f} s",
        "silent patches": f"{samples.n_silent_patches} of {len(patches)}",
    }
    if n_repeated := sum(first.patch.is_repeated for first, _ in samples.pairs):
        facts["clips repeated"] = f"{n_repeated} of {len(samples.pairs)}"
    if samples.n_unreadable:
        facts["unreadable clips"] = f"{samples.n_unreadable} of {samples.n_sampled}"
    return facts


def _as_yaml(samples: ViewSamples) -> str:
    """Return what the recipe says about views, without what is switched off."""
    views = {key: value for key, value in samples.settings.items() if value is not None}
    recipe: dict[str, Any] = {"views": views}
    if samples.segment_s is not None:
        recipe["training"] = {"segment_s": samples.segment_s}
    return yaml.safe_dump(recipe, sort_keys=False, default_flow_style=None).strip()
