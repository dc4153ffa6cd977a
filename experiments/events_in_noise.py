"""Measure how well one example finds events in recordings full of wind, rain and waves.

    python experiments/events_in_noise.py ESC10

Makes recordings of `--minutes` from the sounds of ESC-10 (ESC10 is the folder that holds
`001 - Dog bark`): rain, sea waves and, by code, wind in turn, each for 2 to 5 minutes, with five
events of each of six kinds at known times. An event is the loudest 0.9 s of a clip, `--level_db`
above the background where it is. Each kind is searched for by one example at a time: a clip of
another source; its loudest 0.9 s; these mixed into the background, as `search` does; a window of
the recording that has one of the events; and the 0.9 s of this event. Results are the local maxima
of the similarity over time; one within 1 s of an event has found it. Prints average precision, the
mean over examples and kinds, with an interval over recordings.

How windows are compared, without the mean of what is around them: by their cosines; so that those
which hardly differ from it count less (`ExactIndex`); and so that directions in which all windows
differ much count less, too (`Variation`), which is what `search` does.

`--cache` keeps the vectors, so that other ways of comparing them cost nothing.
"""

import argparse
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.ndimage import maximum_filter1d

from soundalike.archive.backgrounds import STRETCH_S
from soundalike.archive.variation import Variation
from soundalike.audio.waveform import read_waveform
from soundalike.embedding.inference import for_inference
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import encode_windows
from soundalike.evaluation.intervals import t_interval
from soundalike.runtime.atomic import atomic_write
from soundalike.search.background_pieces import N_PIECES, start_of_piece
from soundalike.search.mixtures import difference_in_mixtures, piece_s
from soundalike.synthesis.noise import wind

KINDS = ["Dog bark", "Baby cry", "Clock tick", "Person sneeze", "Chainsaw", "Rooster"]
BACKGROUNDS = ["Rain", "Sea waves", "wind"]
EVENT_S, NEAR_S = 0.9, 1.0
CLIP, TRIMMED, MIXED, WINDOW, CUT = "clip", "trimmed", "mixed", "window here", "trimmed here"
HOPS_S = {1.0: 0.5, 2.0: 1.0, 3.0: 1.0}
COSINE, DAMPED, DISCOUNTED = WAYS = "cosine", "damped", "discounted"


@dataclass
class Recording:
    """A recording with events, and clips of the same kinds from elsewhere.

    Attributes:
        waveform: [samples].
        kinds: of the events.
        starts_s: of the events.
        examples: a clip for each event, of the same kind and from another source.
    """

    waveform: np.ndarray
    kinds: np.ndarray
    starts_s: np.ndarray
    examples: list[np.ndarray]


@dataclass
class Vectors:
    """Embeddings of the windows of a recording, and of examples.

    Attributes:
        starts_s: of the windows, [windows].
        windows: [windows, dim].
        whole: of each example, the mean of its windows, [events, dim].
        trimmed: of the loudest 0.9 s of each example, [events, dim].
        events: of the 0.9 s of each event, cut from the recording, [events, dim].
        mixed: the difference that the loudest 0.9 s of each example make in the background of the
            recording, as `search` has it, [events, dim].
    """

    starts_s: np.ndarray
    windows: np.ndarray
    whole: np.ndarray
    trimmed: np.ndarray
    events: np.ndarray
    mixed: np.ndarray


def read_clips(root: Path, rate: int) -> dict[str, dict[str, list[np.ndarray]]]:
    """Return the clips of each kind, by the recording that they were cut from."""
    clips: dict[str, dict[str, list[np.ndarray]]] = {}
    for path in sorted(root.glob("[0-9][0-9][0-9] - */*-*-*.*")):
        kind = path.parent.name.partition(" - ")[2]
        if kind in KINDS or kind in BACKGROUNDS:
            source = path.stem.split("-")[1]
            clips.setdefault(kind, {}).setdefault(source, []).append(read_waveform(path, rate))
    return clips


def loudest(clip: np.ndarray, n_samples: int) -> np.ndarray:
    """Return the part of a clip with the most energy, with faded ends."""
    energy = np.cumsum(np.pad(clip.astype(float), (1, 0)) ** 2)
    start = int(np.argmax(energy[n_samples:] - energy[:-n_samples]))
    fade = np.minimum(1, np.minimum(*(np.arange(n_samples)[::step] for step in (1, -1))) / 200)
    return clip[start : start + n_samples] * fade


def rms(waveform: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(waveform, dtype=float))) + 1e-9)


