"""Answer requests for a part of some bytes (HTTP's Range), which media elements need to seek."""

import re

from starlette.responses import Response

RANGE = re.compile(r"bytes=(?P<first>\d*)-(?P<last>\d*)")


def byte_range(header: str | None, n_bytes: int) -> slice | None:
    """Return the bytes that a Range header asks for; None if it asks for all, or in other ways.

    >>> byte_range("bytes=2-5", 10), byte_range("bytes=-3", 10), byte_range("bytes=8-", 10)
    (slice(2, 6, None), slice(7, 10, None), slice(8, 10, None))

    Raises:
        ValueError: there are no such bytes.
    """
    match = RANGE.fullmatch((header or "").strip())
    if not match or not (match["first"] or match["last"]):
        return None
    if match["first"]:
        first = int(match["first"])
        stop = min(int(match["last"]) + 1, n_bytes) if match["last"] else n_bytes
    else:
        first, stop = max(0, n_bytes - int(match["last"])), n_bytes
    if not first < stop:
        raise ValueError(f"bytes {first} to {stop} of {n_bytes}")
    return slice(first, stop)


def ranged_response(content: bytes, media_type: str, header: str | None) -> Response:
    """Return the response to a request for some bytes, or a part of them."""
    headers = {"accept-ranges": "bytes"}
    try:
        part = byte_range(header, len(content))
    except ValueError:
        return Response(status_code=416, headers={"content-range": f"bytes */{len(content)}"})
    if part is None:
        return Response(content, media_type=media_type, headers=headers)
    headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{len(content)}"
    return Response(content[part], 206, media_type=media_type, headers=headers)
