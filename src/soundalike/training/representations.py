"""What a clip can be represented by: the trained ear, and what it must beat."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from soundalike.datasets.store import Store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.calibration import calibrate_batch_norm
from soundalike.models.encoder import build_encoder

LOG_MEL, UNTRAINED, PRETRAINED = "log-mel statistics", "untrained encoder", "pretrained encoder"
N_CALIBRATION_CLIPS = 1024


@dataclass(frozen=True)
class Patches:
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

    def of(self, clips: np.ndarray) -> "Patches":
        """Return the patches of some of the clips, which are counted anew in the order given."""
        chosen = torch.from_numpy(clips)
        n_patches = self.clips.bincount(minlength=int(chosen.max()) + 1 if len(chosen) else 0)
        firsts = n_patches.cumsum(0) - n_patches
        counts = n_patches[chosen]
        new = torch.repeat_interleave(torch.arange(len(chosen)), counts)
        within = torch.arange(len(new)) - torch.repeat_interleave(counts.cumsum(0) - counts, counts)
        return replace(self, h=self.h[firsts[chosen][new] + within], clips=new)


def log_mel_statistics(ear: SoundEncoder, store: Store) -> Patches:
    """Represent a clip by statistics over time of each band: what needs no network.

    Mean, standard deviation, minimum, maximum, and the mean step from frame to frame: h is
    [clips, 5 * bands], a clip is one patch here.
    """
    rows = []
    for (log_mel,) in ear.log_mels_of(store):
        x = (log_mel - ear.mean) / ear.std
        steps = np.abs(np.diff(x, axis=0))
        rows.append(np.concatenate([x.mean(0), x.std(0), x.min(0), x.max(0), steps.mean(0)]))
    return Patches(torch.from_numpy(np.stack(rows)), torch.arange(len(rows)))


def embeddings(
    ear: SoundEncoder, store: Store, gains_db: Sequence[float] | np.ndarray = (0,)
) -> Patches:
    """Represent a clip by h of each of its windows; the ear is not changed by a bit.

    Args:
        ear: what listens.
        store: the clips.
        gains_db: levels that every window is heard at, in dB above its own.
    """
    h, clips = zip(*(ear.of_store(store, gain_db) for gain_db in gains_db), strict=True)
    in_order, order = torch.cat(clips).sort(stable=True)
    return Patches(torch.cat(h)[order], in_order, is_whitened=ear.whitening is not None)


def untrained_twin(ear: SoundEncoder, train: Store, seed: int) -> SoundEncoder:
    """Return the same encoder with random weights, its batch norm calibrated on training clips."""
    torch.manual_seed(seed)
    encoder = build_encoder(ear.encoder_settings, ear.log_mel.n_mels)
    twin = ear.with_encoder(encoder).to(ear.device)
    rng = np.random.default_rng(seed)
    chosen = train.select(rng.permutation(len(train.clips))[:N_CALIBRATION_CLIPS])
    patches = torch.from_numpy(np.stack(list(_random_patches(ear, chosen, rng))))
    batches = (twin.standardise(part.to(ear.device)) for part in patches.split(128))
    calibrate_batch_norm(encoder, batches)
    return twin


def _random_patches(
    ear: SoundEncoder, store: Store, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    for (log_mel,) in ear.log_mels_of(store):
        start = rng.integers(len(log_mel) - ear.patch_frames + 1)
        yield log_mel[start : start + ear.patch_frames]
