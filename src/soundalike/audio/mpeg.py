"""MPEG audio (mp1, mp2, mp3): every frame is counted.

Without a Xing header, a decoder estimates the length from the first frame and the size of the file.
A Xing header describes one stream; the ones that were joined to it follow.
"""

import functools
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from soundalike.audio.stream import TOLERANCE_S, Stream

# Bit rates in kbit/s by (is MPEG-1, layer), and sample rates by the two bits of the version.
BIT_RATES = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
BIT_RATES[False, 3] = BIT_RATES[False, 2]
SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
# A tag of padding. libsndfile recognizes frames without a tag by their name only.
EMPTY_TAG = b"ID3\x04" + bytes(5) + b"\x0a" + bytes(10)


class Header(NamedTuple):
    """The header of a frame. Frames of one stream have the same `kind`."""

    kind: tuple[int, int, int, bool]
    n_bytes: int
    n_samples: int
    sample_rate: int
    xing_offset: int


@functools.lru_cache(maxsize=4096)
def parse_header(header: bytes) -> Header | None:
    """Parse the four bytes at the start of a frame; None if they start no frame."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bit_rate, sample_rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or bit_rate in (0, 15) or sample_rate == 3:
        return None
    is_mpeg1, is_mono = version == 3, header[3] >> 6 == 3
    rate = SAMPLE_RATES[version][sample_rate]
    n_bits = 1000 * BIT_RATES[is_mpeg1, layer][bit_rate - 1]
    if layer == 1:
        n_samples, n_bytes = 384, 4 * (12 * n_bits // rate + padding)
    else:
        n_samples = 1152 if is_mpeg1 or layer == 2 else 576
        n_bytes = n_samples // 8 * n_bits // rate + padding
    side = (17 if is_mono else 32) if is_mpeg1 else (9 if is_mono else 17)
    kind = (version, layer, sample_rate, is_mono)
    return Header(kind, n_bytes, n_samples, rate, 4 + side)


@dataclass
class _Run:
    """Consecutive frames of one kind; the frame with the Xing header is not counted."""

    header: Header
    n_declared: int | None = None
    info: bytes = b""
    frames: list[range] = field(default_factory=list)
    n_frames: int = 0
    n_junk: int = 0
    junk_at: int = 0

    def add(self, frame: range) -> None:
        self.n_frames += 1
        if self.frames and self.frames[-1].stop == frame.start:
            self.frames[-1] = range(self.frames[-1].start, frame.stop)
        else:
            self.frames.append(frame)


def mpeg_streams(file: BinaryIO) -> list[Stream]:
    """Return the streams of an MPEG file: those that were joined, one after the other."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return [_stream(run) for run in _runs(data) if run.n_frames or run.n_declared]


def _runs(data: mmap.mmap) -> Iterator[_Run]:
    run: _Run | None = None
    position = 0
    while position < len(data):
        header = parse_header(data[position : position + 4])
        is_new = header and (run is None or header.kind != run.header.kind)
        if header is None or (is_new and not _continues(data, position, header)):
            start, position = position, _next_frame(data, position)
            if run and position < len(data) and (n_junk := _n_junk(data, start, position)):
                # The frame before the damage may have lost its end.
                run.junk_at = run.junk_at or max(0, run.n_frames - 1)
                run.n_junk += n_junk
            continue
        frame = range(position, position + header.n_bytes)
        if frame.stop > len(data):
            break
        info = data[position : frame.stop] if header.kind[1] == 3 else b""
        marker = info[header.xing_offset : header.xing_offset + 4]
        is_info = marker in (b"Xing", b"Info") or info[36:40] == b"VBRI"
        if run is None or is_info or header.kind != run.header.kind:
            if run:
                yield run
            run = _Run(header)
        if is_info:
            run.info, run.n_declared = info, _declared_frames(info[header.xing_offset :])
        else:
            run.add(frame)
        position = frame.stop
    if run:
        yield run


def _declared_frames(info: bytes) -> int | None:
    """Return the number of frames that a Xing header declares; others are not relied on."""
    if info[:4] not in (b"Xing", b"Info") or len(info) < 12:
        return None
    flags, n_frames = struct.unpack(">II", info[4:12])
    return n_frames if flags & 1 and n_frames else None


def _next_frame(data: mmap.mmap, position: int) -> int:
    """Return where the next frame starts, past tags and whatever else is no frame."""
    while position < len(data):
        if tag := _tag_size(data, position):
            position += tag
        elif (header := parse_header(data[position : position + 4])) and _continues(
            data, position, header
        ):
            return position
        else:
            sync = data.find(b"\xff", position + 1)
            end = sync if sync >= 0 else len(data)
            tags = (data.find(mark, position + 1, end) for mark in (b"ID3", b"APETAGEX"))
            position = min((at for at in tags if at >= 0), default=end)
    return len(data)


def _tag_size(data: mmap.mmap, position: int) -> int:
    """Return the number of bytes of the tag at a position, 0 if there is none."""
    head = data[position : position + 32]
    if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 128:
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return 10 + size + (10 if head[5] & 16 else 0)
    if head[:3] == b"TAG":
        return 128
    if head[:8] == b"APETAGEX" and len(head) == 32:
        n_bytes, flags = struct.unpack("<I4xI", head[12:24])
        is_header = bool(flags & 1 << 29)
        return n_bytes + 32 if is_header else 32
    return 0


def _continues(data: mmap.mmap, position: int, header: Header) -> bool:
    """Tell whether another frame, a tag or the end of the file follows a frame."""
    end = position + header.n_bytes
    following = parse_header(data[end : end + 4])
    if following is None:
        return end == len(data) or bool(_tag_size(data, end))
    return following.kind == header.kind


def _n_junk(data: mmap.mmap, start: int, stop: int) -> int:
    """Return how many bytes between frames belong to no tag, without padding of zeros."""
    while start < stop and (tag := _tag_size(data, start)):
        start += tag
    return max(0, stop - start - data[start:stop].count(0))


def _with_size(run: _Run) -> bytes:
    """Return the frame with the Xing header, with the number of bytes that there are.

    A decoder would complain on standard error.
    """
    at = run.header.xing_offset + 12
    if not run.info[at - 5] & 2:
        return run.info
    n_bytes = len(run.info) + sum(map(len, run.frames))
    return run.info[:at] + struct.pack(">I", n_bytes) + run.info[at + 4 :]


def _stream(run: _Run) -> Stream:
    seconds = run.header.n_samples / run.header.sample_rate
    # Less than a frame of other bytes may lie where files were joined.
    damaged_at_s = run.junk_at * seconds if run.n_junk >= run.header.n_bytes else None
    n_missing = (run.n_declared or 0) - run.n_frames
    if run.n_declared and -n_missing * seconds <= TOLERANCE_S:
        is_short = n_missing * seconds > TOLERANCE_S
        is_damaged = run.n_junk and is_short
        return Stream(
            pieces=(EMPTY_TAG, _with_size(run), *run.frames),
            n_samples=run.n_frames * run.header.n_samples if is_short else None,
            share_missing=0 if is_damaged else max(0, n_missing) / max(1, run.n_frames),
            damaged_at_s=run.junk_at * seconds if is_damaged else damaged_at_s,
        )
    return Stream(
        pieces=(EMPTY_TAG, *run.frames),
        n_samples=run.n_frames * run.header.n_samples,
        damaged_at_s=damaged_at_s,
        is_estimated=True,
    )
