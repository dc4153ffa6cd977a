"""FSDnoisy18k: sound events with noisy labels (Fonseca et al., ICASSP 2019)."""

from pathlib import Path

import pandas as pd

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.source import data_set_root


def read_fsdnoisy18k(root: str) -> ClipTable:
    """List FSDnoisy18k in its official layout.

    train_noisy is train, train_clean (`manually_verified`) is validation, test is test.
    """
    return read_layout("fsdnoisy18k", data_set_root("fsdnoisy18k", root))


def read_layout(name: str, folder: Path) -> ClipTable:
    """List the clips of a folder laid out as FSDnoisy18k is.

    Raises:
        SourceError: one of the two tables of the layout is missing.
    """
    parts = []
    for part in ("train", "test"):
        table = folder / "FSDnoisy18k.meta" / f"{part}.csv"
        if not table.is_file():
            raise SourceError(f"{name}:{folder}: {table} is missing: unpack FSDnoisy18k.meta here.")
        rows = pd.read_csv(table, dtype={"fname": str, "label": str})
        rows["path"] = [str(folder / f"FSDnoisy18k.audio_{part}" / file) for file in rows["fname"]]
        if part == "train":
            verified = rows["manually_verified"].astype(int) == 1
            rows["split"] = verified.map({True: "validation", False: "train"})
        else:
            rows["split"] = "test"
        parts.append(rows[["path", "label", "split"]])
    return ClipTable(name, pd.concat(parts))
