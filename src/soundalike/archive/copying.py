"""Copy the clips of one archive to another one of the same model and windows."""

import pandas as pd

from soundalike.archive.lance_tables import CLIP_KEY
from soundalike.archive.one_moment import rows_with_vectors
from soundalike.archive.window_archive import WindowArchive
from soundalike.archive.writer import Writer

ROWS_AT_ONCE = 32_768  # held in memory
SAME = [*CLIP_KEY, "recording", "label", "split", "n_rows"]  # of clips that need no copy


def copy_clips(source: WindowArchive, records: pd.DataFrame, writer: Writer) -> pd.DataFrame:
    """Copy the clips that an archive lacks; they count once all of them are copied.

    A file of which the archive has something else is replaced by what the source has of it.

    Args:
        source: where they are copied from; incomplete clips only with others of their file.
        records: of the clips that are there, as `WindowArchive.clips` returns them.
        writer: of the archive that they are copied to.

    Returns:
        The records of the complete clips that were copied.

    Raises:
        ArchiveError: an archive is damaged.
        OSError: the disk is full.
    """
    recorded = source.clips()
    theirs = recorded[recorded["is_complete"]]
    ours = records[records["path"].isin(theirs["path"])]
    complete = ours.loc[ours["is_complete"].astype(bool), SAME]
    both = theirs[SAME].merge(complete, "left", on=SAME, indicator=True)
    new = theirs[theirs["path"].isin(both.loc[both["_merge"] == "left_only", "path"])]
    writer.remove(ours[ours["path"].isin(new["path"])])
    recordings = set(zip(new["path"], new["recording"], strict=True))
    n_ids = int(recorded["next_id"].max()) if len(new) else 0
    for first in range(0, n_ids, ROWS_AT_ONCE):
        where = f"id >= {first} AND id < {first + ROWS_AT_ONCE}"
        rows, vectors = rows_with_vectors(source, where)
        pairs = zip(rows["path"], rows["recording"], strict=True)
        is_new = pd.Series([pair in recordings for pair in pairs], dtype=bool).to_numpy()
        writer.add(rows[is_new], vectors[is_new])
    pairs = zip(recorded["path"], recorded["recording"], strict=True)
    writer.finish(recorded[[pair in recordings for pair in pairs]])
    return new
