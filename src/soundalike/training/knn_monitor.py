"""Monitor by nearest neighbors whether sounds of a class move together (Fonseca et al. 2021)."""

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from soundalike.audio.frames import Frames
from soundalike.audio.windows import Windows
from soundalike.datasets.labels import classes_of
from soundalike.datasets.store import Store
from soundalike.evaluation.knn import default_k, knn_scores
from soundalike.evaluation.metrics import score
from soundalike.runtime.hardware import has_fast_bf16

BATCH_SIZE = 256  # patches
Device = torch.device | str


class KNNMonitor:
    """Leave-one-recording-out k nearest neighbors on z, within a set of labeled clips.

    Args:
        k: number of neighbors of a patch; 200 in the paper. By default the average number of
            patches of a class, and at most 200, which also suits small sets.
        every_n_epochs: epochs from one check to the next; the last epoch is always checked.
        max_clips: larger sets are subsampled evenly to this many clips.
    """

    def __init__(
        self, k: int | None = None, every_n_epochs: int = 1, max_clips: int = 2000
    ) -> None:
        if min(1 if k is None else k, every_n_epochs, max_clips) < 1:
            raise ValueError("monitor: k, every_n_epochs and max_clips must be at least 1.")
        self.k = k
        self.every_n_epochs = every_n_epochs
        self.max_clips = max_clips

    def score(
        self, store: Store, patch_frames: int, project: Callable[[Tensor], Tensor], device: Device
    ) -> float:
        """Return the balanced accuracy over the clips of a store, or the mAP for several labels.

        Args:
            store: clips, all of them labeled.
            patch_frames: frames of a patch; patches start half a patch apart.
            project: from log_mel patches ``[batch, frames, bands]`` to z ``[batch, dim]``.
            device: device of the patches.
        """
        n_clips = min(len(store.clips), self.max_clips)
        store = store.select(np.linspace(0, len(store.clips) - 1, n_clips).astype(int))
        labels = store.clips.labels()
        z, clips = _project_patches(store, patch_frames, project, device)
        patch_labels = torch.from_numpy(labels.values).to(z.device)[clips]
        k = self.k or default_k(len(z), labels.n_classes)
        scores = knn_scores(
            z,
            clips,
            z,
            clips,
            patch_labels,
            labels.n_classes,
            k,
            bf16_first=has_fast_bf16(z.device),
            recordings=torch.from_numpy(store.recordings).to(z.device),
        )
        return score(labels.values, scores.cpu().numpy())


def monitored_clips(store: Store, training_store: Store) -> tuple[Store | None, bool]:
    """Choose the clips of the kNN monitor.

    These are the labeled clips of the split validation, or else the labeled training clips; at
    least two classes must occur in two recordings each. Only validation clips may select the best
    epoch, because pre-training must not use the labels of its own clips.

    Args:
        store: all clips.
        training_store: the training clips.

    Returns:
        The clips, or None, and whether they may select the best epoch.
    """
    validation = store.select(np.flatnonzero(store.clips.rows["split"] == "validation"))
    for candidates, may_select in ((validation, True), (training_store, False)):
        labeled = candidates.select(np.flatnonzero(candidates.clips.rows["label"] != ""))
        recordings_of_class: defaultdict[str, set[int]] = defaultdict(set)
        for label, recording in zip(labeled.clips.rows["label"], labeled.recordings, strict=True):
            for name in classes_of(label):
                recordings_of_class[name].add(recording)
        if sum(len(recordings) >= 2 for recordings in recordings_of_class.values()) >= 2:
            return labeled, may_select
    return None, False


def _frames_on(store: Store, device: torch.device) -> Frames:
    """Return the frames of a store, for another device only those of its clips, if they fit."""
    if device.type == "cpu":
        return store.as_frames()
    values = np.concatenate([store.of_clip(clip) for clip in range(len(store.clips))])
    n_frames = store.n_frames.astype(np.int64)
    return Frames.from_arrays(values, n_frames.cumsum() - n_frames, n_frames).to(device)


@torch.inference_mode()
def _project_patches(
    store: Store, patch_frames: int, project: Callable[[Tensor], Tensor], device: Device
) -> tuple[Tensor, Tensor]:
    """Return z [patches, dim] of all patches of all clips, and the clip of each [patches]."""
    frames = _frames_on(store, torch.device(device))
    windows = Windows.half_overlapping(patch_frames)
    starts_by_clip = [windows.starts(int(n)) for n in store.n_frames]
    starts = torch.from_numpy(np.concatenate(starts_by_clip))
    n_patches = torch.tensor([len(clip_starts) for clip_starts in starts_by_clip])
    clips = torch.repeat_interleave(torch.arange(len(frames)), n_patches)
    z = []
    for rows in torch.arange(len(clips)).split(BATCH_SIZE):
        patches = frames.cut(clips[rows], starts[rows], patch_frames)
        z.append(project(patches.to(device).float()).float())
    return torch.cat(z), clips.to(device)
