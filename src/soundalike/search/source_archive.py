"""The archive of a source that is searched directly: kept in the user's cache, brought up to date.

It is keyed by the source and by the shipped model, whose settings name the hash of its weights.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

import pandas as pd

from soundalike.archive.head import is_archive
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.source import place_of, read_source
from soundalike.embedding.model_path import CONFIG, find_model
from soundalike.runtime.counts import counted
from soundalike.search.archive import Archive
from soundalike.search.new_clips import compare

MODEL = "default"
FORMAT = 2  # raise it when the same model gives the same sounds other vectors


def archive_of_source(
    source: str, clips: ClipTable | None = None, *, progress: bool = True
) -> Archive:
    """Return an archive of a source; clips that are new or have changed are embedded first.

    Broken clips are tried again, and each time it is said how many are skipped.

    Args:
        source: any source that `read_source` takes.
        clips: its clips, if they have been read.
        progress: If true, what is embedded is said on standard error, with a progress bar.

    Raises:
        SourceError: there is no such source.
        InUseError: another run is bringing it up to date.
        BrokenClipsError: no clip can be read.
        OSError: a file cannot be written.
    """
    clips = read_source(source) if clips is None else clips
    folder = cache_folder() / _key(source)
    if is_archive(folder):
        archive = Archive.open(folder)
        state = compare(clips, archive.clips(), archive.head.root)
        if not (state.is_changed.any() or clips.problems):
            archive.name = source
            return archive
        new = set(clips.rows["path"][state.is_new]) - _skipped_before(folder)
        n_new = int((clips.rows["path"].isin(new) & state.is_new).sum())
    else:
        archive, n_new = _create(folder, source, clips, progress), len(clips)
    archive.name = source
    if progress and n_new:
        print(
            f"{source}: embedding {counted(n_new, 'new clip')}; kept in {folder}", file=sys.stderr
        )
    from soundalike.runtime.hardware import choose_hardware

    choose_hardware().set_up()
    result = archive.add(clips, progress=progress and n_new > 0)
    if progress and result.n_problems:
        print(
            f"{source}: skipped {counted(result.n_problems, 'clip')} that cannot be read (see "
            f"{result.problems})",
            file=sys.stderr,
        )
    return archive


def _skipped_before(folder: Path) -> set[str]:
    """Return the paths of the clips that could not be read the last time."""
    try:
        problems = pd.read_csv(f"{folder}.problems.csv", keep_default_na=False)
        return set(problems["path"].astype(str))
    except (OSError, ValueError, KeyError):  # there is none, or it is damaged
        return set()


def cache_folder() -> Path:
    """Return the folder of these archives, in the cache of the user."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return cache / "soundalike" / "archives"


def archive_folder(name: str) -> Path:
    """Return the folder of an archive that a user has named, or has named the source of.

    It is not brought up to date, and need not exist.
    """
    if is_archive(Path(name)):
        return Path(name)
    folder = cache_folder() / _key(name)
    return folder if is_archive(folder) else Path(name)


def _create(folder: Path, source: str, clips: ClipTable, progress: bool) -> Archive:
    from soundalike.embedding.sound_encoder import SoundEncoder
    from soundalike.search.window_choice import note_on_long_clips, with_suitable_windows

    model = with_suitable_windows(SoundEncoder.load(find_model(MODEL)), clips)
    if progress and (note := note_on_long_clips(model, clips)):
        print(f"{source}: {note}", file=sys.stderr)
    return Archive.open_for(folder, model, clips.root)


def _key(source: str) -> str:
    config = (find_model(MODEL) / CONFIG).read_text(encoding="utf-8")
    return hashlib.sha256(json.dumps([FORMAT, place_of(source), config]).encode()).hexdigest()[:16]
