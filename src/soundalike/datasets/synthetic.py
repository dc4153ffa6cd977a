"""A synthetic data set: FSDnoisy18k in miniature, with the true labels.

It has the classes, the layout and the label noise of FSDnoisy18k (Fonseca et al., ICASSP 2019). In
`train_noisy` 40% of the labels are wrong: half of these clips hold another class, and half a sound
outside the vocabulary. The labels of `train_clean` and `test` are correct. A clip is a function of
(seed, split, index), so clips can be written in any order by any number of processes, and the small
set is the beginning of the full one.
"""

import json
import os
import wave
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import RandomState
from numpy.typing import NDArray

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.fsdnoisy18k import read_layout
from soundalike.runtime.atomic import atomic_write, write_text
from soundalike.runtime.counts import counted
from soundalike.runtime.progress import progress_bar
from soundalike.runtime.workers import map_in_processes
from soundalike.synthesis.elements import SAMPLE_RATE
from soundalike.synthesis.recording import record
from soundalike.synthesis.sounds import SOUNDS

OUTSIDE = ("bell", "birds", "bubbling", "game", "insects", "siren", "telephone", "voice")
CLASSES = tuple(name for name in SOUNDS if name not in OUTSIDE)
SIZES = {
    "small": {"train_noisy": 800, "train_clean": 200, "test": 300},
    "full": {"train_noisy": 4000, "train_clean": 500, "test": 1000},
}
VERSION = 1  # of the sounds: raised whenever the bytes of any clip change
OUT_OF_VOCABULARY = "out_of_vocabulary:"

_SPLITS = ("train_noisy", "train_clean", "test")
_FIRST_NAMES = {"train_noisy": 10_000, "train_clean": 20_000, "test": 30_000}
_PACK = len(CLASSES)
_N_OTHER_CLASS, _N_OUT_OF_VOCABULARY = 4, 4  # numbers of wrong labels in a pack of train_noisy
_IMBALANCE = 2.5  # of the probabilities of the most and the least frequent class
_DRAW_LABELS, _DRAW_SOUND = range(2)
_MARKER, _UNFINISHED_MARKER = "synthetic.json", "synthetic.unfinished.json"


@dataclass(frozen=True)
class ClipRecord:
    """A clip: its row of FSDnoisy18k's tables, and its true label.

    Args:
        fname: name of the file.
        label: the label in the tables, which may be wrong in train_noisy.
        true_label: the class of the sound, or ``out_of_vocabulary:`` and what it is.
        split: train_noisy, train_clean or test.
        index: position in the split.
        manually_verified: 1 if the label is known to be correct.
        noisy_small: 1 for a subset of train_noisy as large as train_clean.
    """

    fname: str
    label: str
    true_label: str
    split: str
    index: int
    manually_verified: int
    noisy_small: int


def clip_records(size: str, seed: int = 0) -> list[ClipRecord]:
    """List the clips of a size (a key of `SIZES`) without synthesizing them."""
    return [
        _record(size, split, index, seed)
        for split in _SPLITS
        for index in range(SIZES[size][split])
    ]


def synthesize_clip(size: str, split: str, index: int, seed: int = 0) -> NDArray[np.int16]:
    """Synthesize one clip: int16 [samples] at 44,100 Hz.

    Rounding to 16 bits hides differences in the last bits of two machines' arithmetic.

    Raises:
        IndexError: the split has no such clip.
    """
    if not 0 <= index < SIZES[size][split]:
        n_clips = counted(SIZES[size][split], "clip")
        raise IndexError(f"{split} of the {size} set has {n_clips}, not {index}")
    kind = _record(size, split, index, seed).true_label
    generate = SOUNDS[kind.removeprefix(OUT_OF_VOCABULARY)]
    waveform = record(generate, _stream(seed, split, _DRAW_SOUND, index))
    return np.round(32767 * waveform).astype(np.int16)


def write_synthetic(
    root: str | Path,
    size: str = "small",
    seed: int = 0,
    n_workers: int | None = None,
    progress: bool = True,
) -> Path:
    """Write the data set in the layout of FSDnoisy18k, with `truth.csv` next to its tables.

    Interrupted runs resume; a finished data set does not change.

    Args:
        root: folder of the data set; created if missing.
        size: a key of `SIZES`.
        seed: random seed of all sounds and labels.
        n_workers: number of processes; by default one for every available processor.
        progress: if true, show a progress bar.

    Raises:
        SourceError: the size does not exist, or the folder holds another data set.
    """
    if size not in SIZES:
        raise SourceError(f"synthetic:{size}: no such size; choose from {', '.join(SIZES)}.")
    root = Path(root)
    settings: dict[str, str | int] = {"size": size, "seed": seed, "version": VERSION}
    _refuse_another(root, settings)
    records = clip_records(size, seed)
    missing = list(_missing(root, records))
    if not missing and (root / _MARKER).exists():
        return root
    for folder in ("audio_train", "audio_test", "meta"):
        (root / f"FSDnoisy18k.{folder}").mkdir(parents=True, exist_ok=True)
    if not (root / _MARKER).exists():
        write_text(root / _UNFINISHED_MARKER, json.dumps(settings))
    make = partial(_write_clip, root, size, seed)
    results = map_in_processes(make, missing, n_workers)
    for _ in progress_bar(
        results, name="synthetic", unit="clips", total=len(missing), is_shown=progress
    ):
        pass
    _write_tables(root / "FSDnoisy18k.meta", records)
    if not (root / _MARKER).exists():
        os.replace(root / _UNFINISHED_MARKER, root / _MARKER)
    return root


