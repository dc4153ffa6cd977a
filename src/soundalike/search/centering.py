"""Whether a search compares windows by their differences from the background of their recording.

This finds events, which are a small part of what is in a window of a long recording. A recording as
a whole is its background, so where one is the query, windows are compared as they are.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import FEWEST_ROWS, LONG_S, STRETCH_S, Backgrounds
from soundalike.audio.audio_error import AudioError
from soundalike.audio.sound_file import read_info
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.search.queries import FileQuery, RowQuery
from soundalike.search.stored_files import rows_of_file

if TYPE_CHECKING:
    from soundalike.search.archive import Archive


@dataclass(frozen=True)
class Centering:
    """What is subtracted in a search.

    Args:
        backgrounds: of the rows; None if rows are compared as they are.
        reason: why, in words; "" if no row has a background.
    """

    backgrounds: Backgrounds | None
    reason: str


def choose_centering(archive: "Archive", queries: list[Any], center: bool | None) -> Centering:
    """Choose whether backgrounds are subtracted.

    By default they are, where rows have one, unless a query is itself a long recording.

    Args:
        archive: the archive.
        queries: what is searched for, as `queries_of` returns it.
        center: the choice of the user; None for the default.
    """
    if center is False or not (backgrounds := archive.backgrounds):
        return Centering(None, "")
    long = [query for query in queries if _duration_s(archive, query) >= LONG_S]
    if long and center is None:
        name = "a waveform" if isinstance(long[0], tuple) else long[0]
        reason = f"{name} is a long recording, so windows are compared as they are"
        return Centering(None, f"{reason} (--center yes: without their background)")
    reason = f"the mean of each {STRETCH_S:g} s of long recordings is subtracted from their windows"
    return Centering(backgrounds, f"{reason} (--center no: windows as they are)")


def background_of(
    archive: "Archive", query: Any, backgrounds: Backgrounds
) -> NDArray[np.float32] | None:
    """Return the background of a query, which is subtracted from its vector; None if it has none.

    A row of a long recording has that of its stretch, and so has a part of a file of the archive. A
    part of another long recording has the mean of the windows around it.

    Shape:
        result: [dim].
    """
    if isinstance(query, RowQuery):
        return _mean_at(backgrounds, query.id)
    if not isinstance(query, FileQuery) or query.start_s is None or query.end_s is None:
        return None
    rows = archive.rows(where=rows_of_file(archive, query), columns=["id", "start_s", "end_s"])
    middle_s = (query.start_s + query.end_s) / 2
    if len(rows):
        distance_s = (rows["start_s"] + rows["end_s"]).to_numpy() / 2 - middle_s
        return _mean_at(backgrounds, int(rows["id"].iloc[np.argmin(np.abs(distance_s))]))
    return _mean_around(archive, query.path, middle_s)


def _mean_around(archive: "Archive", path: str, middle_s: float) -> NDArray[np.float32] | None:
    """Return the mean vector of the stretch around a moment of a file; None if it is short."""
    from soundalike.embedding.clip_reader import ClipReader
    from soundalike.embedding.window_embeddings import encode_windows

    try:
        duration_s = read_info(path).duration_s
    except AudioError:  # which is said when the query is embedded
        return None
    if not (middle_s < duration_s >= LONG_S):
        return None
    start_s = max(0.0, min(middle_s - STRETCH_S / 2, duration_s - STRETCH_S))
    end_s = min(start_s + STRETCH_S, duration_s)
    clips = ClipTable.of(path, [Clip(os.path.abspath(path), start_s=start_s, end_s=end_s)])
    model = archive.model
    reader = ClipReader(model.front_end, clips, strict=False, name="search", progress=False)
    vectors = [batch.vectors for batch in encode_windows(model, reader)]
    if sum(map(len, vectors)) < FEWEST_ROWS:
        return None
    return np.concatenate(vectors).mean(axis=0)


def _mean_at(backgrounds: Backgrounds, row_id: int) -> NDArray[np.float32] | None:
    (stretch,) = backgrounds.of_rows(np.array([row_id]))
    return None if stretch < 0 else backgrounds.means[stretch]


def _duration_s(archive: "Archive", query: Any) -> float:
    """Return the length of a query; 0 for a row, which is a window, or a file without sound."""
    if isinstance(query, RowQuery):
        return 0.0
    if not isinstance(query, FileQuery):
        waveform, rate = query
        return len(waveform) / rate
    if query.start_s is not None and query.end_s is not None:
        return query.end_s - query.start_s
    rows = archive.rows(where=rows_of_file(archive, query), columns=["duration_s"])
    if len(rows):
        return float(rows["duration_s"].max())
    try:
        return read_info(query.path).duration_s
    except AudioError:  # which is said when it is embedded
        return 0.0
