"""The page of pairs of views: a wrong augmentation is seen and heard before a night of training."""

import math
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from soundalike.audio.log_mel import LogMel, mel_filterbank
from soundalike.datasets.clips import Clip
from soundalike.report.audition import Audition, Cut, View
from soundalike.report.page import color_range, definitions, playable, script_json, write_page
from soundalike.views.augmentation import Draws

# Frequencies named beside a picture are so far apart at least, as a share of its height.
LEAST_APART = 0.12


def write_views_page(path: str | Path, audition: Audition) -> None:
    """Write the page: one HTML file that shows and plays all it tells, without a network.

    Args:
        path: of the HTML file.
        audition: what there is to see and to hear.

    Raises:
        OSError: the file cannot be written.
    """
    pictures = _Pictures(audition)
    parts = {
        "source": escape(audition.source),
        "facts": definitions(_facts(audition)),
        "recipe": f"<pre><code>{escape(_as_yaml(audition.settings))}</code></pre>",
        "notes": "".join(f'<p class="note">{note}</p>' for note in _notes(audition)),
        "pairs": "".join(map(pictures.of_pair, audition.pairs)),
        "sounds": script_json(pictures.sounds),
    }
    write_page(path, "report/views.html", parts)


def frequency_places(front_end: LogMel) -> dict[str, float]:
    """Return round frequencies, and how far up a picture of all bands each lies, from 0 to 1.

    >>> {name: round(place, 2) for name, place in frequency_places(LogMel()).items()}
    {'10 kHz': 0.99, '5 kHz': 0.78, '2 kHz': 0.5, '1 kHz': 0.29, '500 Hz': 0.14, '100 Hz': 0.01}
    """
    filterbank = mel_filterbank(
        front_end.sample_rate, front_end.n_fft, front_end.n_mels, front_end.fmin, front_end.fmax
    )
    (bands,) = np.nonzero(filterbank.any(axis=0))  # a narrow one may lie between two bins
    centers = filterbank[:, bands].argmax(axis=0) * front_end.sample_rate / front_end.n_fft
    places: dict[str, float] = {}
    for frequency in (step * 10**power for power in (5, 4, 3, 2, 1) for step in (5, 2, 1)):
        if not len(centers) or not centers[0] <= frequency <= centers[-1]:
            continue
        place = (float(np.interp(frequency, centers, bands)) + 0.5) / front_end.n_mels
        if place <= min(places.values(), default=2) - LEAST_APART:
            name = f"{frequency // 1000} kHz" if frequency >= 1000 else f"{frequency} Hz"
            places[name] = place
    return places


def in_words(drawn: Draws) -> str:
    """Say what an augmentation drew for one view, whichever it is; seeds say nothing.

    A draw called ``first_frame`` is the start of a stretch that is ``n_frames`` long.

    Shape:
        every draw: [] or [n].

    >>> drawn = {"first_frame": 3, "n_frames": 96, "factor": 0.81, "reversed": False, "seed": 7}
    >>> in_words({key: torch.tensor(value) for key, value in drawn.items()})
    'frames 3-98, factor 0.81, not reversed'
    """
    words = []
    for key, value in drawn.items():
        kind, _, thing = key.partition("_")
        if key == "seed" or (kind == "n" and f"first_{thing[:-1]}" in drawn):
            continue
        values = value.flatten().tolist()
        if kind == "first" and f"n_{thing}s" in drawn:
            lengths = drawn[f"n_{thing}s"].flatten().tolist()
            stretches = zip(values, lengths, strict=True)
            words.append(f"{thing}s {_list(f'{a}-{a + n - 1}' for a, n in stretches if n)}")
        elif value.dtype == torch.bool:
            words.append(_list(f"{'' if value else 'not '}{key}" for value in values))
        else:
            numbers = (f"{n:.3g}" if isinstance(n, float) else f"{n}" for n in values)
            words.append(f"{key.replace('_', ' ')} {_list(numbers)}")
    return ", ".join(words)


