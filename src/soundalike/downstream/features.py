"""What a clip can be represented by: the trained model, and what it must beat."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import encode_windows
from soundalike.models.calibration import calibrate_batch_norm
from soundalike.models.encoder import build_encoder

LOG_MEL, UNTRAINED, PRETRAINED = "log-mel statistics", "untrained encoder", "pretrained encoder"
N_CALIBRATION_CLIPS = 1024


@dataclass(frozen=True)
class Features:
    """What a representation makes of clips.

    Args:
        is_whitened: whether the numbers of h vary alike as they come, among sounds beside these.

    Shape:
        h: [patches, dim]; clips: [patches], which clip each patch was cut from, counted from 0, in
        order.
    """

    h: Tensor
    clips: Tensor
    is_whitened: bool = False

    def of(self, clips: np.ndarray) -> "Features":
        """Return the patches of some of the clips, which are counted anew in the order given."""
        chosen = torch.from_numpy(clips)
        n_patches = self.clips.bincount(minlength=int(chosen.max()) + 1 if len(chosen) else 0)
        firsts = n_patches.cumsum(0) - n_patches
        counts = n_patches[chosen]
        new = torch.repeat_interleave(torch.arange(len(chosen)), counts)
        within = torch.arange(len(new)) - torch.repeat_interleave(counts.cumsum(0) - counts, counts)
        return replace(self, h=self.h[firsts[chosen][new] + within], clips=new)


def log_mel_statistics(model: SoundEncoder, store: Store) -> Features:
    """Represent a clip by statistics over time of each band: what needs no network.

    Mean, standard deviation, minimum, maximum, and the mean step from frame to frame: h is
    [clips, 5 * bands], a clip is one patch here.
    """
    rows = []
    for log_mel in _log_mels(model, store):
        x = model.standardization(log_mel)
        steps = np.abs(np.diff(x, axis=0))
        rows.append(np.concatenate([x.mean(0), x.std(0), x.min(0), x.max(0), steps.mean(0)]))
    return Features(torch.from_numpy(np.stack(rows)), torch.arange(len(rows)))


def embeddings(
    model: SoundEncoder, store: Store, gains_db: Sequence[float] | np.ndarray = (0,)
) -> Features:
    """Represent a clip by h of each of its windows; the model is not changed by a bit.

    Args:
        model: what listens.
        store: the clips.
        gains_db: levels that every window is heard at, in dB above its own.
    """
    h, clips = [], []
    for gain_db in gains_db:
        gain = np.float32(gain_db / 10)  # log10 of energies
        for batch in encode_windows(model, ([log_mel + gain] for log_mel in store.log_mels())):
            h.append(torch.from_numpy(batch.vectors))
            clips.append(torch.from_numpy(batch.clips))
    in_order, order = torch.cat(clips).sort(stable=True)
    return Features(torch.cat(h)[order], in_order, is_whitened=model.whitening is not None)


def _log_mels(model: SoundEncoder, store: Store) -> Iterator[np.ndarray]:
    """Yield the log_mel of every clip, repeated as the model repeats it."""
    for log_mel in store.log_mels():
        yield from model.windows.repeat_short([log_mel])


def untrained_twin(model: SoundEncoder, train: Store, seed: int) -> SoundEncoder:
    """Return the same encoder with random weights, its batch norm calibrated on training clips."""
    torch.manual_seed(seed)
    encoder = build_encoder(model.encoder_settings, model.front_end.n_mels)
    twin = model.with_encoder(encoder).to(model.device)
    rng = np.random.default_rng(seed)
    chosen = train.select(rng.permutation(len(train.clips))[:N_CALIBRATION_CLIPS])
    patches = torch.from_numpy(np.stack(list(_random_patches(model, chosen, rng))))
    batches = (twin.standardize(part.to(model.device)) for part in patches.split(128))
    calibrate_batch_norm(encoder, batches)
    return twin


def _random_patches(
    model: SoundEncoder, store: Store, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    for log_mel in _log_mels(model, store):
        start = rng.integers(len(log_mel) - model.patch_frames + 1)
        yield log_mel[start : start + model.patch_frames]
