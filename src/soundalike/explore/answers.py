"""How the server writes numbers and rows, and the ids of rows that it is asked for."""

import math
from typing import Annotated, Any

import numpy as np
from fastapi import Query
from fastapi.responses import Response
from numpy.typing import NDArray

MOST_ROWS = 200
RowIds = Annotated[list[int], Query(min_length=1, max_length=MOST_ROWS)]
NumberOfHits = Annotated[int, Query(ge=1, le=MOST_ROWS)]


def numbers(values: NDArray[Any]) -> Response:
    """Return a response of the bytes of an array."""
    return Response(np.ascontiguousarray(values).tobytes(), media_type="application/octet-stream")


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with numbers that JSON has; one that is not finite becomes null."""
    content = {name: each.item() if hasattr(each, "item") else each for name, each in row.items()}
    for name, value in content.items():
        if isinstance(value, float) and not math.isfinite(value):
            content[name] = None
    return content
