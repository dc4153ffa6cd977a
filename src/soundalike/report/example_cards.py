"""Test clips to listen to, each beside the nearest training clips of two classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import Clip
from soundalike.datasets.labels import Labels
from soundalike.datasets.store import Store
from soundalike.downstream.examples import Example, NearestClips
from soundalike.report.media import Media, PlayablePicture, color_range
from soundalike.report.recordings import Excerpt, origin_of, read_or_reconstruct, restarts

SOUND_S = 5.0  # longer clips are cut
MAX_COLUMNS = 160  # of a picture; more frames are averaged
THIS_CLIP = "this clip"  # caption of the example itself


@dataclass(frozen=True)
class Card:
    """A test clip, its answer, and training clips to compare it with.

    Args:
        name: file name of the clip.
        origin: its folder and label, and its times if it is a part of a recording.
        answer: what it was given, in words.
        figures: the clip, then the nearest training clip of its own class and of the other class.
            Each has a caption, and no picture if there is no such clip.
    """

    name: str
    origin: str
    answer: str
    figures: list[tuple[str, PlayablePicture | None]]


@dataclass(frozen=True)
class Gallery:
    """The cards of a page, with their sounds.

    Args:
        cards: those of each group of examples.
        sounds: of the page, see `Media`.
        n_reconstructed: number of clips whose recording is gone.
        shortest_s: if a clip was repeated, the length that it was repeated to; or else None.
        n_cut: number of clips longer than `SOUND_S`.
    """

    cards: list[list[Card]]
    sounds: list[str]
    n_reconstructed: int
    shortest_s: float | None
    n_cut: int


def make_gallery(
    groups: Sequence[Sequence[Example]],
    store: Store,
    tested: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    nearest: NearestClips | None,
) -> Gallery:
    """Make the cards of some examples; every clip is read and stored once.

    Args:
        groups: the examples.
        store: the labeled clips.
        tested: positions of the test clips.
        probabilities: of the test clips.
        nearest: finds training clips, if there are embeddings.

    Shape:
        tested: [test clips]; probabilities: [test clips, classes].
    """
    figures = {
        example: _figures(example, int(tested[example.row]), store.clips.classes, nearest)
        for group in groups
        for example in group
    }
    shown = sorted({clip for each in figures.values() for _, clip in each if clip is not None})
    n_frames = 1 + round(SOUND_S / store.front_end.hop_s)
    parts = {
        clip: read_or_reconstruct(store, clip, 0, min(n_frames, int(store.n_frames[clip])))
        for clip in shown
    }
    names = store.clips.relative_paths().iloc[shown]
    clips = store.clips.where(np.array(shown, dtype=np.int64))
    rows = {
        place: replace(clip, path=name)
        for place, clip, name in zip(shown, clips, names, strict=True)
    }
    colors = color_range(part.log_mel for part in parts.values()) if parts else (0.0, 1.0)
    media = Media(store.front_end.sample_rate, colors)
    pictures: dict[int | None, PlayablePicture] = {
        clip: media.add(
            f"{Path(rows[clip].path).name}, {rows[clip].label}",
            _narrow(part.log_mel),
            part.waveform,
            _marks(part, store.front_end),
        )
        for clip, part in parts.items()
    }
    labels = store.clips.labels()

    def card(example: Example) -> Card:
        clip = rows[int(tested[example.row])]
        return Card(
            name=Path(clip.path).name,
            origin=origin_of(clip),
            answer=answer_in_words(example, probabilities[example.row], labels),
            figures=[
                (_named(caption, place, rows), pictures.get(place))
                for caption, place in figures[example]
            ],
        )

    return Gallery(
        cards=[[card(example) for example in group] for group in groups],
        sounds=media.sounds,
        n_reconstructed=sum(not part.is_recorded for part in parts.values()),
        shortest_s=next(
            (store.front_end.min_duration_s for part in parts.values() if part.is_repeated), None
        ),
        n_cut=int((store.n_frames[shown] > n_frames).sum()),
    )


def _named(caption: str, place: int | None, rows: Mapping[int, Clip]) -> str:
    """Return the caption of a clip, with the name of its file if it is a nearest one."""
    if place is None or caption == THIS_CLIP:
        return caption
    return f"{caption}: {Path(rows[place].path).name}"


def answer_in_words(example: Example, probabilities: NDArray[np.floating], labels: Labels) -> str:
    """Say what a clip was given, and whether that is right.

    Args:
        example: the answer.
        probabilities: of the clip: [classes].
        labels: of all clips.
    """
    texts = [
        f"{name} ({probability:.2f})"
        for name, probability in zip(labels.classes, probabilities.tolist(), strict=True)
    ]
    answer, is_right = texts[example.answer], example.answer == example.own
    if labels.is_multi_label:
        is_given = probabilities[example.answer] >= 0.5
        if is_right:
            return f"{answer} was {'found' if is_given else 'missed'}"
        return f"{answer} {'is a false alarm' if is_given else 'was rightly left out'}"
    if not is_right:
        return f"named {answer}; its own class is {texts[example.own]}"
    runner_up = "" if example.other is None else f"; next is {texts[example.other]}"
    return f"named {answer}, which is right{runner_up}"


def _figures(
    example: Example, clip: int, classes: Sequence[str], nearest: NearestClips | None
) -> list[tuple[str, int | None]]:
    """Return the captions and the clips of a card."""
    figures: list[tuple[str, int | None]] = [(THIS_CLIP, clip)]
    if nearest is not None:
        for of_class in (example.own, example.other):
            if of_class is not None:
                caption = f"nearest {classes[of_class]} in training"
                figures.append((caption, nearest.find(example.row, of_class)))
    return figures


def _marks(part: Excerpt, front_end: LogMel) -> list[float]:
    """Return where a repeated clip starts again, as shares of its picture."""
    duration_s = (len(part.log_mel) - 1) * front_end.hop_s
    return restarts(0.0, duration_s, part.clip_s) if part.is_repeated else []


def _narrow(log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average neighboring frames: [frames, bands] -> [at most MAX_COLUMNS, bands]."""
    parts = np.array_split(log_mel, min(len(log_mel), MAX_COLUMNS))
    return np.stack([part.mean(axis=0) for part in parts])
