"""What a file is, by its first bytes: names of files lie."""

import os
from dataclasses import dataclass
from typing import BinaryIO

from soundalike.audio.mpeg import parse_header

N_BYTES = 2**13


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Args:
        name: in words.
        av_format: PyAV's name of its container; "" if PyAV is not to be asked.
        hint: what to do with a file that is no sound.
    """

    name: str
    av_format: str = ""
    hint: str = ""


MPEG = Kind("MPEG audio", "mp3")
ADTS = Kind("AAC", "aac")
# At an offset, some bytes: a kind. The first match counts.
SIGNATURES: list[tuple[int, bytes, Kind]] = [
    (8, b"WAVE", Kind("WAV", "wav")),
    (8, b"AIFF", Kind("AIFF", "aiff")),
    (8, b"AIFC", Kind("AIFF", "aiff")),
    (8, b"8SVX", Kind("SVX", "iff")),
    (8, b"16SV", Kind("SVX")),
    (8, b"AVI ", Kind("AVI video", "avi")),
    (0, b"fLaC", Kind("FLAC", "flac")),
    (0, b"OggS", Kind("Ogg", "ogg")),
    (0, b"caff", Kind("CAF", "caf")),
    (0, b".snd", Kind("AU", "au")),
    (0, b"dns.", Kind("AU")),
    (0, b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", Kind("W64", "w64")),
    (0, b"Creative Voice File\x1a", Kind("VOC", "voc")),
    (0, b"NIST_1A\n", Kind("NIST", "nistspheresampled")),
    (0, b"2BIT", Kind("AVR", "avr")),
    (0, b" paf", Kind("PAF")),
    (0, b"fap ", Kind("PAF")),
    (0, b"PVF1\n", Kind("PVF", "pvf")),
    (0, b"ALawSoundFile**", Kind("WVE")),
    (4, b"ftyp", Kind("MPEG-4", "mov")),
    (4, b"moov", Kind("MPEG-4", "mov")),
    (4, b"mdat", Kind("MPEG-4", "mov")),
    (4, b"wide", Kind("MPEG-4", "mov")),
    (0, bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), Kind("Windows Media", "asf")),
    (0, b"\x1a\x45\xdf\xa3", Kind("Matroska or WebM", "matroska")),
    (0, b"#!AMR", Kind("AMR", "amr")),
    (0, b"MAC ", Kind("Monkey's Audio", "ape")),
    (0, b"wvpk", Kind("WavPack", "wv")),
    (0, b"TTA1", Kind("True Audio", "tta")),
    (0, b"DSD ", Kind("DSD", "dsf")),
    (0, b"MPCK", Kind("Musepack", "mpc8")),
    (0, b"MP+", Kind("Musepack", "mpc")),
    (0, b"tBaK", Kind("TAK", "tak")),
    (0, b".RMF", Kind("RealMedia", "rm")),
    (0, b"\x0b\x77", Kind("AC-3", "ac3")),
    (0, b"MThd", Kind("MIDI", hint="it holds notes and no sound; render it to wav")),
    (0, b"version https://git-lfs", Kind("a Git LFS pointer", hint="run git lfs pull")),
    (0, b"PK\x03\x04", Kind("a ZIP archive", hint="unpack it")),
    (0, b"\x1f\x8b", Kind("a gzip archive", hint="unpack it")),
    (0, b"7z\xbc\xaf\x27\x1c", Kind("a 7z archive", hint="unpack it")),
    (0, b"Rar!", Kind("a RAR archive", hint="unpack it")),
    (0, b"\x89PNG", Kind("a PNG image", hint="remove it or rename it")),
    (0, b"\xff\xd8\xff", Kind("a JPEG image", hint="remove it or rename it")),
    (0, b"%PDF", Kind("a PDF", hint="remove it or rename it")),
    (0, b"\x00\x05\x16\x07", Kind("the shadow of a macOS file", hint="remove it")),
]


def kind_of(file: BinaryIO) -> Kind | None:
    """Return the kind of a file; None if its first bytes say nothing."""
    head = _after_tags(file)
    for offset, signature, kind in SIGNATURES:
        if head[offset:].startswith(signature):
            return kind
    if _starts_frames(head):
        return MPEG
    if len(head) > 6 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        if size > 6 and (head[size : size + 2] in (head[:2], b"") or size + 2 > len(head)):
            return ADTS
    if _holds_frames(head):  # after padding, or from a stream that began anywhere
        return MPEG
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return Kind("a web page", hint="download the sound again")
    return None


def _after_tags(file: BinaryIO) -> bytes:
    """Return the beginning of a file after ID3v2 tags."""
    start = 0
    while True:
        file.seek(start)
        head = file.read(N_BYTES)
        if head[:3] != b"ID3" or len(head) < 10 or max(head[6:10]) > 127:
            return head
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        start += 10 + size + (10 if head[5] & 16 else 0)
        if start >= file.seek(0, os.SEEK_END):
            return b""


def _starts_frames(head: bytes) -> bool:
    """Tell whether bytes begin with two frames of MPEG audio, or with all there is of one."""
    first = parse_header(head[:4])
    if first is None:
        return False
    second = head[first.n_bytes : first.n_bytes + 4]
    following = parse_header(second)
    return not second or (following is not None and following.kind[:2] == first.kind[:2])


def _holds_frames(head: bytes) -> bool:
    """Tell whether three frames of MPEG audio follow one another somewhere."""
    start = head.find(b"\xff")
    while start >= 0:
        position = start
        kinds: list[tuple] = []
        while len(kinds) < 3 and (header := parse_header(head[position : position + 4])):
            kinds.append(header.kind)
            position += header.n_bytes
        if len(kinds) == 3 and len(set(kinds)) == 1:
            return True
        start = head.find(b"\xff", start + 1)
    return False
