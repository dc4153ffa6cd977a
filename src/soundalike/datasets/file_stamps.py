"""Notice sound files that have changed since a store was prepared."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from soundalike.audio.audio_error import AudioError
from soundalike.audio.spectrum import Spectrum
from soundalike.audio.streaming import read_log_mel_blocks
from soundalike.datasets.clips import Clip
from soundalike.datasets.identical import AudioHash
from soundalike.datasets.store import CLIPS, STAMP, Store
from soundalike.runtime.file_stamp import UNKNOWN, file_stamp


def changed_clips(store: Store) -> Iterator[Clip]:
    """Yield the clips whose audio is no longer that of the store.

    Only files with another size or time are read. Files that are gone cannot be compared; the store
    does not need them.

    Args:
        store: all clips of a store, as `open_store` returns it.
    """
    stamps = pd.read_parquet(store.path / CLIPS, columns=STAMP).itertuples(index=False, name=None)
    for clip, audio, stamp in zip(store.clips, store.audio, stamps, strict=True):
        now = file_stamp(clip.path)
        if now not in (UNKNOWN, stamp) and _audio_hash(clip, store) != audio:
            yield clip


def _audio_hash(clip: Clip, store: Store) -> bytes | None:
    """Return the hash of a clip's audio as it is now; None if it cannot be read."""
    audio, spectrum, segment = AudioHash(), Spectrum(), (clip.start_s, clip.end_s)
    try:
        for block in read_log_mel_blocks(clip.path, store.front_end, *segment, spectrum):
            audio.add(np.ascontiguousarray(block, dtype="<f2"))
    except AudioError:
        return None
    return audio.digest(spectrum).encode()
