"""The usual names of the columns of a table of clips, and ours."""

import re
from collections import defaultdict

import pandas as pd

from soundalike.runtime.suggestions import nearest_name

# Names in lower case, with single spaces for anything but letters and digits, so that "file name"
# stands for "file_name", "File Name" and " File-name". The first of several is used.
USUAL_NAMES = {
    "path": (
        "path", "file path", "filepath", "file name", "filename", "fname", "file", "audio path",
        "audio file", "audio filename", "sound file", "wav file", "wav filename", "slice file name",
        "audio", "wav",
    ),
    "label": (
        "label", "labels", "category", "class", "class name", "classname", "event label", "tag",
        "tags", "annotation", "annotations", "primary label", "species", "common name",
        "scientific name", "species code", "ebird code", "sound class", "sound event", "target",
    ),
    "split": ("split", "subset", "partition", "set", "data split"),
    "fold": ("fold", "folds", "cv fold"),
    "start_s": (
        "start s", "start", "start time", "start time s", "start seconds", "start sec", "onset",
        "onset s", "begin", "begin time", "begin time s", "begin s", "t start", "t min", "tmin",
    ),
    "end_s": (
        "end s", "end", "end time", "end time s", "end seconds", "end sec", "stop", "stop s",
        "stop time", "offset s", "offset", "t end", "t max", "tmax",
    ),
    "manually_verified": ("manually verified", "verified"),
    "duration_s": ("duration s", "duration", "duration seconds", "length s", "dur"),
}  # fmt: skip
_OUR_NAME = {usual: ours for ours, names in USUAL_NAMES.items() for usual in names}


def our_name(column: str) -> str | None:
    """Return our name of a column, None if it is unknown.

    >>> our_name(" File_Name"), our_name("Begin Time (s)"), our_name("author")
    ('path', 'start_s', None)
    """
    return _OUR_NAME.get(_plain(column))


def name_columns(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns that we know, under our names, and a line on what was assumed.

    "offset" is an end beside "onset", but a start beside a duration.

    Shape:
        rows: any columns; the result has those of `USUAL_NAMES` that were recognized.
    """
    candidates = defaultdict(list)
    for column in map(str, rows.columns):
        if ours := our_name(column):
            candidates[ours].append(column)
    _place_offset(candidates)
    column_of = {ours: min(names, key=_preference) for ours, names in candidates.items()}
    assumptions = [
        f"{ours} from column '{column.strip()}'"
        for ours, column in column_of.items()
        if ours != column
    ]
    others = [column for column in map(str, rows.columns) if column not in column_of.values()]
    notes = [", ".join(assumptions)] if assumptions else []
    if others:
        notes.append(f"columns not used: {', '.join(map(_with_hint, others))}")
    rows = rows.set_axis(rows.columns.map(str), axis=1)
    return rows[list(column_of.values())].set_axis(list(column_of), axis=1), notes


def _place_offset(candidates: dict[str, list[str]]) -> None:
    offsets = [name for name in candidates["end_s"] if _plain(name) in ("offset", "offset s")]
    if offsets and candidates["duration_s"] and not candidates["start_s"]:
        candidates["start_s"] = offsets
        candidates["end_s"] = [name for name in candidates["end_s"] if name not in offsets]
    for ours in [ours for ours, names in candidates.items() if not names]:
        del candidates[ours]


def _plain(column: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", column.casefold()))


def _preference(column: str) -> tuple[int, int]:
    """Rank a column among others of the same meaning: our own spelling first."""
    plain = _plain(column)
    return USUAL_NAMES[_OUR_NAME[plain]].index(plain), column != column.strip().lower()


def _with_hint(column: str) -> str:
    plain = _plain(column)
    nearest = None if plain in _OUR_NAME else nearest_name(plain, _OUR_NAME, most_changed=0.2)
    hint = f" (did you mean '{_OUR_NAME[nearest]}'?)" if nearest else ""
    return f"'{column.strip()}'{hint}"
