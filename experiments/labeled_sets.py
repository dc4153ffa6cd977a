"""Fetch three free sets of labeled sounds: drums, voices of a game, and words in eight languages.

    python experiments/labeled_sets.py sets

Downloads Debian packages by apt-get (0.6 GB; nothing is installed) and writes three tables. Every
command accepts them as SOURCE:

`sets/drums.csv`: 723 drum sounds of ten classes; five folds that share no drum kit.
`sets/voices.csv`: 249 utterances of nine characters of a game, either speech or one of seven other
vocal sounds; each character is a fold.
`sets/languages.csv`: 480 spoken names of things in eight languages, with one or a few voices per
language; five random folds.

Packages that were downloaded before are not downloaded again.
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
ARCHIVE = ".pk3"  # a zip file that holds the sounds of the game
NOISES = {"death", "drown", "fall", "falling", "gasp", "jump", "pain"}
N_WORDS = 60


def drums(folder: Path) -> pd.DataFrame:
    """Return the drum sounds with the labels and folds of the table beside this script."""
    return pd.read_csv(Path(__file__).with_name("drums.csv"), dtype=str)


def voices(folder: Path) -> pd.DataFrame:
    """Unpack the utterances of the characters of Nexuiz; file names tell the character and kind."""
    rows = []
    (archive,) = (folder / VOICES).rglob(f"*{ARCHIVE}")
    with zipfile.ZipFile(archive) as pk3:
        for name in pk3.namelist():
            if match := re.fullmatch(r"sound/player/([^/]+)/.*?/?([a-z]+)\d*\.(wav|ogg)", name):
                character, kind, _ = match.groups()
                label = "speech" if "/coms/" in name else kind
                if label in NOISES | {"speech"}:
                    path = pk3.extract(name, folder / VOICES)
                    rows.append((Path(path).relative_to(folder), label, character))
    return pd.DataFrame(rows, columns=["path", "label", "fold"])


def languages(folder: Path) -> pd.DataFrame:
    """Return spoken names of the stamps of Tux Paint, the same number in each language."""
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
    arguments = parser.parse_args()
    fetch([*DRUMS, VOICES, LANGUAGES], arguments.folder, SOUNDS | {ARCHIVE})
    for list_clips in (drums, voices, languages):
        clips = list_clips(arguments.folder)
        clips = clips[[(arguments.folder / path).exists() for path in clips["path"]]]
        clips.to_csv(arguments.folder / f"{list_clips.__name__}.csv", index=False)
        print(f"{len(clips):,} sounds in {arguments.folder / list_clips.__name__}.csv")
