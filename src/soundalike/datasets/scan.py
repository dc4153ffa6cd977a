"""What is in a source: counts, lengths, rates, and what is wrong with it."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from soundalike.audio.waveform import AudioError, read_blocks, read_info
from soundalike.datasets.clips import Clip, ClipTable, Problem, classes_of
from soundalike.datasets.workers import map_in_processes

SILENT_PEAK = 1e-4  # -80 dB below full scale: nothing that anybody hears
CLIPPED_LEVEL = 0.999
CLIPPED_SHARE = 1e-3  # of a clip's samples; a single full-scale sample is no fault


@dataclass(frozen=True)
class _Heard:
    """What one pass over a clip found."""

    duration_s: float
    sample_rate: int
    n_channels: int
    is_silent: bool
    is_clipped: bool
    audio_hash: str


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
    heard: dict[int, _Heard] = {}
    results = map_in_processes(_listen, clips, n_workers)
    with tqdm(results, "scan", len(clips), unit=" clips", disable=not progress) as shown:
        for index, result in enumerate(shown):
            if isinstance(result, Problem):
                problems.append(result)
            else:
                heard[index] = result

    rows = clips.rows
    paths = rows["path"]
    durations_s = np.array([clip.duration_s for clip in heard.values()])
    identical = _identical(heard)
    labels = Counter(name for label in rows["label"] for name in classes_of(label))
    return {
        "source": clips.name,
        "n_clips": len(clips),
        "n_readable": len(heard),
        "hours": float(durations_s.sum()) / 3600,
        "duration_s": _quantiles(durations_s),
        "sample_rates": dict(Counter(clip.sample_rate for clip in heard.values()).most_common()),
        "channels": dict(Counter(clip.n_channels for clip in heard.values()).most_common()),
        "labels": dict(labels.most_common()),
        "splits": {name: int(n) for name, n in rows["split"].value_counts().items() if name},
        "folds": {name: int(n) for name, n in rows["fold"].value_counts().items() if name},
        "silent": [paths[index] for index, clip in heard.items() if clip.is_silent],
        "clipped": [paths[index] for index, clip in heard.items() if clip.is_clipped],
        "identical": [[paths[index] for index in group] for group in identical],
        "identical_across_splits": [
            [paths[index] for index in group]
            for group in identical
            if len(rows.loc[group, ["split", "fold"]].drop_duplicates()) > 1
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
    return _Heard(
        duration_s=n_samples / info.sample_rate,
        sample_rate=info.sample_rate,
        n_channels=info.n_channels,
        is_silent=peak < SILENT_PEAK,
        is_clipped=n_clipped > CLIPPED_SHARE * n_samples,
        audio_hash=digest.hexdigest(),
    )


def _identical(heard: dict[int, _Heard]) -> list[list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for index, clip in heard.items():
        if not clip.is_silent:
            groups[clip.audio_hash].append(index)
    return [group for group in groups.values() if len(group) > 1]


def _quantiles(durations_s: np.ndarray) -> dict[str, float]:
    if not len(durations_s):
        return {}
    names = ("shortest", "quarter", "median", "three_quarters", "longest")
    return dict(
        zip(names, map(float, np.quantile(durations_s, [0, 0.25, 0.5, 0.75, 1])), strict=True)
    )
