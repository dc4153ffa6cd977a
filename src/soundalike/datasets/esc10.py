"""ESC-10: 400 environmental sounds, ten classes, five folds (Piczak 2015)."""

from soundalike.audio.suffixes import AUDIO_SUFFIXES
from soundalike.datasets.clips import Clip, ClipTable, SourceError
from soundalike.datasets.source import data_set_root


def read_esc10(root: str) -> ClipTable:
    """List ESC-10 as published: folders ``001 - Dog bark``, files ``fold-clip-take.ogg``.

    The fold is the first part of the file name; clips cut from one recording share a fold.

    Raises:
        SourceError: the folder does not hold this layout.
    """
    folder = data_set_root("esc10", root)
    clips = [
        Clip(str(path), label=path.parent.name.partition(" - ")[2], fold=path.name.split("-")[0])
        for path in sorted(folder.glob("[0-9][0-9][0-9] - */[0-9]-*-*.*"))
        if path.suffix.lower() in AUDIO_SUFFIXES
    ]
    if not clips:
        raise SourceError(
            f"esc10:{root}: no folders like '001 - Dog bark' with sounds in {folder}."
        )
    return ClipTable.of("esc10", clips)