def read_synthetic(size: str) -> ClipTable:
    """List the clips of ``synthetic:small`` or ``synthetic:full``, which the first use writes.

    The sounds are stored in the user's cache folder. `true_label` is a further column.

    Raises:
        SourceError: the size does not exist.
    """
    size = size or "small"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "soundalike"
    clips = read_layout("synthetic", write_synthetic(cache / f"synthetic-{size}", size))
    true_labels = [record.true_label for record in clip_records(size)]  # in the order of the tables
    return replace(clips, rows=clips.rows.assign(true_label=true_labels))


def _stream(seed: int, split: str, purpose: int, index: int) -> RandomState:
    # RandomState and not default_rng: numpy has frozen its streams, so the same seed gives the
    # same bytes with every version of numpy.
    return RandomState([seed, _SPLITS.index(split), purpose, index])


def _record(size: str, split: str, index: int, seed: int) -> ClipRecord:
    pack, position = divmod(index, _PACK)
    label, true_label = _draw_labels(split, pack, seed)[position]
    noisy = split == "train_noisy"
    every = SIZES[size]["train_noisy"] // SIZES[size]["train_clean"]
    return ClipRecord(
        fname=f"{_FIRST_NAMES[split] + index}.wav",
        label=label,
        true_label=true_label,
        split=split,
        index=index,
        manually_verified=int(not noisy),
        noisy_small=int(noisy and index % every == 0),
    )


@cache
def _draw_labels(split: str, pack: int, seed: int) -> list[tuple[str, str]]:
    """Draw the labels and the true labels of a pack of consecutive clips.

    Every pack has exact shares: of classes in clean splits, of wrong labels in train_noisy.
    """
    rng = _stream(seed, split, _DRAW_LABELS, pack)
    if split != "train_noisy":
        return [(label, label) for label in rng.permutation(CLASSES).tolist()]
    weights = _IMBALANCE ** -RandomState([seed]).permutation(np.linspace(0.0, 1.0, _PACK))
    labels = rng.choice(CLASSES, _PACK, p=weights / weights.sum()).tolist()
    truths = list(labels)
    wrong = rng.permutation(_PACK)
    for position in wrong[:_N_OTHER_CLASS]:
        truths[position] = str(rng.choice([name for name in CLASSES if name != labels[position]]))
    for position in wrong[_N_OTHER_CLASS : _N_OTHER_CLASS + _N_OUT_OF_VOCABULARY]:
        truths[position] = OUT_OF_VOCABULARY + str(rng.choice(OUTSIDE))
    return list(zip(labels, truths, strict=True))


def _audio_path(root: Path, record: ClipRecord) -> Path:
    part = "test" if record.split == "test" else "train"
    return root / f"FSDnoisy18k.audio_{part}" / record.fname


def _missing(root: Path, records: list[ClipRecord]) -> Iterator[ClipRecord]:
    there = set(root.glob("FSDnoisy18k.audio_*/*.wav"))
    return (record for record in records if _audio_path(root, record) not in there)


def _write_clip(root: Path, size: str, seed: int, record: ClipRecord) -> None:
    samples = synthesize_clip(size, record.split, record.index, seed)
    with (
        atomic_write(_audio_path(root, record)) as path,
        wave.open(str(path), "wb") as file,
    ):
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def _write_tables(folder: Path, records: list[ClipRecord]) -> None:
    rows = pd.DataFrame([asdict(record) for record in records])
    rows["aso_id"] = "/synthetic/" + rows["label"]
    columns = ["fname", "label", "aso_id", "manually_verified", "noisy_small"]
    in_test = rows["split"] == "test"
    for name, table in (
        ("train.csv", rows.loc[~in_test, columns]),
        ("test.csv", rows.loc[in_test, columns]),
        ("truth.csv", rows[["fname", "true_label"]]),
    ):
        write_text(folder / name, table.to_csv(index=False, lineterminator="\n"))


def _refuse_another(root: Path, settings: dict[str, str | int]) -> None:
    for marker in (root / _MARKER, root / _UNFINISHED_MARKER):
        if marker.exists():
            present = json.loads(marker.read_text(encoding="utf-8"))
            for key, value in settings.items():
                if present.get(key) != value:
                    raise SourceError(
                        f"{root}: holds the synthetic data set with {key} {present.get(key)}, not "
                        f"{value}: name a new folder, or delete this one."
                    )
            return
    if any(root.glob("FSDnoisy18k.*")):
        raise SourceError(f"{root}: holds another data set: name a new folder.")
