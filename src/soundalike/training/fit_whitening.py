"""Fit the whitening of a model to its training clips, once training has finished.

Each window is embedded as if it were a clip, also of a long clip, whose windows share their maps
when it is embedded later: a sample of the windows of hours of sound would need all of their maps.
"""

import numpy as np
import torch

from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.training.embed_stretches import embed_stretches

N_WINDOWS = 2048


def whitened(
    model: SoundEncoder,
    training_store: Store,
    n_components: int,
    seed: int,
    *,
    progress: bool = False,
) -> SoundEncoder:
    """Return a model that whitens its embeddings, fitted to the training clips without labels.

    Args:
        model: a model without whitening.
        training_store: the clips that it was trained on; up to `N_WINDOWS` of their windows are
            drawn at random.
        n_components: principal components to keep, at most one fewer than there are windows.
        seed: random seed for choosing the windows.
        progress: If true, show a progress bar.
    """
    windows = draw_windows(model, training_store, np.random.default_rng(seed))
    h = embed_stretches(
        model, training_store, windows, name="whiten", unit="windows", progress=progress
    )
    whitening = Whitening.of(torch.from_numpy(h), min(n_components, len(h) - 1))
    return model.with_encoder(model.encoder, whitening.to(model.device))


def draw_windows(model: SoundEncoder, store: Store, rng: np.random.Generator) -> np.ndarray:
    """Return first frame and length of windows drawn from all that the clips are embedded by.

    Windows of the same length follow each other, because a batch holds one length only.

    Shape:
        result: [windows, 2].
    """
    starts = [model.windows.starts(int(n)) for n in store.n_frames]
    clip = np.repeat(np.arange(len(starts)), [len(clip_starts) for clip_starts in starts])
    # Not `windows.length`, which includes the repetition of a clip that is shorter than a patch.
    n_frames = np.minimum(store.n_frames, model.windows.n_frames)[clip]
    places = np.stack([store.offsets[clip] + np.concatenate(starts), n_frames], axis=1)
    sample = places[rng.permutation(len(clip))[:N_WINDOWS]]
    return sample[np.lexsort(sample.T)]
