"""Sample the sounds that a model was trained on: its background, once training has finished."""

import numpy as np
import torch

from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.training.embed_stretches import embed_stretches

N_SOUNDS = 500
CLOSING_STAGES = "after the last step: short stages named whiten (if in the recipe) and background"


def with_background(
    model: SoundEncoder,
    training_store: Store,
    seed: int,
    *,
    n_sounds: int = N_SOUNDS,
    progress: bool = False,
) -> SoundEncoder:
    """Return the same model with the embeddings of some of its training clips.

    They teach a classifier what is none of its classes. A clip is embedded by one of its windows,
    at random, since a mean over many windows would be unlike the short clips that are classified.

    Args:
        model: a trained model, whitened if it is to be.
        training_store: the clips that it was trained on. Silent clips are left out.
        seed: random seed for choosing clips and windows.
        n_sounds: number of clips, at most.
        progress: If true, show a progress bar.

    Raises:
        ValueError: every clip is silent.
    """
    rng = np.random.default_rng(seed)
    clips = rng.permutation(np.flatnonzero(training_store.audio != b""))[:n_sounds]
    if not len(clips):
        raise ValueError("every training clip is silent")
    # Windows of one length go through the encoder together.
    clips = clips[training_store.n_frames[clips].argsort(kind="stable")]
    windows = np.array([_random_window(model, training_store, int(clip), rng) for clip in clips])
    vectors = embed_stretches(
        model, training_store, windows, name="background", unit="clips", progress=progress
    )
    with_sounds = model.with_encoder(model.encoder, model.whitening)
    with_sounds.background = torch.from_numpy(vectors).to(model.device)
    return with_sounds


def _random_window(
    model: SoundEncoder, store: Store, clip: int, rng: np.random.Generator
) -> tuple[int, int]:
    """Return first frame and length of one of the windows that a clip is embedded by."""
    n_frames = int(store.n_frames[clip])
    first = store.offsets[clip] + rng.choice(model.windows.starts(n_frames))
    return int(first), min(n_frames, model.windows.n_frames)
