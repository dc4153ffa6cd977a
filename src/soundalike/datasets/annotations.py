"""Read annotations that other programs wrote: Raven, Audacity and BirdNET.

A table of annotations lists segments of one sound or of several. Where it does not name a sound, it
belongs to the one whose name it begins with: ``dawn.Table.1.selections.txt`` to ``dawn.wav``. Where
it names one, that may be a path on another computer. So of sounds with that file name, it is the
one whose folders agree best.
"""

import itertools
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from soundalike.audio.suffixes import AUDIO_SUFFIXES
from soundalike.datasets import TABLE_FORMATS
from soundalike.datasets.clips import ClipTable, Problem, SourceError
from soundalike.datasets.rows import file_in, join_rows
from soundalike.datasets.text_table import TextTable
from soundalike.datasets.verified import VERIFIED
from soundalike.runtime.counts import counted

TABLE_SUFFIXES = frozenset({".txt", ".csv", ".tsv"})


class Sounds:
    """Sounds that tables of annotations may belong to.

    Args:
        paths: the files.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._by_name: defaultdict[str, list[Path]] = defaultdict(list)
        for path in dict.fromkeys(paths):
            self._by_name[path.name].append(path)
            self._by_name[path.stem].append(path)

    def find_all(self, table: Path, names: Iterable[str]) -> dict[str, Path | None]:
        """Return the sounds that a table names; None where there is none, or which one is unclear.

        Args:
            table: the table.
            names: what its rows call their sounds; see `find`.
        """
        sounds = {name: self.find(table, name) for name in names}
        n_common: defaultdict[Path, dict[tuple[str, ...], int]] = defaultdict(dict)
        for name, sound in sounds.items():
            if sound is not None and (folders := _folders_in(name)):
                n_common[sound][folders] = _n_common(folders, sound)
        for name, sound in sounds.items():
            # a/1.wav and b/1.wav are two sounds, also where only one of them is here.
            if sound is not None and (folders := _folders_in(name)):
                of_sound = n_common[sound]
                best = [each for each, n in of_sound.items() if n == max(of_sound.values())]
                sounds[name] = sound if best == [folders] else None
        return sounds

    def find(self, table: Path, name_in_table: str) -> Path | None:
        """Return the sound of a row of a table; None if there is none, or several that may be it.

        Args:
            table: the table.
            name_in_table: what the row calls the sound, often a path on another computer; or "".
        """
        if name_in_table:
            names = [re.split(r"[\\/]", name_in_table)[-1]]
        else:
            parts = table.name.split(".")
            names = [".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]
        folders = _folders_in(name_in_table)
        for name in names:
            ranks = {
                sound: (_n_common(folders, sound), sound.parent == table.parent)
                for sound in self._by_name.get(name, [])
            }
            best = [sound for sound, rank in ranks.items() if rank == max(ranks.values())]
            if len(best) == 1:
                return best[0]
        return None


def format_of(table: TextTable) -> str | None:
    """Return the name of the program's format that a table is in, a key of `TABLE_FORMATS`."""
    return next((name for name in TABLE_FORMATS if _module(name).recognizes(table)), None)


def read_annotations(table: TextTable, sounds: Sounds | None = None) -> ClipTable:
    """Return the annotated segments of a table as clips.

    Args:
        table: in a format of `TABLE_FORMATS`.
        sounds: the sounds that it may be about; by default those in its folder, and those that it
            names by paths that exist.

    Raises:
        SourceError: no sound that it is about exists, or a time is not a number.
    """
    path, format_name = table.path, format_of(table)
    if format_name is None:
        raise SourceError(f"{path}: not in a format of {', '.join(TABLE_FORMATS)}.")
    rows, notes = _module(format_name).read(table)
    rows = rows.reset_index(drop=True)
    names = rows["path"].unique()
    if sounds is None:
        beside = sorted(path.parent.iterdir())
        named = [Path(file) for name in names if (file := file_in(path.parent, name))]
        sounds = Sounds(each for each in [*beside, *named] if each.suffix.lower() in AUDIO_SUFFIXES)
    file_of = sounds.find_all(path, names)
    files = rows["path"].map(file_of)
    absent = [name for name, file in file_of.items() if file is None]
    problems = [
        Problem(str(path), "missing", f"{path}: no sound {_described(path, name)}: put it beside.")
        for name in absent
    ]
    if len(absent) == len(file_of) and len(rows):
        raise SourceError(problems[0].message)
    rows = rows.assign(path=files.map(str, na_action="ignore"))[files.notna()]
    rows, _ = join_rows(path, rows, notes)
    return ClipTable(path.stem, rows, problems, [f"{path.name}: {format_name}", *notes])


def annotate(rows: pd.DataFrame, annotations: list[ClipTable], notes: list[str]) -> pd.DataFrame:
    """Replace the sounds of a folder by their annotated segments.

    If any annotation has a label, labels come from annotations only, and sounds without one are
    unlabeled: folders of annotated recordings are named after places and dates.

    Args:
        rows: path, label, split and fold of each sound.
        annotations: segments of some of them, or of other sounds.
        notes: gets a line if sounds without annotations are unlabeled.
    """
    segments = pd.concat([table.rows for table in annotations], ignore_index=True)
    segments, _ = join_rows(Path(), segments, notes)
    clips = rows.merge(segments, on="path", how="outer", suffixes=("_folder", ""), indicator=True)
    clips = clips.set_index("path").loc[pd.unique(pd.concat([rows["path"], segments["path"]]))]
    clips = clips.reset_index()
    text = ["label", "split", "fold"]
    for column in [*text, *(f"{column}_folder" for column in text)]:
        clips[column] = clips[column].fillna("")
    for column in ("split", "fold"):
        clips[column] = clips[column].where(clips[column] != "", clips[f"{column}_folder"])
    if (segments["label"] == "").all():
        clips["label"] = clips["label_folder"]
    elif n_bare := int(np.sum(clips["_merge"] == "left_only")):
        notes.append(f"unlabeled: {counted(n_bare, 'sound')} without annotations")
    verified = [VERIFIED] if VERIFIED in clips else []
    return clips[["path", *text, "start_s", "end_s", *verified]]


def _module(format_name: str) -> ModuleType:
    module: ModuleType = pkgutil.resolve_name(TABLE_FORMATS[format_name])
    return module


def _folders_in(name: str) -> tuple[str, ...]:
    """Return the folders of a path as a table has it, whatever separates them."""
    return tuple(part for part in re.split(r"[\\/]", name)[:-1] if part not in ("", "."))


def _n_common(folders: tuple[str, ...], sound: Path) -> int:
    """Return how many folders at the end of a path are also those of a sound."""
    pairs = zip(reversed(folders), reversed(sound.parent.parts), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _described(table: Path, name: str) -> str:
    return f"'{name}' beside it" if name else f"whose name begins like {table.name} beside it"
