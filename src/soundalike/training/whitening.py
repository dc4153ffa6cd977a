"""The whitening of a model, fitted once when its training is over."""

import numpy as np
import torch
from tqdm import tqdm

from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening

N_WINDOWS = 2048


def whitened(
    model: SoundEncoder, heard: Store, n_components: int, seed: int, *, progress: bool = False
) -> SoundEncoder:
    """Return a model whose embeddings are whitened by what it heard, without labels.

    Args:
        model: not whitened.
        heard: what it was trained on, `N_WINDOWS` windows of which are drawn.
        n_components: at most so many are kept, one less than there are windows.
        seed: of the draw.
        progress: whether to show a progress bar.
    """
    drawn = _draw_windows(model, heard, np.random.default_rng(seed))
    shown = tqdm(drawn, desc="whiten", unit=" windows", disable=not progress)
    windows = ([heard.frames[first : first + n_frames]] for first, n_frames in shown)
    h = np.concatenate([h for _, h in model.encode_windows(windows)])
    whitening = Whitening.of(torch.from_numpy(h), min(n_components, len(h) - 1))
    return model.with_encoder(model.encoder, whitening.to(model.device))


def _draw_windows(model: SoundEncoder, heard: Store, rng: np.random.Generator) -> np.ndarray:
    """Return first frame and length of some of all windows that the clips would be embedded by.

    Shape:
        result: [windows, 2], those of one length after each other, since a batch is of one length.
    """
    length = np.minimum(heard.n_frames, model.window_frames)
    n_windows = 1 + (heard.n_frames - length) // model.hop_frames
    clip = np.repeat(np.arange(len(length)), n_windows)
    start = model.hop_frames * (np.arange(len(clip)) - (n_windows.cumsum() - n_windows)[clip])
    windows = np.stack([heard.offsets[clip] + start, length[clip]], axis=1)
    drawn = windows[rng.permutation(len(clip))[:N_WINDOWS]]
    return drawn[np.lexsort(drawn.T)]
