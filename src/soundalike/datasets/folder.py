"""Read a folder of sounds."""

import dataclasses
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from soundalike.audio.signatures import kind_of
from soundalike.audio.suffixes import AUDIO_SUFFIXES, OTHER_SUFFIXES, UNREADABLE_SUFFIXES
from soundalike.datasets.clips import ClipTable, Problem, SourceError, problem_of_name
from soundalike.datasets.folder_names import LabelDepth, rows_of_sounds
from soundalike.datasets.rows import divided_recordings
from soundalike.datasets.sidecars import apply_sidecars, may_be_table
from soundalike.datasets.webdataset import names_tars, read_tars
from soundalike.runtime.counts import counted


def read_folder(root: Path, label_depth: LabelDepth | None = None) -> ClipTable:
    """List every sound below a folder, sorted by path.

    Folders train, validation and test at the first level, or what they are usually called, are
    splits; the next level, if there is one, is the label, or the level that `label_depth` names
    (see `rows_of_sounds`). Sounds that lie in no such folder have no label. Tables of annotations
    and a metadata.csv in the folder say more (see `apply_sidecars`). Files that seem to be audio
    but are not read are problems. Hidden files and folders are skipped; links are followed once.

    Raises:
        SourceError: the folder cannot be read, or contains no sound.
    """
    sounds: list[Path] = []
    tables: list[Path] = []
    tars: list[Path] = []
    problems: list[Problem] = []
    others: Counter[str] = Counter()
    for path in _files(root, problems):
        suffix = path.suffix.lower()
        if suffix not in AUDIO_SUFFIXES:
            others[suffix or "no suffix"] += 1
            if names_tars(path.name):
                tars.append(path)
            elif may_be_table(path):
                tables.append(path)
            elif advice := _advice(path, suffix):
                problems.append(Problem(str(path), "not read", f"{path}: not read: {advice}"))
            continue
        if problem := problem_of_name(path):
            problems.append(problem)
            continue
        sounds.append(path)
    if not sounds and tars and label_depth is None:
        clips = read_tars(str(root), tars)
        return dataclasses.replace(clips, problems=problems + clips.problems)
    if not sounds:
        raise SourceError(_no_sounds(root, others, problems))
    rows, notes = rows_of_sounds(root, sounds, label_depth)
    if tars:
        notes.append(f"{counted(len(tars), 'tar')} beside the sounds: name them to read them")
    rows = apply_sidecars(root, rows, tables, notes, problems)
    return ClipTable(root.resolve().name, rows, problems, notes + divided_recordings(rows))


def _advice(path: Path, suffix: str) -> str:
    """Say what to do about a file that seems to be audio but is not read; "" about any other."""
    if suffix in UNREADABLE_SUFFIXES:
        return f"{UNREADABLE_SUFFIXES[suffix]}."
    if suffix in OTHER_SUFFIXES:
        return ""
    try:
        with path.open("rb") as file:
            kind = kind_of(file)
    except OSError:
        return ""
    if kind is None or kind.hint:
        return ""
    return f"it is {kind.name}, but its name does not say so: rename it."


def _files(root: Path, problems: list[Problem]) -> Iterator[Path]:
    """Walk the visible files below a folder, sorted; unreadable folders become problems."""

    def refused(error: OSError) -> None:
        message = f"{error.filename}: the folder cannot be read ({error.strerror}): allow it."
        problems.append(Problem(str(error.filename), "permission", message))

    seen = set()
    for folder, folders, names in os.walk(root, onerror=refused, followlinks=True):
        if (real := os.path.realpath(folder)) in seen:  # a link to a parent folder would never end
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if _is_visible(name))
        yield from (Path(folder, name) for name in sorted(names) if _is_visible(name))


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"


def _no_sounds(root: Path, others: Counter[str], problems: list[Problem]) -> str:
    if problems:
        return f"{root}: no usable sound. {problems[0].message}"
    if not others:
        return f"{root}: the folder is empty: put sounds in it, or name another folder."
    for name, kind, use in (
        ("archive.json", "an archive", "search, explore, labels or embed"),
        ("metrics.csv", "a training run", "evaluate, embed or classify, as MODEL"),
    ):
        if (root / name).is_file():
            return f"{root}: is {kind} and not a source of sounds: use it with {use}."
    kinds = ", ".join(f"{count} {suffix}" for suffix, count in others.most_common(3))
    return f"{root}: no sounds, only {kinds}. Supported are {', '.join(sorted(AUDIO_SUFFIXES))}."