def background(
    clips: dict[str, dict[str, list[np.ndarray]]], rate: int, n_samples: int, seed: int
) -> np.ndarray:
    """Return rain, sea waves and wind in turn, every part at one level, with crossfades."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(BACKGROUNDS)
    result = np.zeros(n_samples + 60 * rate, np.float32)
    n_fade, position = rate // 2, 0
    ramp = np.sin(np.linspace(0, np.pi / 2, n_fade)).astype(np.float32)
    for kind in itertools.cycle(order):
        end = position + int(rng.uniform(120, 300) * rate)
        while position < min(end, n_samples):
            if kind == "wind":
                at_44100 = wind(np.random.RandomState(rng.integers(2**31)), 40 * rate)
                part = at_44100[::2].astype(np.float32)  # wind has hardly any treble
            else:
                source = clips[kind][rng.choice(list(clips[kind]))]
                part = source[rng.integers(len(source))]
            part = 0.05 * part / rms(part)
            part[:n_fade] *= ramp
            part[-n_fade:] *= ramp[::-1]
            part = part[: len(result) - position]
            result[position : position + len(part)] += part
            position += len(part) - n_fade
        if position >= n_samples:
            return result[:n_samples]
    raise AssertionError


def make_recording(
    clips: dict[str, dict[str, list[np.ndarray]]],
    rate: int,
    seed: int,
    minutes: float = 15.0,
    n_each: int = 5,
    level_db: float = 6.0,
) -> Recording:
    """Place events of all kinds, in random order, evenly with some jitter."""
    rng = np.random.default_rng(seed)
    waveform = background(clips, rate, round(60 * minutes * rate), seed)
    n_event = round(EVENT_S * rate)
    kinds = rng.permutation(np.repeat(KINDS, n_each))
    sources = {kind: iter(rng.permutation(list(clips[kind]))) for kind in KINDS}

    def another(kind: str) -> np.ndarray:
        source = clips[kind][next(sources[kind])]
        return source[rng.integers(len(source))]

    step_s = 60 * minutes / (len(kinds) + 1)
    starts_s = step_s * (np.arange(len(kinds)) + 0.6 + 0.6 * rng.random(len(kinds)))
    for kind, start_s in zip(kinds, starts_s, strict=True):
        place = waveform[round(start_s * rate) :][:n_event]
        event = loudest(another(kind), n_event)
        place += (10 ** (level_db / 20) * rms(place) / rms(event) * event).astype(np.float32)
    examples = [another(kind) for kind in kinds]
    return Recording(0.5 * waveform / np.abs(waveform).max(), kinds, starts_s, examples)


def embed(model: SoundEncoder, recording: Recording, rate: int) -> dict[str, np.ndarray]:
    """Embed the windows of a recording, and all examples: all of `Vectors` but `mixed`."""
    n_event = round(EVENT_S * rate)
    cuts = [recording.waveform[round(start * rate) :][:n_event] for start in recording.starts_s]
    trimmed = [loudest(example, n_event) for example in recording.examples]
    sounds = [recording.waveform, *recording.examples, *trimmed, *cuts]
    log_mels = ([model.front_end.of_clip(sound)] for sound in sounds)
    batches = list(encode_windows(model, log_mels))
    clips = np.concatenate([batch.clips for batch in batches])
    vectors = np.concatenate([batch.vectors for batch in batches])
    starts = np.concatenate([batch.starts for batch in batches])[clips == 0]
    means = [vectors[clips == clip].mean(axis=0) for clip in range(1, len(sounds))]
    whole, trim, events = np.split(np.stack(means), 3)
    starts_s, windows = starts * model.front_end.hop_s, vectors[clips == 0]
    return {
        "starts_s": starts_s, "windows": windows, "whole": whole, "trimmed": trim, "events": events,
    }  # fmt: skip


def mix(
    model: SoundEncoder,
    recording: Recording,
    rate: int,
    arrays: dict[str, np.ndarray],
    window_s: float,
) -> np.ndarray:
    """Return `Vectors.mixed`.

    Args:
        model: the model.
        recording: the recording.
        rate: its sample rate.
        arrays: what `embed` returns.
        window_s: length of a window.
    """
    length_s, starts_s = piece_s(model, EVENT_S), arrays["starts_s"]
    stretch = numbers_of_stretches(starts_s, window_s, STRETCH_S)
    pieces = []
    for number in np.linspace(0, stretch.max(), N_PIECES).round().astype(int):
        windows, start_s = arrays["windows"][stretch == number], starts_s[stretch == number]
        differences = windows - windows.mean(axis=0)
        first_s = start_of_piece(start_s, start_s + window_s, differences, length_s)
        first = round((first_s or 0.0) * rate)
        pieces.append(recording.waveform[first : first + round(length_s * rate)])
    trimmed = [loudest(example, round(EVENT_S * rate)) for example in recording.examples]
    return np.stack([difference_in_mixtures(model, each, pieces) for each in trimmed])


def numbers_of_stretches(starts_s: np.ndarray, window_s: float, seconds: float) -> np.ndarray:
    """Return the number of the stretch that each window is in; a rest belongs to the last one."""
    n_stretches = max(1, int((starts_s[-1] + window_s) // seconds))
    return np.minimum(starts_s // seconds, n_stretches - 1).astype(int)


def of_stretches(seconds: float) -> Callable[[Vectors, float], np.ndarray]:
    """Return a function to the means of the stretches of a length, for each window."""

    def means(vectors: Vectors, window_s: float) -> np.ndarray:
        stretch = numbers_of_stretches(vectors.starts_s, window_s, seconds)
        sums = np.zeros((stretch.max() + 1, vectors.windows.shape[1]))
        np.add.at(sums, stretch, vectors.windows)
        return (sums / np.bincount(stretch)[:, None])[stretch]

    return means


def beside(seconds: float) -> Callable[[Vectors, float], np.ndarray]:
    """Return a function to the mean of the windows around each that do not overlap with it."""

    def means(vectors: Vectors, window_s: float) -> np.ndarray:
        distance_s = np.abs(vectors.starts_s[:, None] - vectors.starts_s)
        is_beside = (distance_s >= window_s - 0.05) & (distance_s <= window_s + seconds)
        return is_beside @ vectors.windows / is_beside.sum(axis=1, keepdims=True)

    return means


def no_background(vectors: Vectors, window_s: float) -> np.ndarray:
    return np.zeros_like(vectors.windows)


CENTERINGS: dict[str, Callable[[Vectors, float], np.ndarray]] = {
    "none": no_background,
    "whole recording": of_stretches(np.inf),
    "5 minutes": of_stretches(300),
    "2 minutes": of_stretches(120),
    "1 minute": of_stretches(60),
    "30 s": of_stretches(30),
    "15 s": of_stretches(15),
    "beside it, 5 s": beside(5),
    "beside it, 15 s": beside(15),
}


def average_precision(
    similarity: np.ndarray,
    centers_s: np.ndarray,
    hop_s: float,
    window_s: float,
    events_s: np.ndarray,
) -> float:
    """Return the average precision of the local maxima of a similarity; -inf is left out.

    Args:
        similarity: of each window.
        centers_s: of the windows.
        hop_s: from one window to the next.
        window_s: length of a window; a result is the maximum of the windows that overlap with it.
        events_s: centers of the events that are searched for.
    """
    reach = 2 * round(window_s / hop_s) - 1
    is_peak = (maximum_filter1d(similarity, reach) == similarity) & np.isfinite(similarity)
    peaks = np.flatnonzero(is_peak)
    peaks = peaks[np.argsort(-similarity[peaks], kind="stable")]
    is_near = np.abs(centers_s[peaks][:, None] - events_s) <= NEAR_S
    is_first = is_near & (np.cumsum(is_near, axis=0) == 1)  # further results are false alarms
    n_right = np.cumsum(is_first.any(axis=1))
    ranks = np.flatnonzero(is_first.any(axis=1))
    return float((n_right[ranks] / (ranks + 1)).sum() / len(events_s))


def similarities(
    vectors: Vectors, background: np.ndarray, examples: np.ndarray, how: str
) -> np.ndarray:
    """Compare windows without their background with examples without theirs: [windows, examples].

    Args:
        vectors: of the recording.
        background: of each window.
        examples: their vectors.
        how: one of `WAYS`.
    """
    windows = vectors.windows - background
    lengths = np.linalg.norm(windows, axis=1)
    spreads = np.zeros(len(lengths))
    if how != COSINE:
        _, stretch = np.unique(background[:, 0], return_inverse=True)
        if 2 * stretch.max() > len(stretch):  # windows have backgrounds of their own
            stretch = np.zeros(len(lengths), int)
        spreads = np.sqrt(np.bincount(stretch, lengths**2) / np.bincount(stretch))[stretch]
    if how == DISCOUNTED:
        variation = Variation(np.arange(len(windows)), windows.T @ windows / len(windows))
        examples = np.stack([variation.discounted(example) for example in examples])
    unit = examples / np.linalg.norm(examples, axis=1, keepdims=True)
    return windows @ unit.T / np.hypot(lengths, spreads)[:, np.newaxis]


def precisions(
    vectors: Vectors,
    kinds: np.ndarray,
    starts_s: np.ndarray,
    window_s: float,
    background: np.ndarray,
    how: str,
) -> pd.DataFrame:
    """Return the average precision of every example, in a column for each sort of example."""
    centers_s, events_s = vectors.starts_s + window_s / 2, starts_s + EVENT_S / 2
    nearest = np.abs(centers_s[:, None] - events_s).argmin(axis=0)
    common = background.mean(axis=0)
    examples = {
        CLIP: vectors.whole - common,
        TRIMMED: vectors.trimmed - common,
        MIXED: vectors.mixed,
        WINDOW: (vectors.windows - background)[nearest],
        CUT: vectors.events - background[nearest],
    }
    columns: dict[str, list[float]] = {name: [] for name in examples}
    for name, of_kind in examples.items():
        values = similarities(vectors, background, of_kind, how)
        for number, kind in enumerate(kinds):
            similarity, is_event = values[:, number].copy(), kinds == kind
            if name in (WINDOW, CUT):  # the example itself is no result
                near = np.abs(centers_s - events_s[number]) < window_s / 2 + NEAR_S
                similarity[near] = -np.inf
                is_event[number] = False
            precision = average_precision(
                similarity, centers_s, HOPS_S[window_s], window_s, events_s[is_event]
            )
            columns[name].append(precision)
    return pd.DataFrame(columns).assign(kind=kinds)


def seeds_of(arguments: argparse.Namespace) -> range:
    """Return the seeds of the recordings."""
    return range(arguments.first, arguments.first + arguments.recordings)


def embedded(arguments: argparse.Namespace) -> dict[str, np.ndarray]:
    """Return the vectors of all recordings; those in the cache are not computed again."""
    cache, arrays = arguments.cache, {}
    if cache and cache.exists():
        arrays = dict(np.load(cache))
    model = for_inference(SoundEncoder.from_pretrained(arguments.model), torch.float32)
    rate = model.front_end.sample_rate
    clips = read_clips(arguments.esc10, rate)
    for seed in seeds_of(arguments):
        windows = [w for w in arguments.windows if f"{seed} {w:g} mixed" not in arrays]
        if not windows:
            continue
        recording = make_recording(
            clips, rate, seed, arguments.minutes, arguments.each, arguments.level_db
        )
        arrays |= {f"{seed} kinds": recording.kinds, f"{seed} starts_s": recording.starts_s}
        for window_s in windows:
            cut = model.with_windows(window_s, HOPS_S[window_s])
            prefix = f"{seed} {window_s:g} "
            if f"{prefix}windows" not in arrays:
                new = embed(cut, recording, rate)
                arrays |= {f"{prefix}{name}": array for name, array in new.items()}
            here = {name: arrays[f"{prefix}{name}"] for name in ("starts_s", "windows")}
            arrays[f"{prefix}mixed"] = mix(cut, recording, rate, here, window_s)
        if cache:
            with atomic_write(cache) as path, path.open("wb") as file:
                np.savez(file, **arrays)
    return arrays


def measure(
    arrays: dict[str, np.ndarray], seeds: range, window_s: float, way: str, how: str
) -> pd.DataFrame:
    """Return the average precisions of all examples of all recordings, for one way of centering."""
    tables = []
    for seed in seeds:
        names = Vectors.__dataclass_fields__
        vectors = Vectors(**{name: arrays[f"{seed} {window_s:g} {name}"] for name in names})
        background = CENTERINGS[way](vectors, window_s)
        kinds, starts_s = arrays[f"{seed} kinds"], arrays[f"{seed} starts_s"]
        table = precisions(vectors, kinds, starts_s, window_s, background, how)
        tables.append(table.assign(recording=seed))
    return pd.concat(tables)


def in_words(table: pd.DataFrame) -> dict[str, str]:
    """Return the mean of each sort of example with its interval over recordings."""
    means = table.drop(columns="kind").groupby("recording").mean()
    texts = {}
    for name, column in means.items():
        low, high = t_interval(column)
        texts[str(name)] = f"{column.mean():.3f} ({low:.3f} - {high:.3f})"
    return texts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("esc10", type=Path, metavar="ESC10")
    parser.add_argument("--model", default="default")
    parser.add_argument("--recordings", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="seed of the first recording")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--each", type=int, default=5, help="events of each kind")
    parser.add_argument("--level_db", type=float, default=6.0)
    parser.add_argument("--windows", type=float, nargs="+", choices=HOPS_S, default=list(HOPS_S))
    parser.add_argument("--cache", type=Path, metavar="FILE.npz")
    arguments = parser.parse_args()
    if not list(arguments.esc10.glob("[0-9][0-9][0-9] - */")):
        sys.exit(f"{arguments.esc10}: skipped, ESC-10 is not there")
    arrays = embedded(arguments)
    rows = {}
    for window_s, way in itertools.product(arguments.windows, CENTERINGS):
        for how in WAYS if CENTERINGS[way] is not no_background else [COSINE]:
            table = measure(arrays, seeds_of(arguments), window_s, way, how)
            rows[f"{window_s:g} s", way, how] = in_words(table)
            if (way, how) in (("none", COSINE), ("1 minute", DISCOUNTED)):
                of_kinds = table.drop(columns="recording").groupby("kind").mean()
                print(f"windows of {window_s:g} s, {way}:")
                print(of_kinds.to_string(float_format="{:.3f}".format))
    print(pd.DataFrame(rows).T.to_string())
