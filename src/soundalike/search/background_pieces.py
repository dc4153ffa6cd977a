"""Pieces of background of the long recordings of an archive, which an example is mixed into."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import Backgrounds
from soundalike.audio.audio_error import AudioError
from soundalike.audio.waveform import read_waveform
from soundalike.search.archive_paths import full_path

if TYPE_CHECKING:
    from soundalike.search.archive import Archive

N_PIECES = 4


def background_pieces(
    archive: "Archive", backgrounds: Backgrounds, length_s: float
) -> list[NDArray[np.float32]]:
    """Read pieces of the recordings of an archive in which nothing happens.

    Each is from another stretch, evenly spread over the archive, and is around the window that is
    most like the mean of its stretch.

    Args:
        archive: the archive.
        backgrounds: of its rows.
        length_s: of each piece.

    Returns:
        Waveforms at the sample rate of the archive's model, [samples] each. Recordings that cannot
        be read, or are gone, have none.
    """
    pieces = []
    for stretch in np.linspace(0, len(backgrounds) - 1, N_PIECES).round().astype(int):
        ids = backgrounds.ids[backgrounds.stretches == stretch]
        rows = archive.rows(ids, columns=["id", "path", "start_s", "end_s"])
        row_ids, vectors = archive.vectors(f"id >= {ids[0]} AND id <= {ids[-1]}")
        vectors = vectors[np.isin(row_ids, rows["id"])]
        times_s = rows["start_s"].to_numpy(), rows["end_s"].to_numpy()
        first_s = start_of_piece(*times_s, vectors - backgrounds.means[stretch], length_s)
        if first_s is None:
            continue
        file = full_path(archive.head.root, rows["path"].iloc[0])
        rate = archive.model.front_end.sample_rate
        try:
            pieces.append(read_waveform(file, rate, first_s, first_s + length_s))
        except AudioError:
            continue
    return pieces


def start_of_piece(
    start_s: NDArray[np.float64],
    end_s: NDArray[np.float64],
    differences: NDArray[np.floating],
    length_s: float,
) -> float | None:
    """Return where the piece starts whose middle is that of the most typical window of a stretch.

    Args:
        start_s: of the windows of the stretch.
        end_s: of the windows.
        differences: of their vectors from their mean.
        length_s: of the piece.

    Returns:
        None if no piece of this length is in the stretch.

    Shape:
        start_s, end_s: [windows]; differences: [windows, dim].
    """
    first_s = (start_s + end_s - length_s) / 2
    fits = (first_s >= start_s.min()) & (first_s + length_s <= end_s.max())
    if not fits.any():
        return None
    distances = np.linalg.norm(differences, axis=1)
    return float(first_s[np.where(fits, distances, np.inf).argmin()])
