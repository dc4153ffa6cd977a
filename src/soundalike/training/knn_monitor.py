"""Monitor by nearest neighbors whether sounds of a class move together (Fonseca et al. 2021)."""

from collections import defaultdict
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from soundalike.audio.frames import Frames
from soundalike.audio.windows import Windows
from soundalike.datasets.labels import classes_of
from soundalike.datasets.store import Store
from soundalike.evaluation.knn import default_k, knn_scores
from soundalike.evaluation.metrics import score
from soundalike.runtime.hardware import has_fast_bf16

BATCH_SIZE = 256  # patches
N_NEIGHBORS = 5  # as in scikit-learn
Device = torch.device | str


class KNNMonitor:
    """Leave-one-recording-out k nearest neighbors on z, within a set of labeled clips.

    Args:
        vote: "clip" compares clips by one vector each, the mean of their patches' directions, and
            every clip counts once. "patch" is the paper's protocol: all patches vote for their
            clip, so the neighbors are mostly patches of long clips.
        k: number of neighbors. By default 5 clips; or the average number of patches of a class, and
            at most 200, which is the paper's.
        every_n_epochs: epochs from one check to the next; the end of training is always checked.
        max_clips: larger sets are subsampled evenly to this many clips.
        max_patches: a clip's patches are subsampled evenly, so that all clips together have about
            this many. With "patch" all patches are compared.
    """

    def __init__(
        self,
        vote: Literal["clip", "patch"] = "clip",
        k: int | None = None,
        every_n_epochs: int = 1,
        max_clips: int = 600,
        max_patches: int = 600,
    ) -> None:
        if min(1 if k is None else k, every_n_epochs, max_clips, max_patches) < 1:
            raise ValueError(
                "monitor: k, every_n_epochs, max_clips and max_patches must be at least 1."
            )
        self.vote = vote
        self.k = k
        self.every_n_epochs = every_n_epochs
        self.max_clips = max_clips
        self.max_patches = max_patches

    def sample(self, store: Store) -> Store:
        """Return the clips that are compared."""
        n_clips = min(len(store.clips), self.max_clips)
        return store.select(np.linspace(0, len(store.clips) - 1, n_clips).astype(int))

    def starts(self, store: Store, patch_frames: int) -> list[np.ndarray]:
        """Return the first frames of the patches that are compared, for each clip of a sample."""
        windows = Windows.half_overlapping(patch_frames)
        starts = [windows.starts(int(n_frames)) for n_frames in store.n_frames]
        if self.vote == "patch":
            return starts
        n_patches = max(1, self.max_patches // len(starts))
        return [_evenly(clip_starts, n_patches) for clip_starts in starts]

    def n_patches(self, store: Store | None, patch_frames: int) -> int:
        """Return how many patches of a store are compared; 0 without a store."""
        return (
            sum(map(len, self.starts(self.sample(store), patch_frames))) if store is not None else 0
        )

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
        store = self.sample(store)
        labels = store.clips.labels()
        starts = self.starts(store, patch_frames)
        z, clips = _project_patches(store, starts, patch_frames, project, device)
        if self.vote == "clip":
            z, clips = clip_vectors(z, clips)
        vector_labels = torch.from_numpy(labels.values).to(z.device)[clips]
        default = N_NEIGHBORS if self.vote == "clip" else default_k(len(z), labels.n_classes)
        scores = knn_scores(
            z,
            clips,
            z,
            clips,
            vector_labels,
            labels.n_classes,
            self.k or default,
            bf16_first=has_fast_bf16(z.device),
            recordings=torch.from_numpy(store.recordings).to(z.device),
        )
        return score(labels.values, scores.cpu().numpy())


def clip_vectors(z: Tensor, clips: Tensor) -> tuple[Tensor, Tensor]:
    """Return one vector for each clip, the mean direction of its patches.

    Args:
        z: patches, of any length.
        clips: clip of each patch, from 0 on.

    Shape:
        z: [patches, dim]; clips: [patches]; result: [clips, dim] and [clips].
    """
    n_clips = int(clips.max()) + 1
    sums = z.new_zeros(n_clips, z.shape[1]).index_add_(0, clips, normalize(z, dim=1))
    return sums / torch.bincount(clips)[:, None], torch.arange(n_clips, device=z.device)


def _evenly(values: np.ndarray, n: int) -> np.ndarray:
    """Return n of some values, evenly spaced, or all if there are no more.

    >>> _evenly(np.arange(10), 1), _evenly(np.arange(10), 3)
    (array([5]), array([1, 5, 8]))
    """
    if len(values) <= n:
        return values
    return values[((np.arange(n) + 0.5) * len(values) / n).astype(int)]


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
    store: Store,
    starts_by_clip: list[np.ndarray],
    patch_frames: int,
    project: Callable[[Tensor], Tensor],
    device: Device,
) -> tuple[Tensor, Tensor]:
    """Return z [patches, dim] of patches of all clips, and the clip of each [patches]."""
    frames = _frames_on(store, torch.device(device))
    starts = torch.from_numpy(np.concatenate(starts_by_clip))
    n_patches = torch.tensor([len(clip_starts) for clip_starts in starts_by_clip])
    clips = torch.repeat_interleave(torch.arange(len(frames)), n_patches)
    z = []
    for rows in torch.arange(len(clips)).split(BATCH_SIZE):
        patches = frames.cut(clips[rows], starts[rows], patch_frames)
        z.append(project(patches.to(device).float()).float())
    return torch.cat(z), clips.to(device)
