"""Ogg: every page is read, so that chained streams and lost pages are noticed.

A page holds packets of one logical stream. A decoder skips damaged pages without a word, and
libsndfile stops at the end of the first of several chained streams and refuses FLAC in Ogg.
"""

import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from soundalike.audio.flac import corrected_head
from soundalike.audio.splice import Piece
from soundalike.audio.stream import Stream

BEGINNING, END = 2, 4  # flags of a page
NO_GRANULE = 2**64 - 1
LONGEST_PAGE = 27 + 255 + 255 * 255
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Page(NamedTuple):
    """A page of an Ogg file."""

    start: int
    body: range
    flags: int
    granule: int
    serial: int
    number: int


@dataclass
class _Link:
    """One link of a chain: its extent, and what its first stream of sound is and has so far."""

    start: int
    serial: int
    identification: bytes
    stop: int = 0
    granule: int = 0
    is_beginning: bool = True
    damaged_after: int | None = None
    bodies: list[range] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        """If true, the first stream is sound, and not a skeleton or a film."""
        kinds = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex")
        return self.identification.startswith(kinds)

    def add(self, page: Page) -> None:
        """Add a page that is whole."""
        self.stop, self.is_beginning = page.body.stop, bool(page.flags & BEGINNING)
        if page.serial == self.serial:
            if page.granule != NO_GRANULE:
                self.granule = page.granule
            if self.identification.startswith(b"\x7fFLAC"):
                self.bodies.append(page.body)

    def damage(self) -> None:
        """Note that something is damaged or missing after the latest page."""
        if self.damaged_after is None:
            self.damaged_after = self.granule

    @property
    def rate(self) -> int:
        """Granules per second."""
        head = self.identification
        if head[:7] == b"\x01vorbis":
            return max(1, struct.unpack_from("<I", head, 12)[0])
        if head[:5] == b"\x7fFLAC":
            return max(1, int.from_bytes(head[27:30], "big") >> 4)
        return 48000


def page_crc(page: bytes) -> int:
    """Return the checksum of a page whose own checksum is zero.

    zlib computes the same polynomial with the bits of every byte, and of the result, reversed.
    """
    crc = ~zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) & 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)


def ogg_streams(file: BinaryIO) -> list[Stream]:
    """Return the streams of an Ogg file: the links of its chain."""
    links: list[_Link] = []
    last_page_of: dict[int, int] = {}
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for page, is_damaged in _pages(data):
            if page is None and not is_damaged:
                return [Stream(is_cut=True)]
            if page is None:
                for link in links[-1:]:
                    link.damage()
                break
            is_beginning = bool(page.flags & BEGINNING)
            if is_beginning and not is_damaged:
                _identify(links, page, data[page.body.start : page.body.stop])
            if not links:
                continue
            is_next = is_beginning or page.number == last_page_of.get(page.serial, -1) + 1
            if is_damaged or not is_next:
                links[-1].damage()
            last_page_of[page.serial] = page.number
            links[-1].add(page)
    return [_stream(link) for link in links]


def _identify(links: list[_Link], page: Page, identification: bytes) -> None:
    """Begin a link with its first page, or find its first stream of sound among others."""
    if not links or not links[-1].is_beginning:
        links.append(_Link(page.start, page.serial, identification))
    elif not links[-1].is_known:
        links[-1].serial, links[-1].identification = page.serial, identification


def _pages(data: mmap.mmap) -> Iterator[tuple[Page | None, bool]]:
    """Yield each page, and whether it follows damage.

    Instead of a page at the end that is incomplete, or damaged, it yields None.
    """
    position, is_damaged = 0, False
    while (start := data.find(b"OggS", position)) >= 0:
        is_damaged |= start > position and position > 0
        header = data[start : start + 27]
        table = data[start + 27 : start + 27 + header[26]] if len(header) == 27 else b""
        stop = start + 27 + len(table) + sum(table)
        if len(header) < 27 or len(table) < header[26] or stop > len(data):
            if len(data) - start <= LONGEST_PAGE and data.find(b"OggS", start + 4) < 0:
                yield None, False
                return
            position, is_damaged = start + 4, True
            continue
        flags, granule, serial, number, crc = struct.unpack("<5xBQIII", header[:26])
        whole = header[:22] + bytes(4) + header[26:] + table
        body = range(start + 27 + len(table), stop)
        if page_crc(whole + data[body.start : body.stop]) != crc:
            position, is_damaged = start + 4, True
            continue
        yield Page(start, body, flags, granule, serial, number), is_damaged
        position, is_damaged = stop, False
    if is_damaged:
        yield None, True


def _stream(link: _Link) -> Stream:
    end = link.granule
    damaged_at_s = None if link.damaged_after is None else link.damaged_after / link.rate
    if not link.bodies:
        extent = range(link.start, link.stop)
        return Stream((extent,), n_samples=None if end else 0, damaged_at_s=damaged_at_s)
    # FLAC without Ogg follows after nine bytes; its length is often not filled in.
    head = corrected_head(link.identification[9:], end)
    pieces: tuple[Piece, ...] = (head, *link.bodies[1:])
    return Stream(pieces, end, damaged_at_s=damaged_at_s, av_format="flac")
