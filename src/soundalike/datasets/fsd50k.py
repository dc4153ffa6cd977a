"""FSD50K: 51,197 sound events, 200 classes, several per clip (Fonseca et al. 2022)."""

from pathlib import Path

import pandas as pd

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.metadata_csv import read_metadata_csv
from soundalike.datasets.source import data_set_root

_SPLITS = {"train": "train", "val": "validation"}


def read_fsd50k(root: str) -> ClipTable:
    """List FSD50K in its official layout.

    The table divides the development set into train and validation; the evaluation set is test. A
    clip has its annotated classes and all their parents in the ontology.

    Raises:
        SourceError: one of the two tables is missing or damaged.
    """
    folder = data_set_root("fsd50k", root)
    dev = _read_part(folder, "dev", ["fname", "labels", "split"])
    dev["split"] = dev["split"].map(_SPLITS)
    if dev["split"].isna().any():
        raise SourceError(f"fsd50k:{root}: dev.csv has other splits than train and val.")
    test = _read_part(folder, "eval", ["fname", "labels"]).assign(split="test")
    rows = pd.concat([dev, test])
    rows["label"] = rows["labels"].str.replace(",", ";")
    return ClipTable("fsd50k", rows[["path", "label", "split"]])


def _read_part(folder: Path, part: str, columns: list[str]) -> pd.DataFrame:
    table = folder / "FSD50K.ground_truth" / f"{part}.csv"
    rows = read_metadata_csv(f"fsd50k:{folder}", table, columns)
    rows["path"] = [str(folder / f"FSD50K.{part}_audio" / f"{name}.wav") for name in rows["fname"]]
    return rows
