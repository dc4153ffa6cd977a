"""Which clips of a source an archive lacks, and which of its files have changed."""

import dataclasses
import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.lance_tables import CLIP_KEY
from soundalike.datasets.clips import ClipTable
from soundalike.runtime.file_stamp import file_stamp, settled_stamp

STAMP, LABELS = ["size", "mtime_ns"], ["label", "split"]


@dataclass(frozen=True)
class Comparison:
    """Clips of a source beside those of an archive.

    Args:
        clips: the clips, with paths as the archive has them: see `ClipTable.relative_paths`.
        records: for each clip its path in the archive, `CLIP_KEY`, `STAMP`, label, split, the
            recording that the archive has of it ("" if it has none), and how many of its rows.
        is_new: whether the archive lacks the clip or some of its rows, or its file has changed.
        is_touched: whether the file has another size or time, but the same content.
        is_relabeled: whether the archive has the clip, or some of its rows, with another label or
            split.

    Shape:
        is_new, is_touched, is_relabeled: [clips].
    """

    clips: ClipTable
    records: pd.DataFrame
    is_new: NDArray[np.bool_]
    is_touched: NDArray[np.bool_]
    is_relabeled: NDArray[np.bool_]

    @property
    def is_changed(self) -> NDArray[np.bool_]:
        """Whether the archive is to be changed for the clip."""
        return self.is_new | self.is_touched | self.is_relabeled


def compare(clips: ClipTable, records: pd.DataFrame, root: str) -> Comparison:
    """Compare the clips of a source with the records of an archive.

    A clip is known if the archive has rows of the same part of the same file. Files with another
    size or time than the archive noted are read, and known if their content is the same.

    Args:
        clips: the clips.
        records: of the archive, as `WindowArchive.clips` returns them.
        root: folder that the paths of the archive are relative to.
    """
    clips = dataclasses.replace(clips, root=root)
    rows = clips.rows
    files = {path: (*file_stamp(path),) for path in rows["path"].unique()}
    stamps = pd.DataFrame([files[path] for path in rows["path"]], columns=STAMP, dtype="int64")
    ours = rows[["start_s", "end_s", "label", "split"]].assign(path=clips.relative_paths())
    ours = ours.astype({"start_s": float, "end_s": float})
    ours[STAMP] = stamps
    facts = [*STAMP, *LABELS, "recording", "n_rows", "is_complete"]
    # As objects: where a clip has no record, pandas would round nanoseconds to floats.
    theirs = records[[*CLIP_KEY, *facts]].astype(dict.fromkeys(STAMP, object))
    both = ours.merge(theirs, "left", on=CLIP_KEY, suffixes=("", "_before"))
    recording = both["recording"].fillna("").to_numpy(object)
    is_known = both["is_complete"].eq(True).to_numpy()
    has_stamp = _is_as_before(both, STAMP)
    is_touched = is_known & ~has_stamp
    for position in np.flatnonzero(is_touched):
        path = rows["path"].iloc[position]
        ours.loc[position, STAMP] = settled_stamp(path)
        is_touched[position] = recording_of(path) == recording[position]
    n_rows = both["n_rows"].fillna(0).astype("int64")
    is_new = ~(is_known & (has_stamp | is_touched))
    is_there = ~is_new | (n_rows > 0).to_numpy()  # or part of it, after an interrupted run
    is_relabeled = is_there & ~_is_as_before(both, LABELS)
    ours = ours.assign(recording=recording, n_rows=n_rows)
    return Comparison(clips, ours, is_new, is_touched, is_relabeled)


def _is_as_before(both: pd.DataFrame, columns: list[str]) -> NDArray[np.bool_]:
    before = both[[f"{column}_before" for column in columns]]
    return (both[columns].to_numpy(object) == before.to_numpy(object)).all(axis=1)


def recording_of(path: str) -> str:
    """Return a hash of a sound file's content, which copies and renamed files share.

    Returns:
        32 hexadecimal digits; "" if the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:32]
    except OSError:
        return ""
