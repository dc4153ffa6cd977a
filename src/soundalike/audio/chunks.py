"""Whether a file of some kinds was cut: where its parts end by their own lengths."""

import os
import re
import struct
from collections.abc import Callable
from typing import BinaryIO

Reader = Callable[[BinaryIO, int], int]
UNKNOWN = (0, 2**32 - 1)
# Programs miscount by some padding.
SLACK = 8


def declared_end(file: BinaryIO, kind: str) -> int | None:
    """Return where a file ends by its own account; None if it does not say, or says so rightly.

    Args:
        file: the file.
        kind: the name of its `Kind`.
    """
    n_bytes = file.seek(0, os.SEEK_END)
    if kind not in _ENDS:
        return None
    try:
        end = _ENDS[kind](file, n_bytes)
    except (struct.error, ValueError, LookupError):
        return None
    return end if end > n_bytes + SLACK else None


def _unpack(file: BinaryIO, position: int, layout: str) -> tuple[int, ...]:
    file.seek(position)
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _au(file: BinaryIO, n_bytes: int) -> int:
    file.seek(0)
    order = ">" if file.read(4) == b".snd" else "<"
    offset, size = _unpack(file, 4, order + "II")
    return n_bytes if size in UNKNOWN else offset + size


def _caf(file: BinaryIO, n_bytes: int) -> int:
    position = 8
    while position < n_bytes:
        (size,) = _unpack(file, position + 4, ">q")
        if size < 0:
            return n_bytes
        position += 12 + size
    return position


def _w64(file: BinaryIO, n_bytes: int) -> int:
    position = 40
    while position < n_bytes:
        (size,) = _unpack(file, position + 16, "<Q")
        if size < 24:
            return n_bytes
        position += -(-size // 8) * 8 if position + size < n_bytes else size
    return position


def _svx(file: BinaryIO, n_bytes: int) -> int:
    (size,) = _unpack(file, 4, ">I")
    return n_bytes if size in UNKNOWN else 8 + size


def _voc(file: BinaryIO, n_bytes: int) -> int:
    (position,) = _unpack(file, 20, "<H")
    while position < n_bytes:
        kind, low, high = _unpack(file, position, "<BHB")
        if kind == 0:
            return n_bytes
        position += 4 + (high << 16 | low)
    return position


def _nist(file: BinaryIO, n_bytes: int) -> int:
    file.seek(0)
    head = file.read(1024).decode("latin-1")
    fields = dict(re.findall(r"^(\w+) -i (\d+)", head, re.MULTILINE))
    values = [int(fields.get(name, 1)) for name in ("channel_count", "sample_n_bytes")]
    return int(head.split()[1]) + int(fields["sample_count"]) * values[0] * values[1]


def _avr(file: BinaryIO, n_bytes: int) -> int:
    is_stereo, bits = _unpack(file, 12, ">HH")
    (n_samples,) = _unpack(file, 26, ">I")
    return 128 + n_samples * (2 if is_stereo else 1) * -(-bits // 8)


def _wve(file: BinaryIO, n_bytes: int) -> int:
    (size,) = _unpack(file, 18, ">I")
    return 32 + size


def _mpeg4(file: BinaryIO, n_bytes: int) -> int:
    position = 0
    while position < n_bytes:
        size, _ = _unpack(file, position, ">I4s")
        if size == 1:
            (size,) = _unpack(file, position + 8, ">Q")
        if size == 0:
            return n_bytes
        position += max(8, size)
    return position


def _asf(file: BinaryIO, n_bytes: int) -> int:
    position = 0
    while position < n_bytes:
        (size,) = _unpack(file, position + 16, "<Q")
        if size < 24:
            return n_bytes
        position += size
    return position


def _matroska(file: BinaryIO, n_bytes: int) -> int:
    position = 0
    while position < n_bytes:
        file.seek(position)
        head = file.read(16)
        n_id = 9 - head[0].bit_length()
        n_size = 9 - head[n_id].bit_length()
        value = int.from_bytes(head[n_id : n_id + n_size], "big") & (1 << 7 * n_size) - 1
        if value == (1 << 7 * n_size) - 1:  # of unknown length, as live streams are
            return n_bytes
        position += n_id + n_size + value
    return position


_ENDS: dict[str, Reader] = {
    "AU": _au,
    "CAF": _caf,
    "W64": _w64,
    "SVX": _svx,
    "VOC": _voc,
    "NIST": _nist,
    "AVR": _avr,
    "WVE": _wve,
    "MPEG-4": _mpeg4,
    "Windows Media": _asf,
    "Matroska or WebM": _matroska,
}
