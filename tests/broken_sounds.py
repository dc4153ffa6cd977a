"""Sound files of every kind, broken at every kind of place: each is read, or refused in a line.

As a script it tries them all, and prints a table by container:

    python tests/broken_sounds.py

A file is cut, has a bit flipped, or lies: a number in its header is 0, 2^31 - 1, 2^32 - 1 or
2^64 - 1. Files of floating-point samples get values that are not numbers. Every file is read by
a process that may take a few seconds and little more memory than it has. A crash, a hang, an
unexpected error, values that are not numbers, or a waveform without samples end it.
"""

import collections
import itertools
import json
import os
import resource
import signal
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from corpus import AV_KINDS, SNDFILE_KINDS, encoded, encoded_by_av, tone

from soundalike.audio.audio_error import AudioError
from soundalike.audio.sound_file import read_info
from soundalike.audio.waveform import read_waveform

RATE = 22050
SECONDS = 0.5
HEADER = 200  # bytes, in which most lengths stand
N_PLACES = 60  # in the rest of a file
LIES = [bytes(4), b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff", b"\xff" * 4, b"\xff" * 8]
MOST_BYTES = 256 << 20  # on top of what is loaded
MOST_SECONDS = 20
KINDS = [f"{kind} {subtype}" for kind, subtypes, _ in SNDFILE_KINDS for subtype in subtypes.split()]
KINDS += [f"{container}, {codec}" for _, container, codec in AV_KINDS]


def whole(kind: str) -> tuple[bytes, str]:
    """Return a short file of one of `KINDS`, and its suffix."""
    samples = tone(SECONDS)
    for suffix, container, codec in AV_KINDS:
        if kind == f"{container}, {codec}":
            return encoded_by_av(container, codec, samples), suffix
    container, subtype = kind.split()
    suffix = next(
        suffix for each, subtypes, suffix in SNDFILE_KINDS
        if each == container and subtype in subtypes.split()
    )  # fmt: skip
    return encoded(container, subtype, samples), suffix


def broken(content: bytes, kind: str) -> Iterator[tuple[str, bytes]]:
    """Yield what is wrong with a file, and its bytes."""
    chance = np.random.default_rng(len(content))
    inside = chance.integers(0, len(content), N_PLACES).tolist()
    places = sorted({*range(0, min(HEADER, len(content)), 3), *inside, len(content) - 1})
    for at in places:
        yield f"cut at {at}", content[:at]
        flipped = content[at] ^ 1 << at % 8
        yield f"flipped at {at}", content[:at] + bytes([flipped]) + content[at + 1 :]
    for at, lie in itertools.product(range(0, min(HEADER, len(content)), 2), LIES):
        yield f"{lie.hex()} at {at}", content[:at] + lie + content[at + len(lie) :]
    if kind.endswith(("FLOAT", "DOUBLE")):
        for value in (np.nan, np.inf, -np.inf, 1e38):
            end = struct.pack(
                "<2d" if kind.endswith("DOUBLE") else "<4f",
                *[value] * (2 if kind.endswith("DOUBLE") else 4),
            )
            yield f"{value} at the end", content[: -len(end)] + end


def outcome(path: Path) -> str:
    """Return what reading a file gives: "read", "silent", or the problem that is named."""
    try:
        read_info(path)
        waveform = read_waveform(path, RATE)
    except AudioError as error:
        line = str(error)
        assert line.isprintable(), line
        return error.problem
    assert len(waveform), "a waveform without samples"
    assert np.isfinite(waveform).all(), "values that are not numbers"
    return "read" if waveform.any() else "silent"


def try_kind(kind: str, every: int = 1) -> dict[str, int]:
    """Read broken files of a kind, all or every so many; return how often each outcome was."""
    content, suffix = whole(kind)
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a.{suffix}")
        path.write_bytes(content)
        assert outcome(path) == "read"
        limit_memory()
        first = KINDS.index(kind) % every
        for what, changed in itertools.islice(broken(content, kind), first, None, every):
            print(f"{kind}: {what}", file=sys.stderr, flush=True)  # the last line, if it crashes
            path.write_bytes(changed)
            signal.alarm(MOST_SECONDS)
            counts[outcome(path)] += 1
            signal.alarm(0)
    return dict(counts)


def limit_memory() -> None:
    """Let this process take little more memory than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    n_bytes = pages * resource.getpagesize() + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, resource.RLIM_INFINITY))


def try_apart(kind: str, every: int = 1) -> dict[str, int]:
    """Do the same in a process of its own, which may crash."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, json.dumps(try_kind(kind, every)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        text = file.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        sys.exit(f"{kind}: ended by {status}")
    return json.loads(text)


if __name__ == "__main__":
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    first = KINDS.index(sys.argv[2]) if len(sys.argv) > 2 else 0
    total: collections.Counter[str] = collections.Counter()
    for kind in KINDS[first:]:
        counts = try_apart(kind, every)
        total.update(counts)
        print(kind, sum(counts.values()), counts, flush=True)
    print("all", total.total(), dict(total.most_common()))
