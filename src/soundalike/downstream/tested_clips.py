"""The clips and the splits that an evaluation of a run tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.file_stamps import changed_clips
from soundalike.datasets.hollow import refuse_hollow
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.datasets.store import Store, is_store, open_store
from soundalike.embedding.sound_encoder import SoundEncoder


def run_store(
    folder: Path, source: str, clips: ClipTable, model: SoundEncoder, out: Path, progress: bool
) -> Store:
    """Open the run's own store if it holds the source's clips; otherwise prepare one."""
    own = folder / "store"
    if is_store(own) and not is_store(Path(source)):
        store = open_store(own)
        is_same = store.fingerprint == clips.fingerprint() and store.front_end == model.front_end
        if is_same and not any(changed_clips(store)):
            return store
    return open_or_prepare(source, out / "store", model.front_end, clips=clips, progress=progress)


def tested_splits(config: Mapping[str, Any], store: Store, task: str, seed: int) -> list[Split]:
    """Return the splits to test: of a run that left out a fold of the same clips, only that fold.

    Raises:
        SourceError: the fold that was left out has no labeled clip.
    """
    splits = evaluation_splits(store, task, seed)
    refuse_hollow(store, splits)
    is_same_source = config.get("clips") == store.fingerprint and not store.clips.has_splits
    test_fold = config.get("test_fold")
    if not is_same_source or test_fold is None:
        return splits
    splits = [split for split in splits if split.name == f"fold {test_fold}"]
    if not splits:
        raise SourceError(
            f"{store.clips.name}: nothing to test: the run left out fold '{test_fold}', which has "
            "no labeled clip."
        )
    return splits
