"""Read a list of sounds: the files that a pattern matches, or a text file with a path a line."""

import glob
import itertools
import os
from pathlib import Path

from soundalike.audio.suffixes import AUDIO_SUFFIXES
from soundalike.datasets.clips import Clip, ClipTable, Problem, SourceError, problem_of_name
from soundalike.datasets.columns import our_name
from soundalike.datasets.folder_names import LabelDepth, rows_of_sounds
from soundalike.datasets.rows import file_in
from soundalike.datasets.text_table import TextTable
from soundalike.runtime.counts import counted

LIST_SUFFIXES = frozenset({".lst", ".m3u", ".m3u8"})  # and those of tables


def read_glob(pattern: str, label_depth: LabelDepth | None = None) -> ClipTable:
    """List the sounds that a pattern such as "sounds/*/*.wav" matches; ** matches any folders.

    Folders below the part without wildcards are labels and splits, as in `read_folder`.

    Raises:
        SourceError: it matches no sound.
    """
    matches = [Path(path) for path in sorted(glob.glob(pattern, recursive=True))]
    sounds = [path for path in matches if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file()]
    problems = [problem for path in sounds if (problem := problem_of_name(path))]
    if not sounds:
        n_others = counted(len(matches), "other file")
        others = f", only {n_others} such as {matches[0]}" if matches else ""
        raise SourceError(f"{pattern}: matches no sounds{others}.")
    if len(problems) == len(sounds):
        raise SourceError(f"{pattern}: matches no usable sound. {problems[0].message}")
    sounds = [path for path in sounds if not problem_of_name(path)]
    prefix = itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts[:-1])
    root = Path(*prefix)
    rows, notes = rows_of_sounds(root, sounds, label_depth)
    return ClipTable(root.name or "sounds", rows, problems, notes, root=str(root))


def read_list(table: TextTable) -> ClipTable | None:
    """List the sounds of a text file with a path on each line; None if it is no such file.

    Paths are relative to the folder of the file. Lines that begin with # are comments, as in a
    playlist.

    Raises:
        SourceError: no line names a file that exists.
    """
    lines = _lines(table)
    names = [name for name in lines if name and not name.startswith("#")]
    folder = table.path.parent
    suffixes = {os.path.splitext(name)[1].lower() for name in names}
    if not names or our_name(names[0]) or not suffixes <= AUDIO_SUFFIXES:
        return None
    clips, problems, files = [], [], set()
    for line, name in enumerate(lines, start=1):
        if not name or name.startswith("#"):
            continue
        where, path = f"{table.path}, line {line}", file_in(folder, name)
        if path is None:
            message = f"{name}: no such file ({where}): correct the path."
            problems.append(Problem(name, "missing", message))
        elif os.path.normpath(path) in files:
            message = f"{name}: listed before ({where}): remove one line."
            problems.append(Problem(name, "duplicate row", message))
        else:
            clips.append(Clip(path))
            files.add(os.path.normpath(path))
    if not clips:
        raise SourceError(
            f"{table.path}: of its {counted(len(names), 'line')}, none names a file that exists; "
            f"paths are relative to {folder.resolve()}, and the first is '{names[0]}'."
        )
    return ClipTable.of(table.path.stem, clips, problems, table.notes)


def names_a_file(table: TextTable) -> bool:
    """Return whether a line of a text file is the path of an existing file."""
    return any(file_in(table.path.parent, line) is not None for line in _lines(table) if line)


def _lines(table: TextTable) -> list[str]:
    text = table.path.read_bytes().decode(table.encoding).lstrip("\ufeff")
    return [line.strip() for line in text.splitlines()]
