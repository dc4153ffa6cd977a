"""The whitening of an ear, fitted once when its training is over."""

from collections.abc import Iterator

import numpy as np
import torch

from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening

N_WINDOWS = 2048


def whitened(ear: SoundEncoder, heard: Store, n_components: int, seed: int) -> SoundEncoder:
    """Return an ear whose embeddings are whitened by what it heard, without labels.

    Args:
        ear: not whitened.
        heard: what it was trained on, `N_WINDOWS` windows of which are drawn.
        n_components: at most so many are kept, one less than there are windows.
        seed: of the draw.
    """
    windows = _drawn_windows(ear, heard, np.random.default_rng(seed))
    h = np.concatenate([h for _, h in ear.encode_windows(windows)])
    whitening = Whitening.of(torch.from_numpy(h), min(n_components, len(h) - 1))
    return ear.with_encoder(ear.encoder, whitening.to(ear.device))


def _drawn_windows(
    ear: SoundEncoder, heard: Store, rng: np.random.Generator
) -> Iterator[list[np.ndarray]]:
    """Yield log_mels of some of all windows that the ear would embed the clips by."""
    length = np.minimum(heard.n_frames, ear.window_frames)
    n_windows = 1 + (heard.n_frames - length) // ear.hop_frames
    clip = np.repeat(np.arange(len(length)), n_windows)
    start = ear.hop_frames * (np.arange(len(clip)) - (n_windows.cumsum() - n_windows)[clip])
    drawn = np.sort(rng.permutation(len(clip))[:N_WINDOWS])
    for first, n_frames in zip(
        (heard.offsets[clip] + start)[drawn], length[clip[drawn]], strict=True
    ):
        yield [heard.frames[first : first + n_frames]]
