"""Fetch some seven hours of openly licensed sounds without labels: games, speech, ambiences.

    python experiments/open_pool.py pool

Downloads Debian packages by apt-get (0.8 GB, nothing is installed), unpacks their sounds and
licenses, and lists the sounds in `pool/pool.csv`, which every command takes as SOURCE. What is
there already is not downloaded again.
"""

import argparse
import contextlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

import pandas as pd

PACKAGES = [
    "asterisk-core-sounds-en-wav", "boswars-data", "bucklespring-data", "gamine-data",
    "hedgewars-data", "klettres-data", "ktuberling-data", "lincity-ng-data", "megaglest-data",
    "minetest-data", "scratch", "simutrans-pak64", "torcs-data", "unknown-horizons",
    "wesnoth-1.16-data",
]  # fmt: skip
SOUNDS = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff"}


def fetch(packages: list[str], folder: Path, suffixes: set[str] = SOUNDS) -> None:
    """Download packages and unpack the files of some kinds, but what is there already."""
    debs = folder / ".deb"
    debs.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if not (folder / package).exists():
            try:
                if not list(debs.glob(f"{package}_*.deb")):
                    subprocess.run(["apt-get", "download", "-qq", package], cwd=debs, check=True)
                unpack(max(debs.glob(f"{package}_*.deb")), folder / package, suffixes)
            except (OSError, subprocess.CalledProcessError) as error:
                sys.exit(f"{package}: cannot be had ({error}): this takes Debian or its like")


def unpack(deb: Path, folder: Path, suffixes: set[str]) -> None:
    """Unpack the files of some kinds and the license of a package, links between them too."""
    partial = folder.with_name(f"{folder.name}.partial")
    partial.mkdir(exist_ok=True)
    files = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(files.stdout)) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            if not member.isdir() and (path.suffix in suffixes or path.name == "copyright"):
                with contextlib.suppress(tarfile.FilterError):
                    archive.extract(member, partial, filter="data")
    partial.rename(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--packages", nargs="+", default=PACKAGES)
    given = parser.parse_args()
    fetch(given.packages, given.folder)
    files = given.folder.absolute().rglob("*")
    found = sorted(str(path) for path in files if path.suffix in SOUNDS and path.is_file())
    pd.DataFrame({"path": found}).to_csv(given.folder / "pool.csv", index=False)
    print(f"{len(found):,} sounds in {given.folder / 'pool.csv'}")
