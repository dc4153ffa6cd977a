"""Tars that tests make."""

import io
import tarfile
from pathlib import Path

import numpy as np
import soundfile

RATE = 22050


def sound(seed: int = 0, seconds: float = 0.1, format: str = "WAV") -> bytes:
    """Return a sound file of noise."""
    noise = 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    file = io.BytesIO()
    soundfile.write(file, noise, RATE, format=format)
    return file.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """Return a member that is a link, or of another kind."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def write_tar(path: Path, files: list[tuple[str, bytes] | tarfile.TarInfo]) -> Path:
    """Write a tar with files, and with members that have no content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for file in files:
            if isinstance(file, tarfile.TarInfo):
                tar.addfile(file)
                continue
            member = tarfile.TarInfo(file[0])
            member.size = len(file[1])
            tar.addfile(member, io.BytesIO(file[1]))
    return path
