"""Scan a source: counts, durations, sample rates, and clips with problems."""

import dataclasses
import functools
import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from soundalike.audio.audio_error import AudioError
from soundalike.audio.channels import Mixer
from soundalike.audio.log_mel import LogMel
from soundalike.audio.sound_file import open_sound
from soundalike.audio.spectrum import Spectrum
from soundalike.audio.waveform import blocks_of
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.identical import HASH, first_with_hash, leaks
from soundalike.datasets.labels import classes_of
from soundalike.datasets.outside_band import advice, is_above, is_below
from soundalike.runtime.progress import progress_bar
from soundalike.runtime.workers import map_in_processes

CLIPPED_LEVEL = 0.999
CLIPPED_SHARE = 1e-3  # of a clip's samples; a single full-scale sample is normal


@dataclass(frozen=True)
class ScanReport:
    """What a source contains.

    Args:
        source: name of the source.
        n_clips: number of clips.
        n_readable: number of clips that could be decoded.
        hours: total duration of the readable clips.
        duration_s: quantiles of their durations, by name; empty if no clip is readable.
        sample_rates: number of readable clips by sample rate in Hz.
        channels: number of readable clips by number of channels.
        n_training: number of readable clips that pre-training uses: those of the split train, or
            all, without copies of clips in test and validation.
        labels: number of readable clips by class.
        unlabeled: paths of readable clips without a label, if others have one.
        splits: number of readable clips by split.
        folds: number of readable clips by fold.
        silent: paths of silent clips.
        short: paths of clips that the front end repeats, because they are too short.
        past_end: paths of segments that end after their files, so they are shorter than they say.
        clipped: paths of clips with many samples at full scale.
        cancelling: paths of clips whose channels cancel each other, so that only one is used.
        above_band: paths of clips with most of their energy above the band of the front end.
        below_band: paths of clips with nearly all of it below the band.
        identical: paths of clips with the same samples, in groups.
        identical_across_splits: the groups of `identical` that span several splits or folds.
        problems: clips that could not be read, and why.
        notes: what was assumed about the source, a line each.
        advice: options for clips outside the band, a line each.
    """

    source: str
    n_clips: int
    n_readable: int
    hours: float
    duration_s: dict[str, float]
    sample_rates: dict[int, int]
    channels: dict[int, int]
    n_training: int
    labels: dict[str, int]
    unlabeled: list[str]
    splits: dict[str, int]
    folds: dict[str, int]
    silent: list[str]
    short: list[str]
    past_end: list[str]
    clipped: list[str]
    cancelling: list[str]
    above_band: list[str]
    below_band: list[str]
    identical: list[list[str]]
    identical_across_splits: list[list[str]]
    problems: list[Problem]
    notes: list[str]
    advice: list[str]


class _ClipFacts(NamedTuple):
    """Facts about one clip; the hash of a silent clip is empty, and its band is NaN."""

    duration_s: float
    sample_rate: int
    n_channels: int
    is_silent: bool
    is_clipped: bool
    is_cancelling: bool
    band: tuple[float, ...]
    audio_hash: str


_TYPES = ["f8", "i8", "i8", "?", "?", "?", "4f8", HASH]
_ROW = np.dtype(list(zip(_ClipFacts._fields, _TYPES, strict=True)))


