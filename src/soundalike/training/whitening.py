"""The whitening of a model, fitted once when its training is over."""

import dataclasses

import numpy as np
import torch
from tqdm import tqdm

from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.embedding.window_embeddings import encode_windows

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
    h = np.concatenate([batch.vectors for batch in encode_windows(model, windows)])
    whitening = Whitening.of(torch.from_numpy(h), min(n_components, len(h) - 1))
    return model.with_encoder(model.encoder, whitening.to(model.device))


def _draw_windows(model: SoundEncoder, heard: Store, rng: np.random.Generator) -> np.ndarray:
    """Return first frame and length of some of all windows that the clips would be embedded by.

    Shape:
        result: [windows, 2], those of one length after each other, since a batch is of one length.
    """
    # Windows that are aligned to the end of a clip are not among them: they overlap others more.
    windows = dataclasses.replace(model.windows, align_last=False)
    starts = [windows.starts(int(n)) for n in heard.n_frames]
    clip = np.repeat(np.arange(len(starts)), [len(of_clip) for of_clip in starts])
    # Not `windows.length`, which counts the repetition of a clip that is shorter than a patch.
    n_frames = np.minimum(heard.n_frames, windows.n_frames)[clip]
    places = np.stack([heard.offsets[clip] + np.concatenate(starts), n_frames], axis=1)
    sample = places[rng.permutation(len(clip))[:N_WINDOWS]]
    return sample[np.lexsort(sample.T)]
