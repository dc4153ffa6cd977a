"""What is in a source: counts, lengths, rates, and what is wrong with it."""

import hashlib
from collections import Counter, defaultdict
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from soundalike.audio.sound_file import AudioError, read_info
from soundalike.audio.waveform import read_blocks
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.identical import HASH, first_with_hash
from soundalike.datasets.labels import classes_of
from soundalike.runtime.workers import map_in_processes

SILENT_PEAK = 1e-4  # -80 dB below full scale: nothing that anybody hears
CLIPPED_LEVEL = 0.999
CLIPPED_SHARE = 1e-3  # of a clip's samples; a single full-scale sample is no fault


class _Heard(NamedTuple):
    """What one pass over a clip found; silence has no hash."""

    duration_s: float
    sample_rate: int
    n_channels: int
    is_silent: bool
    is_clipped: bool
    audio_hash: str


_ROW = np.dtype(list(zip(_Heard._fields, ["f8", "i8", "i8", "?", "?", HASH], strict=True)))


def scan(
    clips: ClipTable, *, n_workers: int | None = None, progress: bool = True
) -> dict[str, Any]:
    """Decode every clip once and count what there is.

    Args:
        clips: what to look at.
        n_workers: processes; by default one for every processor.
        progress: whether to show a progress bar.

    Returns:
        Plain numbers and lists, ready for JSON. `labels` counts the clips of each class.
        `identical` are groups of clips with the same samples; `identical_across_splits` those of
        them that lie in several splits or folds.
    """
    problems = list(clips.problems)
    heard = np.zeros(len(clips), dtype=_ROW)
    readable = np.zeros(len(clips), dtype=bool)
    results = map_in_processes(_listen, clips, n_workers)
    with tqdm(results, "scan", len(clips), unit=" clips", disable=not progress) as shown:
        for index, result in enumerate(shown):
            if isinstance(result, Problem):
                problems.append(result)
            else:
                heard[index], readable[index] = result, True

    rows = clips.rows
    labels: Counter[str] = Counter()
    for label, n in rows["label"].value_counts(sort=False).items():
        labels.update(dict.fromkeys(classes_of(label), n))
    heard, paths = heard[readable], rows["path"][readable].to_numpy(object)
    place = rows.groupby(["split", "fold"]).ngroup()[readable].to_numpy()
    identical = _identical(heard["audio_hash"])
    return {
        "source": clips.name,
        "n_clips": len(clips),
        "n_readable": len(heard),
        "hours": float(heard["duration_s"].sum()) / 3600,
        "duration_s": _quantiles(heard["duration_s"]),
        "sample_rates": dict(Counter(heard["sample_rate"].tolist()).most_common()),
        "channels": dict(Counter(heard["n_channels"].tolist()).most_common()),
        "labels": dict(labels.most_common()),
        "splits": {name: int(n) for name, n in rows["split"].value_counts().items() if name},
        "folds": {name: int(n) for name, n in rows["fold"].value_counts().items() if name},
        "silent": paths[heard["is_silent"]].tolist(),
        "clipped": paths[heard["is_clipped"]].tolist(),
        "identical": [paths[group].tolist() for group in identical],
        "identical_across_splits": [
            paths[group].tolist() for group in identical if len(set(place[group])) > 1
        ],
        "problems": [vars(problem) for problem in problems],
    }


def _listen(clip: Clip) -> _Heard | Problem:
    digest = hashlib.sha256()
    n_samples = n_clipped = 0
    peak = 0.0
    try:
        info = read_info(clip.path)
        for block in read_blocks(clip.path, info.sample_rate, clip.start_s, clip.end_s):
            digest.update(block.tobytes())
            level = np.abs(block)
            n_samples += len(block)
            n_clipped += int((level >= CLIPPED_LEVEL).sum())
            peak = max(peak, float(level.max()))
    except AudioError as error:
        return Problem(clip.path, error.problem, str(error))
    is_silent = peak < SILENT_PEAK
    return _Heard(
        duration_s=n_samples / info.sample_rate,
        sample_rate=info.sample_rate,
        n_channels=info.n_channels,
        is_silent=is_silent,
        is_clipped=n_clipped > CLIPPED_SHARE * n_samples,
        audio_hash="" if is_silent else digest.hexdigest()[: HASH.itemsize],
    )


def _identical(hashes: np.ndarray) -> list[list[int]]:
    """Return the positions of the clips of each hash that several have."""
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
