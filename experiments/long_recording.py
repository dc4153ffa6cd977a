"""Find 60 events of three kinds in a recording of six hours, with one example of each kind.

    python experiments/long_recording.py --out runs/long

Writes a recording of noise that changes slowly, with events of a second at known times, all made by
code, and embeds it as `soundalike embed --window_s 2 --hop_s 1` does. An event is found if a result
is within 1 s of it; results without an event are false alarms.

search      for an example of each kind that is not in the recording, as `soundalike search
            --all_windows --distinct` does: of as many results as there are events of the kind, and
            of twice as many; false alarms that are events of the other kinds are counted, too
steered     the same with the examples of the other kinds as `--not`
classify    a simulated listener answers the results of the search up to the first event, and then
            what `explore` asks, until `--labels` windows of each kind are labeled; the detectors
            are saved, and `soundalike classify --per event` runs them on the recording, and on
            another one of `--new_minutes`

Interrupted runs resume.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile
from numpy.random import RandomState

from soundalike.cli.main import main
from soundalike.labeling.labeled_windows import UNKNOWN
from soundalike.labeling.loop import Loop, TrainedDetector
from soundalike.labeling.saved_detector import save_detectors
from soundalike.runtime.atomic import atomic_write
from soundalike.search.archive import Archive
from soundalike.synthesis.elements import SAMPLE_RATE, shape_spectrum
from soundalike.synthesis.sounds import SOUNDS

KINDS = ["bell", "telephone", "birds"]
EVENT_S, WINDOW_S, HOP_S, NEAR_S = 1.0, 2.0, 1.0, 1.0
NOISE_RMS = 0.02
N_ASKED = 5  # windows that are labeled before the detector is trained again
WAYS = "search", "search, twice as many results", "steered", "steered, twice as many results"


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


def events(minutes: int, n_events: int, seed: int) -> pd.DataFrame:
    """Return the kind and the start of each event, in seconds; none crosses a full minute."""
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(minutes, n_events, replace=minutes < n_events))
    starts_s = 60 * places + rng.uniform(1, 58, n_events)
    return pd.DataFrame({"kind": rng.permutation(np.resize(KINDS, n_events)), "start_s": starts_s})


def blocks(minutes: int, placed: pd.DataFrame, level_db: float, seed: int) -> Iterator[np.ndarray]:
    """Yield the recording minute by minute."""
    for minute in range(minutes):
        block = noise(minute, seed)
        for number, (kind, start_s) in enumerate(placed.itertuples(index=False)):
            if start_s // 60 == minute:
                sound = event(kind, 10_000 * (seed + 1) + number, level_db)
                block[round(start_s % 60 * SAMPLE_RATE) :][: len(sound)] += sound
        yield np.clip(block, -1, 1)


def write(file: Path, sound: Iterator[np.ndarray]) -> None:
    """Write a sound that comes in blocks, 16 bits a sample, unless the file is there."""
    if file.exists():
        return
    with (
        atomic_write(file) as path,
        soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_16", format="WAV") as target,
    ):
        for block in sound:
            target.write(block)


def run(words: list[str]) -> None:
    """Run a command of soundalike; end with its exit code if it fails."""
    if code := main(words):
        sys.exit(code)


def score(results: pd.DataFrame, starts_s: np.ndarray, all_s: np.ndarray) -> np.ndarray:
    """Return how many events are found by results, how many results are not, and why.

    Args:
        results: their start_s and end_s.
        starts_s: of the events.
        all_s: of the events of all kinds.

    Returns:
        The number of events that are found, that of false alarms, and how many of these are events
        of another kind.
    """
    centers_s = results[["start_s", "end_s"]].mean(axis=1).to_numpy()
    is_near, is_event = (
        np.abs(centers_s[:, None] - (each + EVENT_S / 2)) <= NEAR_S for each in (starts_s, all_s)
    )
    is_false = ~is_near.any(axis=1)
    n_other = (is_false & is_event.any(axis=1)).sum()
    return np.array([is_near.any(axis=0).sum(), is_false.sum(), n_other])


def label(
    archive: Archive, kind: str, hits: pd.DataFrame, starts_s: np.ndarray, n_labels: int
) -> TrainedDetector:
    """Label windows truthfully and train; begin with the results of a search up to an event."""
    loop = Loop(archive)
    start_s, end_s = (
        loop.rows["start_s"].to_numpy()[:, None],
        loop.rows["end_s"].to_numpy()[:, None],
    )
    shared_s = np.minimum(end_s, starts_s + EVENT_S) - np.maximum(start_s, starts_s)
    has_event = (shared_s >= EVENT_S / 2).any(axis=1)

    def answer(positions: np.ndarray) -> None:
        for position in positions:
            row = loop.rows.iloc[position]
            span = row["recording"], row["start_s"], row["end_s"]
            loop.labels.assign([span], kind, bool(has_event[position]), origin="queue")

    positions = pd.Index(loop.rows["id"]).get_indexer(hits["id"])
    answer(positions[: 1 + np.argmax(has_event[positions])])
    while True:
        detector = loop.train(kind)
        n_missing = n_labels - int((loop.labeled(kind).known != UNKNOWN).sum())
        if n_missing <= 0:
            return detector
        answer(detector.next_windows(min(N_ASKED, n_missing)))


def classified(folder: Path, recording: Path, placed: pd.DataFrame) -> dict[str, np.ndarray]:
    """Run `classify` on a recording; return the score of each kind."""
    table = recording.with_suffix(".csv")
    run(["classify", str(folder), str(recording), "--out", str(table), "--per", "event"])
    results, kinds = pd.read_csv(table), placed["kind"]
    return {
        kind: score(
            results[results["label"] == kind],
            placed["start_s"][kinds == kind].to_numpy(),
            placed["start_s"].to_numpy(),
        )
        for kind in KINDS
    }


def report(way: str, scores: dict[str, np.ndarray], n_events: int) -> None:
    n_found, n_false, n_other = sum(scores.values())
    kinds = ", ".join(f"{kind} {n} and {n_not}" for kind, (n, n_not, _) in scores.items())
    print(
        f"{way}: {n_found} of {n_events} events, {n_false} false alarms, {n_other} of them events "
        f"of another kind ({kinds})",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of recording and archive")
    parser.add_argument("--minutes", type=int, default=360)
    parser.add_argument("--new_minutes", type=int, default=60, help="of the other recording")
    parser.add_argument("--events", type=int, default=60)
    parser.add_argument("--level_db", type=float, default=0.0, help="of events above the noise")
    parser.add_argument("--labels", type=int, default=20, help="of each kind; 0: only search")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    out, level_db, seed = arguments.out, arguments.level_db, arguments.seed
    out.mkdir(parents=True, exist_ok=True)
    placed = events(arguments.minutes, arguments.events, seed)
    write(out / "recording.wav", blocks(arguments.minutes, placed, level_db, seed))
    words = ["embed", str(out / "recording.wav"), "--out", str(out / "archive")]
    run([*words, "--window_s", f"{WINDOW_S}", "--hop_s", f"{HOP_S}"])
    archive, detectors = Archive.open(out / "archive"), {}
    ways: dict[str, dict[str, np.ndarray]] = {way: {} for way in WAYS}
    examples = {kind: out / f"{kind}.wav" for kind in KINDS}
    for kind, example in examples.items():
        write(example, iter([event(kind, seed, level_db)]))
    for kind, example in examples.items():
        starts_s = placed["start_s"][placed["kind"] == kind].to_numpy()
        others = [examples[other] for other in KINDS if other != kind]
        n = len(starts_s)
        settings: Any = {"k": 2 * n, "all_windows": True, "distinct": True}
        hits, steered = (
            archive.search(example, unlike=unlike, **settings) for unlike in ([], others)
        )
        results = hits[:n], hits, steered[:n], steered
        for way, rows in zip(WAYS, results, strict=True):
            ways[way][kind] = score(rows, starts_s, placed["start_s"].to_numpy())
        if arguments.labels:
            detectors[kind] = label(archive, kind, hits, starts_s, arguments.labels)
    for way, scores in ways.items():
        report(way, scores, len(placed))
    if arguments.labels:
        of_kinds = {kind: (each.detector, each.threshold) for kind, each in detectors.items()}
        save_detectors(of_kinds, archive.as_cut(archive.model), out / "detectors")
        report(
            "classify", classified(out / "detectors", out / "recording.wav", placed), len(placed)
        )
    if arguments.labels and arguments.new_minutes:
        new = events(arguments.new_minutes, arguments.events, seed + 1)
        write(out / "new.wav", blocks(arguments.new_minutes, new, level_db, seed + 1))
        report(
            "classify, another recording",
            classified(out / "detectors", out / "new.wav", new),
            len(new),
        )