class _Pictures:
    """All pictures of the page: one range of colors, the same axes, and sounds in one list."""

    def __init__(self, audition: Audition) -> None:
        views = [view for pair in audition.pairs for view in pair]
        cuts = [cut.log_mel for view in views for cut in view.cuts]
        self.colors = color_range([*cuts, *(view.log_mel for view in views)])
        self.front_end = audition.front_end
        self.mixes_logs = (audition.settings["mix_back"] or {}).get("scale") == "log"
        self.sounds: list[str] = []
        self.frequencies = "".join(
            f'<span style="bottom:{place:.1%}">{name}</span>'
            for name, place in frequency_places(audition.front_end).items()
        )

    def of_pair(self, pair: tuple[View, View]) -> str:
        """Both views of a clip, each after what it is made of."""
        clip = pair[0].patch.clip
        figures = self.of_view("first", pair[0]) + self.of_view("second", pair[1])
        return (
            f'<section class="pair"><h2>{escape(_name(clip))}</h2>'
            f'<p class="note">{escape(_whence(clip))}</p>'
            f'<div class="views" style="--parts:{len(figures) // 2}">{"".join(figures)}</div>'
            f"</section>"
        )

    def of_view(self, which: str, view: View) -> list[str]:
        """A view, after what it is made of."""
        patch, background = view.patch, view.background
        figures = [self.figure(f"{which} patch", patch, patch.start_s, _silence(patch, "patch"))]
        if background is not None:
            below = [
                escape(" · ".join(filter(None, [_name(background.clip), background.clip.label]))),
                _how_much(view.weight, self.mixes_logs),
                *_silence(background, "background"),
            ]
            name = f"{which} background"
            figures.append(self.figure(name, background, background.start_s, below))
        changes = [
            f"<b>{escape(name.replace('_', ' '))}</b> {escape(in_words(drawn))}"
            for name, drawn in view.drawn.items()
        ]
        return [*figures, self.figure(f"{which} view", view, 0.0, changes)]

    def figure(self, name: str, shown: Cut | View, start_s: float, below: list[str]) -> str:
        """A picture that plays, with its axes, and lines of HTML below it."""
        hop_s, rate = self.front_end.hop_s, self.front_end.sample_rate
        button = playable(name, shown.log_mel, shown.waveform, rate, self.colors, self.sounds)
        end_s = start_s + (len(shown.log_mel) - 1) * hop_s
        return (
            f'<figure><figcaption>{name}</figcaption><div class="axes">'
            f'<div class="frequencies">{self.frequencies}</div>{button}<div class="times">'
            f"<span>{start_s:.2f}</span><span>{(start_s + end_s) / 2:.2f}</span>"
            f"<span>{end_s:.2f} s</span></div></div>"
            f"<ul>{''.join(f'<li>{line}</li>' for line in below)}</ul></figure>"
        )


def _list(words: Iterable[str]) -> str:
    return " and ".join(words) or "none"


def _silence(cut: Cut, kind: str) -> list[str]:
    return [f'<strong class="warning">silent {kind}</strong>'] if cut.is_silent else []


def _how_much(weight: float, mixes_logs: bool) -> str:
    """Say how much of a view is background."""
    if mixes_logs:  # a mean of logarithms leaves nobody a share of the energy
        return f"{100 * weight:.2g} % of the log-mel"
    level_db = 10 * math.log10(weight / (1 - weight))
    where = "below" if level_db <= 0 else "above"
    return f"{100 * weight:.2g} % of the energy, {abs(level_db):.0f} dB {where} the patch"


def _name(clip: Clip) -> str:
    return Path(clip.path).name


def _whence(clip: Clip) -> str:
    """Say where a clip is, and what it is said to be."""
    words = [str(Path(clip.path).parent), clip.label]
    if clip.start_s is not None or clip.end_s is not None:
        end = "its end" if clip.end_s is None else f"{clip.end_s:g} s"
        words.append(f"from {clip.start_s or 0:g} s to {end}")
    return " · ".join(filter(None, words))


def _facts(audition: Audition) -> dict[str, str]:
    n_patches, patch_frames = 2 * len(audition.pairs), len(audition.pairs[0][0].log_mel)
    facts = {
        "clips that training hears": f"{audition.n_heard:,}",
        "pairs on this page": str(len(audition.pairs)),
        "a patch": f"{(patch_frames - 1) * audition.front_end.hop_s:.2f} s",
        "silent patches": f"{audition.n_silent_patches} of {n_patches}",
        "seed": str(audition.seed),
    }
    if audition.n_broken:
        facts["clips that could not be read"] = str(audition.n_broken)
    return facts


def _notes(audition: Audition) -> list[str]:
    cuts = [cut for pair in audition.pairs for view in pair for cut in view.cuts]
    n_rebuilt = sum(not cut.is_recorded for cut in cuts)
    notes = [
        "A patch is called silent where less than a quarter of it comes within "
        f"{audition.activity_threshold_db:g} dB of the loudest moment of its clip."
    ]
    if n_rebuilt:
        notes.append(
            f"<b>{n_rebuilt} of {len(cuts)} patches and backgrounds are heard through a "
            "reconstruction too</b>: their recordings are not where they were."
        )
    return notes


def _as_yaml(settings: Mapping[str, Any]) -> str:
    """Return what is done to a view, as a recipe says it."""
    done = {key: value for key, value in settings.items() if value is not None}
    return yaml.safe_dump({"views": done}, sort_keys=False, default_flow_style=None).strip()
