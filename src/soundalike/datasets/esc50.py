"""ESC-50: 2,000 environmental sounds, fifty classes, five folds (Piczak 2015)."""

import pandas as pd

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.metadata_csv import read_metadata_csv
from soundalike.datasets.source import data_set_root


def read_esc50(root: str) -> ClipTable:
    """List ESC-50 as published: ``meta/esc50.csv`` and the folder ``audio``.

    Clips cut from one recording share a fold. The label "crying_baby" becomes "crying baby".

    Raises:
        SourceError: the folder does not hold this layout, or the table is damaged.
    """
    folder = data_set_root("esc50", root)
    columns = ["filename", "fold", "category"]
    table = read_metadata_csv(f"esc50:{root}", folder / "meta" / "esc50.csv", columns)
    rows = pd.DataFrame(
        {
            "path": [str(folder / "audio" / file) for file in table["filename"]],
            "label": table["category"].str.replace("_", " "),
            "fold": table["fold"],
        }
    )
    return ClipTable("esc50", rows)