def scan(
    clips: ClipTable,
    front_end: LogMel | None = None,
    *,
    n_workers: int | None = None,
    progress: bool = True,
) -> ScanReport:
    """Decode every clip once and report what the source contains.

    Args:
        clips: the clips of the source.
        front_end: whose band should hold the energy; by default `LogMel` with its defaults.
        n_workers: number of processes; by default one for every processor.
        progress: if true, show a progress bar.
    """
    front_end = front_end or LogMel()
    problems = list(clips.problems)
    facts = np.zeros(len(clips), dtype=_ROW)
    is_readable = np.zeros(len(clips), dtype=bool)
    results = map_in_processes(functools.partial(_scan_clip, front_end), clips, n_workers)
    with progress_bar(
        results, name="scan", unit="clips", total=len(clips), is_shown=progress
    ) as bar:
        for index, result in enumerate(bar):
            if isinstance(result, Problem):
                problems.append(result)
            else:
                facts[index], is_readable[index] = result, True

    rows = clips.rows[is_readable]
    labels: Counter[str] = Counter()
    for label, n in rows["label"].value_counts(sort=False).items():
        labels.update(dict.fromkeys(classes_of(label), n))
    facts, paths = facts[is_readable], rows["path"].to_numpy(object)
    place = rows.groupby(["split", "fold"]).ngroup().to_numpy()
    identical = _identical(facts["audio_hash"])
    return ScanReport(
        source=clips.name,
        n_clips=len(clips),
        n_readable=len(facts),
        hours=float(facts["duration_s"].sum()) / 3600,
        duration_s=_quantiles(facts["duration_s"]),
        sample_rates=dict(Counter(facts["sample_rate"].tolist()).most_common()),
        channels=dict(Counter(facts["n_channels"].tolist()).most_common()),
        n_training=_count_training(rows, facts["audio_hash"]),
        labels=dict(labels.most_common()),
        unlabeled=paths[(rows["label"] == "").to_numpy() & bool(labels)].tolist(),
        splits={name: int(n) for name, n in rows["split"].value_counts().items() if name},
        folds={name: int(n) for name, n in rows["fold"].value_counts().items() if name},
        silent=paths[facts["is_silent"]].tolist(),
        short=paths[facts["duration_s"] < front_end.min_duration_s].tolist(),
        past_end=paths[
            rows["end_s"] - rows["start_s"].fillna(0) > facts["duration_s"] + 0.1
        ].tolist(),
        clipped=paths[facts["is_clipped"]].tolist(),
        cancelling=paths[facts["is_cancelling"]].tolist(),
        above_band=paths[is_above(facts["band"])].tolist(),
        below_band=paths[is_below(facts["band"])].tolist(),
        identical=[paths[group].tolist() for group in identical],
        identical_across_splits=[
            paths[group].tolist() for group in identical if len(set(place[group])) > 1
        ],
        problems=problems,
        notes=clips.notes,
        advice=advice(paths, facts["band"], front_end),
    )


def _scan_clip(front_end: LogMel, clip: Clip) -> _ClipFacts | Problem:
    digest, spectrum = hashlib.sha256(), Spectrum()
    n_samples = n_clipped = 0
    peak = 0.0
    mix = Mixer(clip.path, is_logged=False)
    try:
        with open_sound(clip.path) as sound:
            first = sound.parts[0]
            rate = first.sample_rate
            digest.update(str(rate).encode())
            blocks = blocks_of(sound, rate, clip.start_s, clip.end_s, mix=mix, spectrum=spectrum)
            for block in blocks:
                digest.update(block.tobytes())
                level = np.abs(block)
                n_samples += len(block)
                n_clipped += int((level >= CLIPPED_LEVEL).sum())
                peak = max(peak, float(level.max()))
    except AudioError as error:
        return Problem(clip.path, error.problem, str(error))
    return _ClipFacts(
        duration_s=n_samples / rate,
        sample_rate=rate,
        n_channels=first.n_channels,
        is_silent=spectrum.is_silent,
        is_clipped=n_clipped > CLIPPED_SHARE * n_samples and not (first.is_float and peak > 1),
        is_cancelling=mix.channel is not None,
        band=dataclasses.astuple(spectrum.band(front_end.fmin, front_end.fmax)),
        audio_hash="" if spectrum.is_silent else digest.hexdigest()[: HASH.itemsize],
    )


def _count_training(rows: pd.DataFrame, hashes: np.ndarray) -> int:
    """Count the readable clips that pre-training uses, as `prepare` and `training_clips` do."""
    is_training = (rows["split"] == "train").to_numpy(copy=True)
    if not (rows["split"] != "").any():
        return len(rows)
    is_training[list(leaks(rows, hashes))] = False
    return int(is_training.sum())


def _identical(hashes: np.ndarray) -> list[list[int]]:
    """Return the positions of the clips that share a hash, one list for each such hash."""
    first = first_with_hash(hashes)
    copies: dict[int, list[int]] = defaultdict(list)
    for copy in np.flatnonzero(first != np.arange(len(first))):
        copies[first[copy]].append(int(copy))
    return [[int(original), *copies[original]] for original in sorted(copies)]


def _quantiles(durations_s: np.ndarray) -> dict[str, float]:
    if not len(durations_s):
        return {}
    names = ("shortest", "quarter", "median", "three_quarters", "longest")
    return dict(
        zip(names, map(float, np.quantile(durations_s, [0, 0.25, 0.5, 0.75, 1])), strict=True)
    )
