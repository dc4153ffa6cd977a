"""The labeled clips of a source and their embeddings, as `evaluate` makes them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.store import Store
from soundalike.downstream.features import Features
from soundalike.downstream.representations import EMBEDDINGS, PRETRAINED, representations
from soundalike.embedding.sound_encoder import SoundEncoder

FEWEST_CLIPS = 10  # fewer can be listened to, and say nothing about each other


@dataclass(frozen=True)
class AuditedClips:
    """The clips of a source that have a label.

    Args:
        store: these clips.
        features: their embeddings.
        n_unlabeled: number of clips that have none.
    """

    store: Store
    features: Features
    n_unlabeled: int


def audited_clips(
    model: SoundEncoder,
    source: str,
    clips: ClipTable,
    out: Path,
    progress: bool = True,
) -> AuditedClips:
    """Embed the labeled clips of a source; what an earlier call has embedded is read.

    Args:
        model: the model.
        source: labeled clips.
        clips: the clips of the source.
        out: folder of the embeddings, and of a store if one has to be prepared.
        progress: If true, progress bars are shown on standard error.

    Raises:
        SourceError: there are too few labeled clips, or all have the same label.
    """
    store = open_or_prepare(source, out / "store", model.front_end, clips=clips, progress=progress)
    is_labeled = (store.clips.rows["label"] != "").to_numpy()
    store = store.select(np.flatnonzero(is_labeled))
    n_classes = len(store.clips.classes)
    if len(store.clips) < FEWEST_CLIPS or n_classes < 2:
        raise SourceError(
            f"{store.clips.name}: an audit needs at least {FEWEST_CLIPS} labeled clips and two "
            f"classes; there are {len(store.clips):,} and {n_classes}."
        )
    features = representations(
        model, store, np.arange(len(store.clips)), 0, out / EMBEDDINGS, progress, [PRETRAINED]
    )
    return AuditedClips(store, features[PRETRAINED], int((~is_labeled).sum()))
