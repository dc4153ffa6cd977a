"""Read Parquet files, and refuse damage at once."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the rows of a Parquet file.

    `pandas.read_parquet` takes text that is not UTF-8, which fails when it is looked at.

    Args:
        path: the file.
        columns: names of those to read; by default all.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is damaged, or has no such column.
    """
    table = pq.read_table(path, columns=None if columns is None else [*columns])
    table.validate(full=True)
    return table.to_pandas()
