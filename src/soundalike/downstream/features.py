"""Features of clips: the embeddings of a model, and those that it is compared with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundalike.datasets.labels import Labels
from soundalike.datasets.store import Store
from soundalike.embedding.inference import for_inference
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import encode_windows
from soundalike.models.calibration import calibrate_batch_norm
from soundalike.models.encoder import build_encoder

N_CALIBRATION_CLIPS = 1024


@dataclass(frozen=True)
class Features:
    """Vectors of the windows of many clips, and the clips' labels.

    Args:
        vectors: float32, one for each window.
        clips: position of each window's clip, in increasing order.
        labels: of the clips.
        recordings: which recording each clip is of.
        is_whitened: If true, the vectors already vary about equally in every direction, so no
            classifier standardizes them.

    Shape:
        vectors: [windows, dim]; clips: [windows]; recordings: [clips].
    """

    vectors: Tensor
    clips: Tensor
    labels: Labels
    recordings: NDArray[np.int64]
    is_whitened: bool = False

    def select(self, indices: NDArray[np.integer]) -> "Features":
        """Return the features of some clips, renumbered in the order of `indices`."""
        chosen = torch.from_numpy(indices)
        n_windows = self.clips.bincount(minlength=len(self.labels))
        firsts = n_windows.cumsum(0) - n_windows
        counts = n_windows[chosen]
        clips = torch.repeat_interleave(torch.arange(len(chosen)), counts)
        within = torch.arange(len(clips)) - torch.repeat_interleave(
            counts.cumsum(0) - counts, counts
        )
        vectors = self.vectors[firsts[chosen][clips] + within]
        return replace(
            self,
            vectors=vectors,
            clips=clips,
            labels=self.labels.select(indices),
            recordings=self.recordings[indices],
        )


def log_mel_statistics(model: SoundEncoder, store: Store) -> Features:
    """Describe a clip by statistics over time of each band, without a network.

    They are mean, standard deviation, minimum, maximum, and mean absolute difference between
    successive frames. A clip is one window: the vectors are [clips, 5 * bands].
    """
    rows = []
    for log_mel in _log_mels(model, store):
        x = model.standardization(log_mel)
        steps = np.abs(np.diff(x, axis=0))
        rows.append(np.concatenate([x.mean(0), x.std(0), x.min(0), x.max(0), steps.mean(0)]))
    vectors = torch.from_numpy(np.stack(rows))
    return Features(vectors, torch.arange(len(rows)), store.clips.labels(), store.recordings)


def embeddings(
    model: SoundEncoder, store: Store, gains_db: Sequence[float] | NDArray[np.floating] = (0,)
) -> Features:
    """Embed all windows of all clips in float32; the model does not change, batch norms included.

    Args:
        model: the model.
        store: log-mels of the clips.
        gains_db: levels at which every window is embedded, relative to its own.
    """
    fast = for_inference(model, torch.float32)
    # Windows of one length go through the encoder together.
    by_length = model.windows.length(store.n_frames).argsort(kind="stable")
    vectors, clips = [], []
    for gain_db in gains_db:
        gain = np.float32(gain_db / 10)  # log10 of energies
        clips_in_blocks = map(store.blocks, by_length)
        log_mels = ((block + gain for block in blocks) for blocks in clips_in_blocks)
        for batch in encode_windows(fast, log_mels):
            vectors.append(torch.from_numpy(batch.vectors))
            clips.append(torch.from_numpy(by_length[batch.clips]))
    in_order, order = torch.cat(clips).sort(stable=True)
    labels, is_whitened = store.clips.labels(), model.whitening is not None
    return Features(torch.cat(vectors)[order], in_order, labels, store.recordings, is_whitened)


def untrained_twin(model: SoundEncoder, train: Store, seed: int) -> SoundEncoder:
    """Return the same encoder with random weights.

    Its batch norms are calibrated on one random patch of each training clip.
    """
    torch.manual_seed(seed)
    encoder = build_encoder(model.encoder_settings, model.front_end.n_mels)
    twin = model.with_encoder(encoder).to(model.device)
    rng = np.random.default_rng(seed)
    clips = train.select(rng.permutation(len(train.clips))[:N_CALIBRATION_CLIPS])
    patch_list = []
    for log_mel in _log_mels(model, clips):
        start = rng.integers(len(log_mel) - model.patch_frames + 1)
        patch_list.append(log_mel[start : start + model.patch_frames])
    patches = torch.from_numpy(np.stack(patch_list))
    batches = (twin.standardize(batch.to(model.device)) for batch in patches.split(128))
    calibrate_batch_norm(encoder, batches)
    return twin


def _log_mels(model: SoundEncoder, store: Store) -> Iterator[np.ndarray]:
    """Yield the log_mel of every clip, a short one repeated as the model repeats it."""
    for log_mel in store.log_mels():
        yield from model.windows.repeat_short([log_mel])
