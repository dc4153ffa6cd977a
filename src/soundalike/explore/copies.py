"""Near-duplicates of a row: rows whose sounds share a part with it.

Only the rows that are nearest by their vectors are compared, since each has to be read and decoded.
"""

from typing import Any

from soundalike.audio.sound_file import open_sound
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.explore.collection import Collection

N_CANDIDATES = 60


def copies_of(collection: Collection, id: int) -> list[dict[str, Any]]:
    """Return the rows that share half a second or more with a row, the most similar first.

    They may be re-encoded, cut, resampled or amplified copies; see `find_near_duplicates`.

    Raises:
        NoSuchRowError: there is no such row.
        AudioError: the sound of the row is gone, or damaged.
        QueryError: the row is silent.
    """
    from soundalike.datasets.near_duplicates import find_near_duplicates  # a second of SciPy

    row = collection.row(id)
    file = collection.file_of(id)
    with open_sound(file):  # raises the error that says what is wrong with it
        clips = ClipTable.of("row", [Clip(file, start_s=row["start_s"], end_s=row["end_s"])])
    candidates = [
        each
        for each in collection.similar([id], N_CANDIDATES, all_windows=True)
        if not collection.overlap(row, each)
    ]
    others = ClipTable.of("candidates", [_clip(collection, each) for each in candidates])
    pairs = find_near_duplicates(clips, others, n_workers=1, progress=False).pairs
    positions = {pair.other for pair in pairs}
    return [each for position, each in enumerate(candidates) if position in positions]


def _clip(collection: Collection, row: dict[str, Any]) -> Clip:
    return Clip(collection.file_of(row["id"]), start_s=row["start_s"], end_s=row["end_s"])
