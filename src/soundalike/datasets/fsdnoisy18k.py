"""FSDnoisy18k: sound events with noisy labels (Fonseca et al., ICASSP 2019)."""

from pathlib import Path

import pandas as pd

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.metadata_csv import read_metadata_csv
from soundalike.datasets.source import data_set_root


def read_fsdnoisy18k(root: str) -> ClipTable:
    """List FSDnoisy18k in its official layout.

    train_noisy is train, train_clean (`manually_verified`) is validation, test is test. The
    further column `noisy_small` marks the part of train_noisy that is as large as train_clean.
    """
    return read_layout("fsdnoisy18k", data_set_root("fsdnoisy18k", root))


def read_layout(name: str, folder: Path) -> ClipTable:
    """List the clips of a folder in the layout of FSDnoisy18k; `noisy_small` is optional.

    Raises:
        SourceError: one of the two tables is missing or damaged.
    """
    train = _read_part(name, folder, "train", ["fname", "label", "manually_verified"])
    verified = train["manually_verified"] == "1"
    train["split"] = verified.map({True: "validation", False: "train"})
    test = _read_part(name, folder, "test", ["fname", "label"]).assign(split="test")
    rows = pd.concat([train, test])
    rows["manually_verified"] = rows["split"] != "train"  # all test clips are, without a column
    rows["noisy_small"] = rows["noisy_small"] == "1" if "noisy_small" in rows else False
    return ClipTable(name, rows[["path", "label", "split", "manually_verified", "noisy_small"]])


def _read_part(name: str, folder: Path, part: str, columns: list[str]) -> pd.DataFrame:
    table = folder / "FSDnoisy18k.meta" / f"{part}.csv"
    rows = read_metadata_csv(f"{name}:{folder}", table, columns)
    rows["path"] = [str(folder / f"FSDnoisy18k.audio_{part}" / file) for file in rows["fname"]]
    return rows
