"""The clips and the splits that an evaluation of a run tests."""

from pathlib import Path

import numpy as np

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.file_stamps import changed_clips
from soundalike.datasets.hollow import refuse_hollow
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.datasets.store import Store, is_store, open_store
from soundalike.datasets.verified_clips import with_verified
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.training.run_folder import read_run_config


def results_folder(run: Path | None, clips: ClipTable, task: str) -> Path:
    """Return the folder of an evaluation whose folder nobody named.

    Args:
        run: folder of the run, or of a model without a run; None for a shipped model, whose results
            are in the working folder.
        clips: the clips of the source.
        task: which clips train.
    """
    name = clips.name.replace(":", "-") + ("" if task == "noisy" else f"-{task}")
    return (run or Path()) / "evaluation" / name


def clips_to_test(
    run: Path | None,
    source: str,
    clips: ClipTable,
    model: SoundEncoder,
    out: Path,
    *,
    task: str = "noisy",
    seed: int = 0,
    progress: bool = True,
) -> tuple[Store, list[Split], int]:
    """Return the labeled clips, the splits, and the number of clips that have no label.

    The run's own store is used if it holds the source's clips; otherwise one is prepared. A run
    that left a fold of the same clips out of pre-training is tested on that fold only.

    Args:
        run: folder of the run, or of a model without a run; None for a shipped model.
        source: labeled clips.
        clips: the clips of the source.
        model: its front end makes the store.
        out: folder for a store.
        task: which clips train, as for `evaluation_splits`.
        seed: random seed of the splits.
        progress: If true, a progress bar is shown on standard error.

    Raises:
        SourceError: there is nothing to test, or the fold that was left out has no labeled clip.
    """
    store = None
    if run and is_store(own := run / "store") and not is_store(Path(source)):
        store = open_store(own)
        is_same = store.fingerprint == clips.fingerprint() and store.front_end == model.front_end
        store = None if not is_same or any(changed_clips(store)) else with_verified(store, clips)
    if store is None:
        store = open_or_prepare(
            source, out / "store", model.front_end, clips=clips, progress=progress
        )
    is_labeled = (store.clips.rows["label"] != "").to_numpy()
    store = store.select(np.flatnonzero(is_labeled))
    splits = evaluation_splits(store, task, seed)
    refuse_hollow(store, splits)
    config = read_run_config(run) if run else {}
    test_fold = config.get("test_fold")
    is_same_source = config.get("clips") == store.fingerprint and not store.clips.has_splits
    if is_same_source and test_fold is not None:
        splits = [split for split in splits if split.name == f"fold {test_fold}"]
    if not splits:
        raise SourceError(
            f"{store.clips.name}: nothing to test: the run left out fold '{test_fold}', which has "
            "no labeled clip."
        )
    return store, splits, int((~is_labeled).sum())
