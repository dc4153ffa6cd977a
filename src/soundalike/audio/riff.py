"""WAV, RF64, BW64 and AIFF: where the samples lie, and how many bytes of them there are.

The lengths in a header are what a program meant to write. One that writes to a pipe, or is
interrupted, leaves them open, and 32 bits cannot count more than 4 GiB.
"""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from soundalike.audio.splice import Piece
from soundalike.audio.stream import Stream

MOST = 2**32
# Programs that cannot fill in a length declare about the largest number they know, less a header.
PLACEHOLDERS = (range(2**31 - 2**16, 2**31 + 2**16), range(MOST - 2**16, MOST))
# What follows the samples and is shorter cannot hold a tenth of a second.
SHORTEST_GROWTH = 2**12
# Larger remainders than this are not what follows the samples.
LARGEST_TRAILER = 2**20


class SamplesChunk(NamedTuple):
    """The chunk that holds the samples.

    Args:
        form: the identifier of the file: RIFF, RIFX, RF64, BW64 or FORM.
        head: from the start of the form to that of the samples.
        start: of the samples.
        n_declared: bytes of samples that are declared, counted beyond 32 bits; None if the length
            was left open.
        n_present: bytes of samples in the file.
        end_of_form: where the form ends by its own length.
        is_wrong: If true, a decoder would take the declared length for another.
    """

    form: bytes
    head: range
    start: int
    n_declared: int | None
    n_present: int
    end_of_form: int
    is_wrong: bool


def riff_streams(file: BinaryIO) -> list[Stream]:
    """Return the streams of a WAV or AIFF file: those that were joined, one after the other."""
    n_bytes = file.seek(0, os.SEEK_END)
    chunks = list(samples_chunks(file))
    ends = [*(chunk.head.start for chunk in chunks), n_bytes][1:]
    return [_stream(file, chunk, end) for chunk, end in zip(chunks, ends, strict=True)]


def samples_chunks(file: BinaryIO) -> Iterator[SamplesChunk]:
    """Yield the chunk of samples of each form in a file; none for a file of another kind."""
    n_bytes, base = file.seek(0, os.SEEK_END), 0
    while chunk := _samples_chunk(file, base, n_bytes):
        yield chunk
        ends = [chunk.end_of_form, chunk.end_of_form + chunk.end_of_form % 2]
        end_of_samples = chunk.start + chunk.n_present
        ends += [end_of_samples, end_of_samples + end_of_samples % 2]
        following = [end for end in ends if base < end < n_bytes and _is_form(file, end)]
        if not following:
            return
        base = following[0]


def _is_form(file: BinaryIO, position: int) -> bool:
    file.seek(position)
    head = file.read(12)
    return head[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX", b"FORM") and head[8:] in (
        b"WAVE",
        b"AIFF",
        b"AIFC",
    )


def _samples_chunk(file: BinaryIO, base: int, n_bytes: int) -> SamplesChunk | None:
    if not _is_form(file, base):
        return None
    file.seek(base)
    form = file.read(4)
    order, name = (">", b"SSND") if form == b"FORM" else ("<", b"data")
    order = ">" if form == b"RIFX" else order
    (n_form,) = struct.unpack(f"{order}I", file.read(4))
    file.seek(base + 12)
    long_sizes = (0, 0)
    while len(header := file.read(8)) == 8:
        chunk, n_declared = struct.unpack(f"{order}4sI", header)
        start = file.tell()
        if chunk == b"ds64":
            content = file.read(16)
            long_sizes = struct.unpack("<QQ", content) if len(content) == 16 else (0, 0)
        if chunk == name:
            is_long = form in (b"RF64", b"BW64") and n_declared == MOST - 1
            if is_long:
                n_form, n_declared = long_sizes
            rest = n_bytes - start
            true = _true_length(n_declared, n_form, n_bytes - base, rest, is_long)
            if true and form == b"RIFF" and _has_grown(file, start + true, base + 8 + n_form):
                true = None
            n_present = rest if true is None else min(true, rest)
            end, is_wrong = base + 8 + n_form, true != n_declared
            return SamplesChunk(form, range(base, start), start, true, n_present, end, is_wrong)
        file.seek(start + n_declared + n_declared % 2)
    return None


