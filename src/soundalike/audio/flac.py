"""FLAC: its length is that of its frames, whatever its header says.

Encoders that write to a pipe leave the length open, and others left a wrong one behind. The last
frame says where it ends.
"""

import functools
import mmap
from typing import BinaryIO, NamedTuple

from soundalike.audio.stream import Stream

# The marker and the header of the first block, the last or not the last block of metadata.
BEGINNINGS = (b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22")
LARGEST_FRAME = 2**20
_TOTAL = 2**36 - 1


class Frame(NamedTuple):
    """The header of a frame."""

    start: int
    first_sample: int
    n_samples: int


def corrected_head(head: bytes, n_samples: int) -> bytes:
    """Return the beginning of a file with its true length.

    libsndfile refuses 12 and 20 bits but decodes their frames, so other bits are declared for them.
    """
    fields = int.from_bytes(head[18:26], "big") & ~_TOTAL | n_samples & _TOTAL
    bits = (fields >> 36 & 31) + 1
    fields = fields & ~(31 << 36) | {12: 15, 20: 23}.get(bits, bits - 1) << 36
    return head[:18] + fields.to_bytes(8, "big") + head[26:]


def flac_streams(file: BinaryIO) -> list[Stream]:
    """Return the streams of a FLAC file: those that were joined, one after the other."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        starts = [data.find(b"fLaC")]
        while (start := _next_beginning(data, starts[-1] + 4)) >= 0:
            starts.append(start)
        return [
            _stream(data, range(start, stop))
            for start, stop in zip(starts, [*starts[1:], len(data)], strict=True)
        ]


def _next_beginning(data: mmap.mmap, start: int) -> int:
    return min((at for mark in BEGINNINGS if (at := data.find(mark, start)) >= 0), default=-1)


def _stream(data: mmap.mmap, extent: range) -> Stream:
    head = data[extent.start : extent.start + 42]
    if len(head) < 42:
        return Stream((extent,))
    fields = int.from_bytes(head[18:26], "big")
    n_declared = fields & _TOTAL
    fixed_size = int.from_bytes(head[10:12], "big")
    audio = range(_end_of_metadata(data, extent), extent.stop)
    last = _last_frame(data, audio, fixed_size, n_declared)
    n_samples = last.first_sample + last.n_samples if last else n_declared
    pieces = (corrected_head(head, n_samples), range(extent.start + 42, extent.stop))
    share_missing = max(0, n_declared - n_samples) / n_samples if n_samples else 0.0
    return Stream(pieces, n_samples or None, share_missing)


def _end_of_metadata(data: mmap.mmap, extent: range) -> int:
    position = extent.start + 4
    while position + 4 <= extent.stop:
        is_last = data[position] & 128
        position += 4 + int.from_bytes(data[position + 1 : position + 4], "big")
        if is_last:
            break
    return min(position, extent.stop)


def _last_frame(data: mmap.mmap, audio: range, fixed_size: int, n_declared: int) -> Frame | None:
    """Return the last frame that begins in the file.

    Eight bits protect its header, so a chance match is possible: unless it ends where the header of
    the file says, the frame before it must end where it starts.
    """
    lowest = max(audio.start, audio.stop - LARGEST_FRAME)
    followers: list[Frame] = []
    stop = audio.stop
    while (at := data.rfind(b"\xff", lowest, stop)) >= 0:
        stop = at
        frame = _frame(data, at, fixed_size)
        if frame is None:
            continue
        if frame.first_sample + frame.n_samples == n_declared:
            return frame
        for follower in followers:
            if frame.first_sample + frame.n_samples == follower.first_sample:
                return follower
        if at == audio.start:
            return frame
        followers.append(frame)
    return None


def _frame(data: mmap.mmap, start: int, fixed_size: int) -> Frame | None:
    """Parse the header of a frame; None if there is none."""
    head = data[start : start + 16]
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xFE != 0xF8:
        return None
    size, rate, bits = head[2] >> 4, head[2] & 15, head[3] >> 1 & 7
    if size == 0 or rate == 15 or head[3] >> 4 > 10 or bits == 3 or head[3] & 1:
        return None
    number, end = _coded_number(head, 4)
    if number is None:
        return None
    n_samples, n_bytes = _block_size(size, head[end : end + 2])
    end += n_bytes + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if end >= len(head) or crc8(head[:end]) != head[end]:
        return None
    first_sample = number if head[1] & 1 else number * fixed_size
    return Frame(start, first_sample, n_samples)


def _coded_number(head: bytes, start: int) -> tuple[int | None, int]:
    """Return a number in the manner of UTF-8, and where it ends."""
    first = head[start]
    if first < 128:
        return first, start + 1
    n_more = 6 - (~first & 0xFF).bit_length() + 1
    more = head[start + 1 : start + 1 + n_more]
    if not 1 <= n_more <= 6 or len(more) < n_more or any(byte >> 6 != 2 for byte in more):
        return None, start
    number = first & ((1 << (6 - n_more)) - 1)
    for byte in more:
        number = number << 6 | byte & 63
    return number, start + 1 + n_more


def _block_size(code: int, following: bytes) -> tuple[int, int]:
    """Return a number of samples, and the number of bytes that it takes after the header."""
    if code == 1:
        return 192, 0
    if code <= 5:
        return 576 << (code - 2), 0
    if code <= 7:
        return int.from_bytes(following[: code - 5], "big") + 1, code - 5
    return 256 << (code - 8), 0


def crc8(content: bytes) -> int:
    """Return the checksum of a frame's header."""
    crc = 0
    for byte in content:
        crc = _crc8_table()[crc ^ byte]
    return crc


@functools.cache
def _crc8_table() -> list[int]:
    table = list(range(256))
    for _ in range(8):
        table = [(crc << 1 ^ (0x07 if crc & 128 else 0)) & 255 for crc in table]
    return table
