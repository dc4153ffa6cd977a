"""Read tars of the WebDataset convention: one, several, or a folder of them."""

import glob
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from soundalike.datasets.cells import as_labels, as_splits, as_text
from soundalike.datasets.clips import ClipTable, Problem, SourceError
from soundalike.datasets.split_names import splits_of
from soundalike.datasets.unpack_tar import FIELDS, Unpacked, unpack, unpacked_folder
from soundalike.runtime.counts import counted
from soundalike.runtime.progress import progress_bar

TAR = ".tar"
MOST_TARS = 100_000
DELAY_S = 1.0  # no bar for what takes less, such as tars that are unpacked
_BRACES = re.compile(r"\{([^{}]+)\}")
_RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})")


def names_tars(source: str) -> bool:
    """Return whether a source is a tar, or a pattern of tars."""
    return source.lower().endswith(TAR)


def read_tars(source: str, tars: Sequence[Path]) -> ClipTable:
    """List the sounds in tars, which are unpacked into the user's cache first.

    A sound has the label, split and fold that its sample has; see `unpack_tar`. If no sample has a
    split, and the names of all tars have the word of one, such as ``train`` in
    ``birds-train-000.tar``, and not all the same, these are the splits. A bad tar is a problem, and
    the others are read.

    Args:
        source: what the user called them.
        tars: their absolute paths.

    Raises:
        SourceError: they contain no sound, or the disk has no room for them.
        OSError: the cache cannot be written.
    """
    problems: list[Problem] = []
    frames, used, n_long_texts = [], [], 0
    for tar, unpacked in _unpacked(tars):
        if isinstance(unpacked, SourceError):
            problems.append(Problem(str(tar), "tar", str(unpacked)))
            continue
        frames.append(_rows(unpacked))
        used += [tar] * len(frames[-1])
        problems += unpacked.problems
        n_long_texts += unpacked.n_long_texts
    if not used:
        reason = f" {problems[0].message}" if problems else ""
        raise SourceError(f"{source}: no sounds in {counted(len(tars), 'tar')}.{reason}")
    rows = pd.concat(frames, ignore_index=True)
    common = unpacked_folder(Path(os.path.commonpath([tar.parent for tar in tars])))
    notes = [f"{counted(len(tars), 'tar')}, unpacked in {common}"]
    for column in FIELDS:
        rows[column] = as_text(rows[column])
    rows["label"], label_notes = as_labels(rows["label"])
    rows["split"], split_notes = as_splits(Path(source), rows["split"])
    if not rows["split"].any():
        rows["split"], split_notes = _splits_of_tars(used)
    notes += label_notes + split_notes
    if n_long_texts:
        notes.append(f"{counted(n_long_texts, 'text')} too long for a label: not used")
    return ClipTable(Path(source).stem, rows, problems, notes, root=str(common))


def tars_of(pattern: str) -> list[Path]:
    """Return the tars that a pattern names, sorted: ``birds-{000..099}.tar``, ``{a,b}/*.tar``.

    Braces name tars that must exist, and wildcards those that do.

    Args:
        pattern: an absolute path.

    Raises:
        SourceError: wildcards match no tar, or braces name more than `MOST_TARS`.
    """
    paths = [*itertools.islice(_expanded(pattern), MOST_TARS + 1)]
    if len(paths) > MOST_TARS:
        raise SourceError(f"{pattern}: names more than {MOST_TARS:,} tars.")
    tars: dict[str, None] = {}
    for path in paths:
        tars |= dict.fromkeys(sorted(glob.glob(path, recursive=True)) or [path])
    if all(glob.has_magic(tar) and not os.path.exists(tar) for tar in tars):
        raise SourceError(f"{pattern}: matches no tars.")
    return [Path(tar) for tar in tars]


def _expanded(pattern: str) -> Iterator[str]:
    """Yield the patterns that a pattern with braces stands for, as a shell does."""
    match = _BRACES.search(pattern)
    if match is None:
        yield pattern
        return
    if limits := _RANGE.fullmatch(match[1]):
        first, last = int(limits[1]), int(limits[2])
        is_padded = any(limit != "0" and limit.startswith("0") for limit in limits.groups())
        width = max(map(len, limits.groups())) if is_padded else 0
        step = 1 if first <= last else -1
        words: Iterator[str] | list[str] = (
            f"{number:0{width}}" for number in range(first, last + step, step)
        )
    else:
        words = match[1].split(",")
    for word in words:
        yield from _expanded(pattern[: match.start()] + word + pattern[match.end() :])


def _unpacked(tars: Sequence[Path]) -> Iterator[tuple[Path, Unpacked | SourceError]]:
    """Unpack tars; show how many of their bytes have been read, since one may have all clips."""
    ends = [*itertools.accumulate(tar.stat().st_size if tar.is_file() else 0 for tar in tars)]
    with progress_bar(
        name="unpack", unit="bytes", total=ends[-1], unit_scale=True, delay=DELAY_S
    ) as bar:
        for tar, end in zip(tars, ends, strict=True):
            unpacked: Unpacked | SourceError
            try:
                unpacked = unpack(tar, bar.update)
            except SourceError as error:
                unpacked = error
            yield tar, unpacked
            bar.update(end - bar.n)  # also of a tar that was unpacked before


def _rows(unpacked: Unpacked) -> pd.DataFrame:
    paths = [str(unpacked.folder / clip["path"]) for clip in unpacked.clips]
    facts = {name: [clip.get(name, "") for clip in unpacked.clips] for name in FIELDS}
    return pd.DataFrame({"path": paths, **facts}, dtype=object)


def _splits_of_tars(tars: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Return the split of each clip by the names of their tars, and a line on it.

    Args:
        tars: of each clip.
    """
    words = {tar: re.split(r"[\W_]+", tar.stem) for tar in dict.fromkeys(tars)}
    split_of = splits_of(itertools.chain(*words.values()))
    splits_named = {
        tar: {split_of[word] for word in words[tar] if word in split_of} for tar in words
    }
    if not all(len(splits) == 1 for splits in splits_named.values()):
        return [""] * len(tars), []
    names = {tar: splits.pop() for tar, splits in splits_named.items()}
    if len(set(names.values())) == 1:
        return [""] * len(tars), []
    return [names[tar] for tar in tars], [f"splits from names of tars, such as {tars[0].name}"]
