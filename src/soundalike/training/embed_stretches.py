"""Embed stretches of the clips of a store, to fit a part of a model to them."""

import numpy as np

from soundalike.datasets.chunks import stretches
from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import encode_windows
from soundalike.runtime.progress import progress_bar


def embed_stretches(
    model: SoundEncoder, store: Store, windows: np.ndarray, *, name: str, unit: str, progress: bool
) -> np.ndarray:
    """Return the embeddings of stretches, each of which is one window of a clip.

    Args:
        model: the model.
        store: the clips.
        windows: first frame and length of each; those of one length should follow each other.
        name: of the progress bar.
        unit: of the progress bar.
        progress: If true, show a progress bar.

    Shape:
        windows: int64 [windows, 2]; result: float32 [windows, dim].
    """
    bar = progress_bar(
        stretches(store.frames, *windows.T),
        name=name, unit=unit, total=len(windows), is_shown=progress,
    )  # fmt: skip
    log_mels = ([log_mel] for log_mel in bar)
    return np.concatenate([batch.vectors for batch in encode_windows(model, log_mels)])
