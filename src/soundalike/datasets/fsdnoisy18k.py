"""FSDnoisy18k: sound events with noisy labels (Fonseca et al., ICASSP 2019)."""

from pathlib import Path

import pandas as pd

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.source import data_set_root

_COLUMNS = {"train": ["fname", "label", "manually_verified"], "test": ["fname", "label"]}


def read_fsdnoisy18k(root: str) -> ClipTable:
    """List FSDnoisy18k in its official layout.

    train_noisy is train, train_clean (`manually_verified`) is validation, test is test.
    """
    return read_layout("fsdnoisy18k", data_set_root("fsdnoisy18k", root))


def read_layout(name: str, folder: Path) -> ClipTable:
    """List the clips of a folder laid out as FSDnoisy18k is.

    Raises:
        SourceError: one of the two tables is missing or damaged, or they list no clip.
    """
    parts = []
    for part in ("train", "test"):
        table = folder / "FSDnoisy18k.meta" / f"{part}.csv"
        if not table.is_file():
            raise SourceError(f"{name}:{folder}: {table} is missing: unpack FSDnoisy18k.meta here.")
        try:
            rows = pd.read_csv(table, dtype=str, usecols=_COLUMNS[part], keep_default_na=False)
        except (ValueError, OSError) as error:  # pandas' parser raises kinds of these
            reason = str(error).splitlines()[0]
            raise SourceError(f"{table}: damaged ({reason}): unpack it again.") from None
        rows["path"] = [str(folder / f"FSDnoisy18k.audio_{part}" / file) for file in rows["fname"]]
        rows["split"] = "test"
        if part == "train":
            verified = rows["manually_verified"] == "1"
            rows["split"] = verified.map({True: "validation", False: "train"})
        parts.append(rows[["path", "label", "split"]])
    clips = ClipTable(name, pd.concat(parts))
    if not len(clips):
        raise SourceError(f"{name}:{folder}: its tables list no clip: unpack them again.")
    return clips
