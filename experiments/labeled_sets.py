"""Fetch labeled sounds that are free: drums, the voices of a game, words in eight languages.

    python experiments/labeled_sets.py sets

Downloads Debian packages by apt-get (0.6 GB, nothing is installed) and writes three tables, which
every command takes as SOURCE:

`sets/drums.csv`: 723 drum sounds of ten classes; five folds that share no drum kit.
`sets/voices.csv`: 249 utterances of nine figures of a game, speech or one of seven noises that a
throat makes; each figure is a fold.
`sets/languages.csv`: 480 names of things, spoken in eight languages, one voice or few for each;
five folds, by chance.

What is there already is not downloaded again.
"""

import argparse
import random
import re
import zipfile
from pathlib import Path

import pandas as pd
from open_pool import SOUNDS, fetch

DRUMS = ["hydrogen-data", "hydrogen-drumkits", "lmms-common", "sonic-pi-samples"]
VOICES, LANGUAGES = "nexuiz-data", "tuxpaint-stamps-default"
ARCHIVE = ".pk3"  # a zip file, in which a game keeps its sounds
NOISES = {"death", "drown", "fall", "falling", "gasp", "jump", "pain"}
N_WORDS = 60


def drums(folder: Path) -> pd.DataFrame:
    """List the drum sounds, by the labels and folds of a table beside this file."""
    return pd.read_csv(Path(__file__).with_name("drums.csv"), dtype=str)


def voices(folder: Path) -> pd.DataFrame:
    """Unpack what the figures of Nexuiz say and shout; the name of a file tells which it is."""
    rows = []
    (archive,) = (folder / VOICES).rglob(f"*{ARCHIVE}")
    with zipfile.ZipFile(archive) as pk3:
        for name in pk3.namelist():
            if found := re.fullmatch(r"sound/player/([^/]+)/.*?/?([a-z]+)\d*\.(wav|ogg)", name):
                figure, kind, _ = found.groups()
                label = "speech" if "/coms/" in name else kind
                if label in NOISES | {"speech"}:
                    path = pk3.extract(name, folder / VOICES)
                    rows.append((Path(path).relative_to(folder), label, figure))
    return pd.DataFrame(rows, columns=["path", "label", "fold"])


def languages(folder: Path) -> pd.DataFrame:
    """List some of the names that Tux Paint's stamps are called by."""
    rows = []
    rng = random.Random(0)
    for language in ("fr", "ru", "ro", "ca", "bg", "es", "be", "el"):
        words = sorted((folder / LANGUAGES).rglob(f"*_desc_{language}.ogg"))
        rng.shuffle(words)
        for number, word in enumerate(words[:N_WORDS]):
            rows.append((word.relative_to(folder), language, number % 5))
    return pd.DataFrame(rows, columns=["path", "label", "fold"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    fetch([*DRUMS, VOICES, LANGUAGES], given.folder, SOUNDS | {ARCHIVE})
    for listed in (drums, voices, languages):
        clips = listed(given.folder)
        clips = clips[[(given.folder / path).exists() for path in clips["path"]]]
        clips.to_csv(given.folder / f"{listed.__name__}.csv", index=False)
        print(f"{len(clips):,} sounds in {given.folder / listed.__name__}.csv")
