"""The part of an example that a search for events compares: as long as a window, the loudest one.

Silence and other sounds beside an event would be averaged into its vector.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError
from soundalike.audio.waveform import read_blocks
from soundalike.search.queries import FileQuery, RowQuery
from soundalike.search.stored_files import rows_of_unchanged_file

if TYPE_CHECKING:
    from soundalike.search.archive import Archive


def event_of(archive: "Archive", query: Any) -> Any:
    """Return the event of a query: itself if it is a row, a part of a file, or short.

    Of a file that the archive holds, the row with the highest peak is its event; of other sounds,
    the part with the most energy.

    Args:
        archive: the archive, whose windows say how long an event is.
        query: one of what `queries_of` returns; a waveform is mono.
    """
    if isinstance(query, RowQuery) or (isinstance(query, FileQuery) and query.start_s is not None):
        return query
    if isinstance(query, FileQuery):
        if where := rows_of_unchanged_file(archive, query):
            rows = archive.rows(where=where, columns=["id", "peak_db"])
            return RowQuery(int(rows["id"].iloc[rows["peak_db"].argmax()]))
        return _loudest_part(archive, query)
    waveform, rate = query
    n_samples = round(_window_s(archive) * rate)
    start, _ = _start_of_loudest([waveform], n_samples)
    return waveform[start : start + n_samples], rate


def _loudest_part(archive: "Archive", query: FileQuery) -> FileQuery:
    rate, window_s = archive.model.front_end.sample_rate, _window_s(archive)
    try:
        start, n_all = _start_of_loudest(read_blocks(query.path, rate), round(window_s * rate))
    except AudioError:  # which is said when it is embedded
        return query
    if n_all <= window_s * rate:
        return query
    start_s = start / rate
    return FileQuery(query.path, start_s, min(start_s + window_s, n_all / rate))


def _window_s(archive: "Archive") -> float:
    return (archive.head.windows["n_frames"] - 1) * archive.model.front_end.hop_s


def _start_of_loudest(blocks: Iterable[NDArray[np.floating]], n_samples: int) -> tuple[int, int]:
    """Return where the part of a waveform with the most energy starts, and the waveform's length.

    Args:
        blocks: of the waveform, [samples] each.
        n_samples: length of the part.
    """
    highest, start = 0.0, 0
    rest, n_before = np.empty(0, np.float32), 0  # what the next part may begin in
    for block in blocks:
        waveform = np.concatenate([rest, block])
        energy = np.cumsum(np.square(np.pad(waveform, (1, 0)), dtype=np.float64))
        of_parts = energy[n_samples:] - energy[:-n_samples]
        if len(of_parts) and of_parts.max() > highest:
            highest, start = float(of_parts.max()), n_before + int(of_parts.argmax())
        n_done = max(0, len(waveform) - n_samples + 1)
        rest, n_before = waveform[n_done:], n_before + n_done
    return start, n_before + len(rest)
