"""The page of view pairs, to check the augmentations before a long training."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from soundalike.report.draws_in_words import draws_in_words
from soundalike.report.frequency_axis import frequency_labels
from soundalike.report.media import Media, PlayablePicture, color_range
from soundalike.report.page import write_page
from soundalike.report.recordings import origin_of
from soundalike.report.view_samples import Cut, View, ViewSamples


@dataclass(frozen=True)
class Figure:
    """A picture with its axes and its notes.

    Args:
        item: the picture.
        times_s: times at its left, middle and right.
        is_silent: if true, the reader is warned.
        kind: patch, background or view.
        notes: lines below it.
        draws: draws of each augmentation in words, by name.
    """

    item: PlayablePicture
    times_s: tuple[float, float, float]
    is_silent: bool
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
    media = Media(samples.front_end.sample_rate, color_range(log_mels))
    write_page(
        path,
        "report/views.html",
        source=samples.source,
        facts=_facts(samples),
        recipe=_as_yaml(samples.settings),
        activity_threshold_db=samples.activity_threshold_db,
        n_reconstructed=sum(not cut.is_recorded for cut in samples.cuts),
        n_cuts=len(samples.cuts),
        frequencies=frequency_labels(samples.front_end),
        pairs=[_pair(pair, samples, media) for pair in samples.pairs],
        sounds=media.sounds,
    )


def _pair(pair: tuple[View, View], samples: ViewSamples, media: Media) -> dict[str, Any]:
    clip = pair[0].patch.clip
    figures = [
        figure
        for side, view in zip(("first", "second"), pair, strict=True)
        for figure in _figures(side, view, samples, media)
    ]
    return {"name": Path(clip.path).name, "origin": origin_of(clip), "figures": figures}


def _figures(side: str, view: View, samples: ViewSamples, media: Media) -> Iterator[Figure]:
    """Yield the ingredients of a view, then the view."""

    def figure(kind: str, content: Cut | View, start_s: float = 0.0, **more: Any) -> Figure:
        item = media.add(f"{side} {kind}", content.log_mel, content.waveform)
        duration_s = (len(content.log_mel) - 1) * samples.front_end.hop_s
        times_s = (start_s, start_s + duration_s / 2, start_s + duration_s)
        return Figure(item, times_s, kind=kind, **{"notes": [], "draws": {}} | more)

    patch, background = view.patch, view.background
    yield figure("patch", patch, patch.start_s, is_silent=patch.is_silent)
    if background is not None:
        mixes_logs = (samples.settings["mix_back"] or {}).get("scale") == "log"
        name = " · ".join(filter(None, [Path(background.clip.path).name, background.clip.label]))
        yield figure(
            "background",
            background,
            background.start_s,
            is_silent=background.is_silent,
            notes=[name, _level(view.weight, mixes_logs)],
        )
    draws = {name.replace("_", " "): draws_in_words(draws) for name, draws in view.draws.items()}
    yield figure("view", view, is_silent=False, draws=draws)


def _level(weight: float, mixes_logs: bool) -> str:
    """Say how loud a background is."""
    if mixes_logs:  # a mean of logarithms has no shares of energy
        return f"{100 * weight:.2g}% of the log-mel"
    level_db = 10 * math.log10(weight / (1 - weight))
    where = "below" if level_db <= 0 else "above"
    return f"{100 * weight:.2g}% of the energy, {abs(level_db):.0f} dB {where} the patch"


def _facts(samples: ViewSamples) -> dict[str, str]:
    n_patches, patch_frames = 2 * len(samples.pairs), len(samples.pairs[0][0].log_mel)
    facts = {
        "clips listed for training": f"{samples.n_training_clips:,}",
        "pairs on this page": str(len(samples.pairs)),
        "patch length": f"{(patch_frames - 1) * samples.front_end.hop_s:.2f} s",
        "silent patches": f"{samples.n_silent_patches} of {n_patches}",
        "random seed": str(samples.seed),
    }
    if samples.segment_s is not None:
        facts["a pair is within"] = f"{samples.segment_s:g} s of a clip"
    if samples.n_unreadable:
        facts["unreadable clips"] = str(samples.n_unreadable)
    return facts


def _as_yaml(settings: Mapping[str, Any]) -> str:
    """Return the section ``views`` without what is switched off."""
    views = {key: value for key, value in settings.items() if value is not None}
    return yaml.safe_dump({"views": views}, sort_keys=False, default_flow_style=None).strip()
