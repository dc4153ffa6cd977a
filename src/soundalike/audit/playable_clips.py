"""The clips of a table as the page plays them, by the numbers of their rows.

A clip without an end goes to the end of its recording; of a long one, the first minute is played.
"""

from typing import Any

import pandas as pd

from soundalike.audio.audio_error import AudioError
from soundalike.audio.sound_file import read_info
from soundalike.audit.labels_table import LabelsTable
from soundalike.explore.sounds import LONGEST_S
from soundalike.search.archive_paths import full_path


class PlayableClips:
    """The sounds of the rows of a table.

    Args:
        table: the table.
        root: folder that its paths are relative to; "" if they are whole.
    """

    def __init__(self, table: LabelsTable, root: str) -> None:
        self.table = table
        self.root = root

    def row(self, id: int) -> dict[str, Any]:
        """Return what is played of a row: its path, and start and end in seconds.

        Raises:
            NoSuchRowError: there is no such row.
            AudioError: the end is the recording's, which cannot be read.
        """
        row = self.table.row(id)
        start_s, end_s = _start_of(row), float(row["end_s"])
        if pd.isna(end_s):
            end_s = read_info(self.file_of(id)).duration_s
        return {"path": row["path"], "start_s": start_s, "end_s": min(end_s, start_s + LONGEST_S)}

    def clip(self, id: int) -> dict[str, Any]:
        """Return the same for the page, with its id; the end is None if it cannot be read."""
        try:
            return {"id": id, **self.row(id)}
        except AudioError:
            row = self.table.row(id)
            start_s = _start_of(row)
            return {"id": id, "path": row["path"], "start_s": start_s, "end_s": None}

    def file_of(self, id: int) -> str:
        """Return the file of a row.

        Raises:
            NoSuchRowError: there is no such row.
        """
        return full_path(self.root, self.table.row(id)["path"])


def _start_of(row: pd.Series) -> float:
    return 0.0 if pd.isna(row["start_s"]) else float(row["start_s"])
