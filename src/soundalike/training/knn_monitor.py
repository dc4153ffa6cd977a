"""The kNN monitor: does training bring sounds of one class together? (Fonseca et al. 2021)."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from soundalike.audio.windows import Windows
from soundalike.datasets.labels import classes_of
from soundalike.datasets.store import Store
from soundalike.evaluation.knn import default_k, knn_scores
from soundalike.evaluation.metrics import score
from soundalike.runtime.hardware import has_fast_bf16

PATCHES_AT_ONCE = 256
Device = torch.device | str


class KNNMonitor:
    """Leave-one-clip-out nearest neighbors within a set of labeled clips, on z.

    Args:
        k: neighbors a patch asks; the paper's is 200. By default as many as an average class has
            patches, and at most 200, which suits small sets too.
        every_n_epochs: how often to look; the last epoch is always looked at.
        max_clips: larger sets are thinned out evenly to this many clips.
    """

    def __init__(
        self, k: int | None = None, every_n_epochs: int = 1, max_clips: int = 2000
    ) -> None:
        if min(k or 1, every_n_epochs, max_clips) < 1:
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
            patch_frames: length of a patch; patches begin half a patch apart.
            project: from log_mel patches ``[batch, frames, bands]`` to z ``[batch, dim]``.
            device: where `project` takes its patches.
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
        )
        return score(labels.values, scores.cpu().numpy())


def monitored_clips(store: Store, heard: Store) -> tuple[Store | None, bool]:
    """Choose the clips that the monitor looks at.

    The labeled clips of the split validation if they will do, otherwise the labeled ones among
    the training clips; they will do when two classes have at least two clips. The first kind may
    choose the best epoch; training clips may not, since their labels are not for pre-training.

    Args:
        store: all clips.
        heard: those that are trained on.

    Returns:
        The clips, or None, and whether they may choose the best epoch.
    """
    validation = store.select(np.flatnonzero(store.clips.rows["split"] == "validation"))
    for candidates, may_choose in ((validation, True), (heard, False)):
        labeled = candidates.select(np.flatnonzero(candidates.clips.rows["label"] != ""))
        labels = labeled.clips.rows["label"]
        n_clips: Counter[str] = Counter()
        for label, n in labels.value_counts().items():
            n_clips.update(dict.fromkeys(classes_of(label), n))
        if sum(n >= 2 for n in n_clips.values()) >= 2:
            return labeled, may_choose
    return None, False


@torch.inference_mode()
def _project_patches(
    store: Store, patch_frames: int, project: Callable[[Tensor], Tensor], device: Device
) -> tuple[Tensor, Tensor]:
    """Return z [patches, dim] of every patch of every clip, and its clip [patches]."""
    windows = Windows.half_overlapping(patch_frames)
    starts_by_clip = [windows.starts(int(n)) for n in store.n_frames]
    clips = np.repeat(np.arange(len(starts_by_clip)), [len(starts) for starts in starts_by_clip])
    starts = np.concatenate(starts_by_clip)
    z = []
    for begin in range(0, len(starts), PATCHES_AT_ONCE):
        batch = slice(begin, begin + PATCHES_AT_ONCE)
        within = starts[batch, None] + np.arange(patch_frames)
        # A clip that is shorter than a patch is repeated.
        within %= store.n_frames[clips[batch], None]
        rows = store.offsets[clips[batch], None] + within
        z.append(project(torch.from_numpy(store.frames[rows]).to(device).float()).float())
    return torch.cat(z), torch.from_numpy(clips).to(device)
