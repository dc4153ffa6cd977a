"""Rows and their vectors in a file of the kind that its suffix names.

.parquet  the columns, and `vector`, a list of float32; the folder that paths are relative to is the
          metadata `root` of the file
.csv      the columns, and `vector_0`, `vector_1` and so on
.npy      the vectors, float32 [rows, dim]; the columns are in ``NAME.npy.rows.csv`` beside it
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from soundalike.runtime.atomic import atomic_write, remove_partial_files

ROWS_PER_GROUP = 8192  # a Parquet file of many small row groups is large and slow

AddRows = Callable[[pd.DataFrame, NDArray[np.float32]], None]
"""Adds columns [rows] and their vectors [rows, dim] to a file."""


@contextmanager
def parquet_file(out: Path, dim: int, root: str) -> Iterator[AddRows]:
    """Open a Parquet file, which replaces `out` when all rows are added.

    Args:
        out: the file.
        dim: size of a vector.
        root: folder that paths are relative to.

    Raises:
        OSError: the file cannot be written.
    """
    writer: pq.ParquetWriter | None = None
    group: list[pa.Table] = []

    def add(rows: pd.DataFrame, vectors: NDArray[np.float32]) -> None:
        list_of_vectors = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
        table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata()
        group.append(table.append_column("vector", list_of_vectors))
        if sum(map(len, group)) >= ROWS_PER_GROUP:
            write()

    def write() -> None:
        nonlocal writer
        table = pa.concat_tables(group)
        if writer is None:
            schema = table.schema.with_metadata({"root": root})
            writer = pq.ParquetWriter(path, schema)
        writer.write_table(table.replace_schema_metadata({"root": root}))
        group.clear()

    with atomic_write(out) as path:
        try:
            yield add
            if group:
                write()
        finally:
            if writer:
                writer.close()


@contextmanager
def csv_file(out: Path, dim: int, root: str) -> Iterator[AddRows]:
    """Open a CSV file, as `parquet_file` does; `root` is written nowhere."""
    names = [f"vector_{number}" for number in range(dim)]
    with atomic_write(out) as path, path.open("w", encoding="utf-8", newline="") as file:

        def add(rows: pd.DataFrame, vectors: NDArray[np.float32]) -> None:
            columns = pd.DataFrame(vectors, columns=names)
            table = pd.concat([rows.reset_index(drop=True), columns], axis=1)
            table.to_csv(file, index=False, header=file.tell() == 0)

        yield add


@contextmanager
def npy_file(out: Path, dim: int, root: str) -> Iterator[AddRows]:
    """Open a file of vectors and one of rows, as `parquet_file` does; `root` is written nowhere.

    If both are replaced, the old vectors are deleted first: vectors are never beside other rows.
    """
    rows_path = out.with_name(f"{out.name}.rows.csv")
    remove_partial_files(rows_path)
    n_rows = 0
    with atomic_write(out) as path, path.open("wb") as vectors_file:
        _write_header(vectors_file, (0, dim))
        with (
            atomic_write(rows_path) as rows_part,
            rows_part.open("w", encoding="utf-8", newline="") as rows_file,
        ):

            def add(rows: pd.DataFrame, vectors: NDArray[np.float32]) -> None:
                nonlocal n_rows
                rows.to_csv(rows_file, index=False, header=n_rows == 0)
                vectors_file.write(np.ascontiguousarray(vectors, "<f4").data)
                n_rows += len(rows)

            yield add
            vectors_file.seek(0)
            _write_header(vectors_file, (n_rows, dim))
            out.unlink(missing_ok=True)


def _write_header(file: BinaryIO, shape: tuple[int, int]) -> None:
    """Write the header of a .npy file, whose length does not depend on the number of rows."""
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


ROW_FILES: dict[str, Callable[[Path, int, str], AbstractContextManager[AddRows]]] = {
    ".parquet": parquet_file,
    ".csv": csv_file,
    ".npy": npy_file,
}
"""What opens a file, by suffix."""
