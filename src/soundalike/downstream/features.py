"""Features of clips: the embeddings of a model, and those that it is compared with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundalike.datasets.labels import Labels
from soundalike.datasets.store import Store
from soundalike.embedding.inference import for_inference
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.vector_cache import Report
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
        background: vectors of other sounds, examples of "none of these"; None if the model has
            none.

    Shape:
        vectors: [windows, dim]; clips: [windows]; recordings: [clips]; background: [sounds, dim].
    """

    vectors: Tensor
    clips: Tensor
    labels: Labels
    recordings: NDArray[np.int64]
    is_whitened: bool = False
    background: Tensor | None = None

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


def log_mel_statistics(model: SoundEncoder, store: Store, report: Report | None = None) -> Features:
    """Describe a clip by statistics over time of each band, without a network.

    They are mean, standard deviation, minimum, maximum, and mean absolute difference between
    successive frames. A clip is one window: the vectors are [clips, 5 * bands].

    Args:
        model: standardizes the log-mels, and repeats short clips.
        store: log-mels of the clips.
        report: called with the positions of clips that are done.
    """
    rows = []
    for index in range(len(store.clips)):
        blocks = model.windows.repeat_short(store.blocks(index))
        rows.append(_statistics(map(model.standardization, blocks)))
        if report:
            report(np.array([index]))
    vectors = torch.from_numpy(np.stack(rows))
    return Features(vectors, torch.arange(len(rows)), store.clips.labels(), store.recordings)


def _statistics(blocks: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the statistics of a clip that arrives in blocks [frames, bands]: [5 * bands].

    The deviations from the mean are merged as by Chan et al. (1983).
    """
    n_frames, total, squares, steps = 0, np.zeros(1), np.zeros(1), np.zeros(1)
    least, greatest = np.full(1, np.inf), np.full(1, -np.inf)
    last: NDArray[np.float32] | None = None
    for block in blocks:
        mean, n_block = block.mean(0), len(block)
        squares = squares + np.square(block - mean).sum(0)
        if last is not None:
            weight = n_frames * n_block / (n_frames + n_block)
            squares = squares + weight * (mean - total / n_frames) ** 2
        n_frames, total = n_frames + n_block, total + block.sum(0)
        least, greatest = np.minimum(least, block.min(0)), np.maximum(greatest, block.max(0))
        successive = block if last is None else np.concatenate([last, block])
        steps = steps + np.abs(np.diff(successive, axis=0)).sum(0)
        last = block[-1:]
    std = np.sqrt((squares / n_frames).astype(np.float32))
    statistics = [total / n_frames, std, least, greatest, steps / max(1, n_frames - 1)]
    return np.concatenate(statistics).astype(np.float32)


def embeddings(
    model: SoundEncoder,
    store: Store,
    gains_db: Sequence[float] | NDArray[np.floating] = (0,),
    report: Report | None = None,
) -> Features:
    """Embed all windows of all clips in float32; the model does not change, batch norms included.

    Args:
        model: the model.
        store: log-mels of the clips.
        gains_db: levels at which every window is embedded, relative to its own.
        report: called with the positions of clips that are done, for every level.
    """
    fast = for_inference(model, torch.float32)
    by_length = store.n_frames.argsort(kind="stable")  # those of one length are one batch
    vectors, clips = [], []
    for gain_db in gains_db:
        gain = np.float32(gain_db / 10)  # log10 of energies
        clips_in_blocks = map(store.blocks, by_length)
        log_mels = ((block + gain for block in blocks) for blocks in clips_in_blocks)
        n_done = 0
        for batch in encode_windows(fast, log_mels):
            vectors.append(torch.from_numpy(batch.vectors))
            clips.append(torch.from_numpy(by_length[batch.clips]))
            if report:
                report(by_length[n_done : batch.clips[-1]])  # the last may have more windows
                n_done = batch.clips[-1]
        if report:
            report(by_length[n_done:])
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
    patches: list[NDArray[np.float32]] = []
    n_patch = model.patch_frames
    for index, n_frames in enumerate(clips.n_frames):
        start = rng.integers(max(1, int(n_frames) - n_patch + 1))
        if n_frames < n_patch:  # repeated, as by the model
            patches += model.windows.repeat_short([clips.of_clip(index)])
        else:
            first = clips.offsets[index] + start
            patches.append(clips.frames[first : first + n_patch].astype(np.float32))
    batches = (
        twin.standardize(batch.to(model.device))
        for batch in torch.from_numpy(np.stack(patches)).split(128)
    )
    calibrate_batch_norm(encoder, batches)
    return twin