def _true_length(
    n_declared: int, n_form: int, n_file: int, n_rest: int, is_long: bool
) -> int | None:
    """Return the number of bytes of samples that were meant; None if the length was left open.

    Args:
        n_declared: length of the chunk, as written.
        n_form: length of the form, as written.
        n_file: bytes from the start of the form to the end of the file.
        n_rest: bytes from the start of the samples to the end of the file.
        is_long: If true, the lengths have 64 bits.
    """
    if n_declared == 0 and n_form != n_file - 8 and n_rest:
        return None  # a finished file without samples declares its own size correctly
    if is_long:
        return n_declared if n_declared < 2**63 else None
    if n_declared >= n_rest and any(n_declared in values for values in PLACEHOLDERS):
        return n_declared if n_declared == n_rest else None
    n_wraps, n_trailing = divmod(n_rest - n_declared, MOST)
    if n_wraps < 1:
        return n_declared
    if n_declared == MOST - 1:
        return None
    is_wrapped = (n_form + 8 - n_file + 1) % MOST <= 2 or n_trailing < LARGEST_TRAILER
    return n_declared + n_wraps * MOST if is_wrapped else n_declared


def _has_grown(file: BinaryIO, end_of_samples: int, end_of_form: int) -> bool:
    """Tell whether samples were written after the header, which nobody corrected then.

    So it is if the form ends with its samples by its own length, and yet something follows that is
    neither padding nor a chunk, a tag or another form.
    """
    if not 0 <= end_of_form - end_of_samples <= 1:
        return False
    file.seek(end_of_form)
    rest = file.read(SHORTEST_GROWTH)
    if len(rest) < SHORTEST_GROWTH or not any(rest):
        return False
    return not (rest[:4].isascii() and rest[:4].decode("ascii").isprintable())


def _stream(file: BinaryIO, chunk: SamplesChunk, end: int) -> Stream:
    """Return the stream of a form that ends at `end`, with its header corrected where necessary."""
    share_missing = max(0, (chunk.n_declared or 0) - chunk.n_present) / max(1, chunk.n_present)
    if chunk.is_wrong:
        write = _as_au if chunk.form == b"FORM" else _as_wav
        return Stream(write(file, chunk), share_missing=share_missing)
    if chunk.form == b"BW64":  # the same as RF64
        pieces: tuple[Piece, ...] = (b"RF64", range(chunk.head.start + 4, end))
        return Stream(pieces, share_missing=share_missing)
    is_whole = chunk.head.start == 0 and end == file.seek(0, os.SEEK_END)
    return Stream(None if is_whole else (range(chunk.head.start, end),), None, share_missing)


def _as_wav(file: BinaryIO, chunk: SamplesChunk) -> tuple[Piece, ...]:
    """Return the pieces of a WAV with the right length: RF64 if 32 bits cannot hold it."""
    samples = range(chunk.start, chunk.start + chunk.n_present)
    if chunk.form in (b"RIFF", b"RIFX") and len(samples) < MOST - 2**16:
        size = len(samples).to_bytes(4, "little" if chunk.form == b"RIFF" else "big")
        return range(chunk.head.start, chunk.start - 4), size, samples
    sizes = struct.pack("<QQQI", len(samples) + chunk.start, len(samples), 0, 0)
    file.seek(chunk.head.start + 12)
    others = file.read(chunk.start - 8 - chunk.head.start - 12)
    if others.startswith(b"ds64"):
        others = others[8 + int.from_bytes(others[4:8], "little") :]
    head = b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<I", len(sizes)) + sizes
    return head + others + b"data\xff\xff\xff\xff", samples


def _as_au(file: BinaryIO, chunk: SamplesChunk) -> tuple[Piece, ...] | None:
    """Return the pieces of an AU, whose length may be left open; None if it cannot hold them."""
    file.seek(chunk.head.start)
    head = file.read(len(chunk.head))
    common = head[head.find(b"COMM") + 8 :]
    n_channels, _, bits, exponent, mantissa = struct.unpack(">hIhHQ", common[:18])
    kind = common[18:22] if head[8:12] == b"AIFC" else b"NONE"
    codes = {b"fl32": 6, b"FL32": 6, b"fl64": 7, b"FL64": 7}
    code = codes.get(kind) or {8: 2, 16: 3, 24: 4, 32: 5}.get(bits)
    if code is None or kind not in (b"NONE", b"twos", *codes):
        return None
    rate = mantissa >> (16383 + 63 - exponent)
    first = chunk.start + 8  # the chunk begins with an offset and a block size
    return (
        struct.pack(">4sIIIII", b".snd", 24, MOST - 1, code, rate, n_channels),
        range(first, chunk.start + chunk.n_present),
    )
