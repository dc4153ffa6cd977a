"""Which rows are of a clip, where its file has others; which of its records counts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.lance_tables import CLIP_KEY, quoted, select

if TYPE_CHECKING:
    import lancedb

TIMES, LABELS = ["start_s", "end_s", "duration_s"], ["label", "split"]
ROUNDING_S = 1e-6


def latest(records: pd.DataFrame) -> pd.DataFrame:
    """Return the latest record of each clip, by `next_id`."""
    records = records.sort_values("next_id", kind="stable")
    return records.drop_duplicates(CLIP_KEY, keep="last").reset_index(drop=True)


def conditions_of_clips(
    clips: pd.DataFrame, rows: "lancedb.table.Table", records: "lancedb.table.Table"
) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """Yield label and split of clips, and conditions in SQL one of which each of their rows meets.

    Args:
        clips: path, start_s, end_s (NaN where the clip ends with its file), and the label and split
            that are yielded, which rows and records need not have yet.
        rows: the table of rows.
        records: the table of clips.
    """
    columns = [*CLIP_KEY, *LABELS, "n_rows", "next_id"]
    recorded = latest(select(records, columns).to_arrow().to_pandas())
    clips = clips[[*CLIP_KEY, *LABELS]].merge(recorded, on=CLIP_KEY, suffixes=("", "_before"))
    is_segment = clips["path"].isin(recorded["path"][recorded["path"].duplicated()])
    for clip in clips[~is_segment].itertuples():
        yield (clip.label, clip.split), [f"path = {quoted(clip.path)}"]
    for path, segments in clips[is_segment].groupby("path"):
        query = select(rows, ["id", *TIMES, *LABELS], f"path = {quoted(path)}")
        of_file = query.to_arrow().to_pandas().sort_values("id")
        for clip in segments.itertuples():
            is_its = are_of_clip(of_file, clip.start_s, clip.end_s)
            if is_its.sum() > clip.n_rows:  # others are as long, and overlap with it
                is_its &= (of_file["label"] == clip.label_before).to_numpy()
                is_its &= (of_file["split"] == clip.split_before).to_numpy()
            yield (clip.label, clip.split), runs_of(of_file["id"].to_numpy()[is_its])


def are_of_clip(rows: pd.DataFrame, start_s: float, end_s: float) -> NDArray[np.bool_]:
    """Return which rows of a file may be of a clip.

    Args:
        rows: start_s, end_s and duration_s of the rows.
        start_s: of the clip; NaN if it starts with its file.
        end_s: of the clip; NaN if it ends with its file.

    Shape:
        result: [rows].
    """
    start_s = 0.0 if np.isnan(start_s) else start_s
    end_s = np.inf if np.isnan(end_s) else end_s
    starts_s, ends_s, lengths_s = (rows[name].to_numpy() for name in TIMES)
    is_inside = (starts_s >= start_s) & (ends_s <= end_s)
    is_as_long = is_inside & (np.abs(lengths_s - (end_s - start_s)) < ROUNDING_S)
    return is_as_long if is_as_long.any() else is_inside  # the clip ends with or after its file


def runs_of(ids: NDArray[np.int64]) -> list[str]:
    """Return conditions in SQL for the rows with some ids, which are in increasing order."""
    runs = np.split(ids, np.flatnonzero(np.diff(ids) > 1) + 1) if len(ids) else []
    return [f"(id >= {run[0]} AND id <= {run[-1]})" for run in runs]
