"""The nearest clips of each clip: what speaks for its label and against it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from soundalike.datasets.clips import ClipTable
from soundalike.runtime.atomic import atomic_write

EVIDENCE = "evidence.parquet"


def write_evidence(
    file: Path,
    clips: ClipTable,
    neighbors: NDArray[np.integer],
    similarity: NDArray[np.floating],
) -> None:
    """Write the nearest clips of each clip.

    The columns are path, start_s and end_s of the clip, and two lists, the nearest first:
    neighbors, rows of this same file, counted from 0; and similarity, their cosines.

    Args:
        file: the Parquet file to replace.
        clips: the clips.
        neighbors: positions of the nearest clips, of other recordings, the nearest first; -1 where
            there is none.
        similarity: cosine similarity of each.

    Shape:
        neighbors, similarity: [clips, neighbors].

    Raises:
        OSError: the file cannot be written.
    """
    is_clip = neighbors >= 0
    ends = np.concatenate([[0], is_clip.sum(axis=1).cumsum()]).astype(np.int32)
    times = {
        name: pa.array(clips.rows[name].to_numpy(float), from_pandas=True)  # blank where unknown
        for name in ("start_s", "end_s")
    }
    table = pa.table(
        {
            "path": pa.array(clips.rows["path"], pa.string()),
            **times,
            "neighbors": pa.ListArray.from_arrays(ends, pa.array(neighbors[is_clip], pa.int64())),
            "similarity": pa.ListArray.from_arrays(
                ends, pa.array(similarity[is_clip], pa.float32())
            ),
        }
    )
    with atomic_write(file) as path:
        pq.write_table(table, path)
