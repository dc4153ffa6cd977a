"""UrbanSound8K: 8,732 sounds of a city, ten classes, ten folds (Salamon et al. 2014)."""

import pandas as pd

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.metadata_csv import read_metadata_csv
from soundalike.datasets.source import data_set_root


def read_urbansound8k(root: str) -> ClipTable:
    """List UrbanSound8K as published: ``metadata/UrbanSound8K.csv``, ``audio/fold1`` to ``fold10``.

    Clips cut from one recording share a fold; other folds would separate them.

    Raises:
        SourceError: the folder does not hold this layout, or the table is damaged.
    """
    folder = data_set_root("urbansound8k", root)
    table = read_metadata_csv(
        f"urbansound8k:{root}",
        folder / "metadata" / "UrbanSound8K.csv",
        ["slice_file_name", "fold", "class"],
    )
    rows = pd.DataFrame(
        {
            "path": [
                str(folder / "audio" / f"fold{fold}" / file)
                for fold, file in zip(table["fold"], table["slice_file_name"], strict=True)
            ],
            "label": table["class"],
            "fold": table["fold"],
        }
    )
    return ClipTable("urbansound8k", rows)
