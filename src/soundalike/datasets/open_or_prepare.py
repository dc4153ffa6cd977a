"""Open the store of a source, or make it."""

import dataclasses
from pathlib import Path

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.store import Store, differing_key, is_store, open_store


def open_or_prepare(
    source: str,
    out: Path,
    front_end: LogMel,
    *,
    clips: ClipTable | None = None,
    strict: bool = False,
    progress: bool = True,
) -> Store:
    """Open a source that is a store, or prepare a store of its clips.

    Args:
        source: a prepared store, or anything that `read_source` takes.
        out: folder of the store, if one must be prepared.
        front_end: the required front end.
        clips: the clips of the source, if it has been read.
        strict: if true, a broken clip is an error.
        progress: if true, show a progress bar.

    Raises:
        SourceError: the source cannot be used, or is a store of another front end.
        BrokenClipsError: as in `prepare`.
    """
    if not is_store(Path(source)):
        clips = read_source(source) if clips is None else clips
        return prepare(clips, out, front_end, strict=strict, progress=progress)
    store = open_store(Path(source))
    required, actual = dataclasses.asdict(front_end), dataclasses.asdict(store.front_end)
    if key := differing_key(required, actual):
        raise SourceError(f"{source}: made with another front end ({key}): prepare it again.")
    if progress:
        store.clips.announce()
    return store
