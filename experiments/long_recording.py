"""Find 60 events of three kinds in a recording of six hours, with one example of each kind.

    python experiments/long_recording.py --out runs/long

Writes a recording of noise that changes slowly, with events of a second at known times, all made by
code; embeds it as `soundalike embed --window_s 2 --hop_s 1` does; and searches for an example of
each kind that is not in the recording. Windows that overlap with a better one are no results of
their own. Of as many results as there are events of the kind, those within 1 s of an event have
found it, and the others are false alarms. Interrupted runs resume.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.random import RandomState

from soundalike.cli.main import main
from soundalike.runtime.atomic import atomic_write
from soundalike.search.archive import Archive
from soundalike.synthesis.elements import SAMPLE_RATE, shape_spectrum
from soundalike.synthesis.sounds import SOUNDS

KINDS = ["bell", "telephone", "birds"]
EVENT_S, WINDOW_S, HOP_S, NEAR_S = 1.0, 2.0, 1.0, 1.0
NOISE_RMS = 0.02


def event(kind: str, seed: int, level_db: float) -> np.ndarray:
    """Return a sound of a second whose level is so far above that of the noise."""
    sound = SOUNDS[kind](RandomState(seed), round(EVENT_S * SAMPLE_RATE))
    fade = np.minimum(1, np.arange(len(sound)) / 200)
    sound = sound * fade * fade[::-1]
    return 10 ** (level_db / 20) * NOISE_RMS * sound / np.sqrt(np.mean(sound**2))


def noise(minute: int, seed: int) -> np.ndarray:
    """Return a minute of noise; its slope changes from -2 to -6 dB an octave and back in hours."""
    rng = RandomState(1000 * seed + minute)
    slope_db = -4 + 2 * np.sin(2 * np.pi * minute / 97)

    def gain(frequencies: np.ndarray) -> np.ndarray:
        return 10 ** (slope_db / 20 * np.log2(np.maximum(frequencies, 50) / 1000))

    waveform = shape_spectrum(rng.standard_normal(60 * SAMPLE_RATE), gain)
    return NOISE_RMS * waveform / np.sqrt(np.mean(waveform**2))


def events(minutes: int, n_events: int, seed: int) -> list[tuple[str, float]]:
    """Return the kind and the start of each event, in seconds; none crosses a full minute."""
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(minutes, n_events, replace=minutes < n_events))
    starts_s = 60 * places + rng.uniform(1, 58, n_events)
    return list(zip(rng.permutation(np.resize(KINDS, n_events)), starts_s.tolist(), strict=True))


def blocks(minutes: int, placed: list[tuple[str, float]], level_db: float, seed: int) -> Iterator:
    """Yield the recording minute by minute."""
    for minute in range(minutes):
        block = noise(minute, seed)
        for number, (kind, start_s) in enumerate(placed):
            if start_s // 60 == minute:
                sound = event(kind, 10_000 * (seed + 1) + number, level_db)
                block[round(start_s % 60 * SAMPLE_RATE) :][: len(sound)] += sound
        yield np.clip(block, -1, 1)


def write(file: Path, sound: Iterator) -> None:
    """Write a sound that comes in blocks, 16 bits a sample."""
    with (
        atomic_write(file) as path,
        soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_16", format="WAV") as target,
    ):
        for block in sound:
            target.write(block)


def distinct(starts_s: np.ndarray, n_results: int) -> list[float]:
    """Return the first starts that do not overlap with an earlier one."""
    results: list[float] = []
    for start_s in starts_s:
        if all(abs(start_s - each) >= WINDOW_S for each in results):
            results.append(float(start_s))
    return results[:n_results]


def find(archive: Archive, example: Path, events_s: np.ndarray) -> tuple[int, int]:
    """Return how many events are found by as many results, and how many of these are not one."""
    hits = archive.search(example, 5 * len(events_s), all_windows=True)
    centers_s = np.array(distinct(hits["start_s"].to_numpy(), len(events_s))) + WINDOW_S / 2
    is_near = np.abs(centers_s[:, None] - (events_s + EVENT_S / 2)) <= NEAR_S
    return int(is_near.any(axis=0).sum()), int((~is_near.any(axis=1)).sum())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of recording and archive")
    parser.add_argument("--minutes", type=int, default=360)
    parser.add_argument("--events", type=int, default=60)
    parser.add_argument("--level_db", type=float, default=0.0, help="of events above the noise")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    recording, path = arguments.out / "recording.wav", arguments.out / "archive"
    placed = events(arguments.minutes, arguments.events, arguments.seed)
    if not recording.exists():
        write(recording, blocks(arguments.minutes, placed, arguments.level_db, arguments.seed))
    words = ["embed", str(recording), "--out", str(path)]
    main([*words, "--window_s", f"{WINDOW_S}", "--hop_s", f"{HOP_S}"])
    archive, n_found, n_false = Archive.open(path), 0, 0
    for kind in KINDS:
        example = arguments.out / f"{kind}.wav"
        write(example, iter([event(kind, arguments.seed, arguments.level_db)]))
        starts_s = np.array([start_s for each, start_s in placed if each == kind])
        found, false = find(archive, example, starts_s)
        print(f"{kind}: {found} of {len(starts_s)} events, {false} false alarms")
        n_found, n_false = n_found + found, n_false + false
    print(f"all: {n_found} of {len(placed)} events, {n_false} false alarms, {len(archive)} windows")
