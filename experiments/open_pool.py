"""Fetch seven hours of openly licensed, unlabeled sounds: games, speech and ambiences.

    python experiments/open_pool.py pool

Downloads Debian packages by apt-get (0.8 GB; nothing is installed), unpacks their sounds and
licenses, and lists the sounds in `pool/pool.csv`, which every command accepts as SOURCE. Sounds
that a test set holds too are not listed. Packages that were downloaded before are not downloaded
again.
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
# Both contain a clip of the test set ESC-10, encoded differently: 1-4211-A (fire crackling) and
# 4-169127-B (chainsaw). To look for such sounds in other packages, run
# `soundalike scan esc10:ROOT --duplicates pool/pool.csv`.
IN_TEST_SETS = {"fire_small.ogg", "tree-cutting.wav"}  # minetest-data, simutrans-pak64
SOUNDS = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff"}


def fetch(packages: list[str], folder: Path, suffixes: set[str] = SOUNDS) -> None:
    """Download packages that are not in the folder yet, and unpack files with these suffixes."""
    debs = folder / ".deb"
    debs.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if not (folder / package).exists():
            try:
                if not list(debs.glob(f"{package}_*.deb")):
                    subprocess.run(["apt-get", "download", "-qq", package], cwd=debs, check=True)
                unpack(max(debs.glob(f"{package}_*.deb")), folder / package, suffixes)
            except (OSError, subprocess.CalledProcessError) as error:
                sys.exit(f"{package}: cannot be downloaded ({error}); this script needs Debian")


def unpack(deb: Path, folder: Path, suffixes: set[str]) -> None:
    """Unpack the license of a package and its files with these suffixes, including links."""
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
    arguments = parser.parse_args()
    fetch(arguments.packages, arguments.folder)
    files = arguments.folder.absolute().rglob("*")
    paths = sorted(
        str(path)
        for path in files
        if path.suffix in SOUNDS and path.is_file() and path.name not in IN_TEST_SETS
    )
    pd.DataFrame({"path": paths}).to_csv(arguments.folder / "pool.csv", index=False)
    print(f"{len(paths):,} sounds in {arguments.folder / 'pool.csv'}")
