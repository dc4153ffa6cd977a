"""kNN over the patches of labeled clips, leaving one clip out, against a loop over the patches.

The reference compares one patch at a time with those of all other clips. The float32 matrix product
alone, which any implementation needs, is a second reference. The last rows show that memory does
not grow with the square of the number of patches.
"""

import json
import resource
import sys
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from measure import Row, fastest, in_a_process, table
from torch import Tensor

from soundalike.evaluation.knn import SIMILARITIES_AT_ONCE, knn_scores
from soundalike.runtime.freed_memory import keep_freed_memory
from soundalike.runtime.hardware import has_fast_bf16

DIM, N_CLASSES, PATCHES_PER_CLIP, K = 512, 20, 10, 200
N_PATCHES = 10_000
N_REFERENCES, N_QUERIES = 500_000, 1_000


def labeled_patches(n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return embeddings near the directions of their classes, the clips, and the labels."""
    generator = torch.Generator().manual_seed(0)
    clips = torch.arange(n) // PATCHES_PER_CLIP
    labels = clips % N_CLASSES
    directions = torch.randn(N_CLASSES, DIM, generator=generator)
    z = torch.randn(n, DIM, generator=generator) + 0.3 * directions[labels]
    return F.normalize(z, dim=1), clips, labels


def loop(z: Tensor, clips: Tensor, labels: Tensor) -> Tensor:
    """Return the class of every clip: the majority vote of its patches' votes."""
    votes = torch.zeros(int(clips.max()) + 1, N_CLASSES)
    for patch, clip in zip(z, clips.tolist(), strict=True):
        others = clips != clip
        similarities = z[others] @ patch
        neighbors = labels[others][similarities.topk(K).indices]
        votes[clip, torch.bincount(neighbors, minlength=N_CLASSES).argmax()] += 1
    return votes.argmax(dim=1)


def product(z: Tensor) -> None:
    """Compute all similarities, in blocks of the size that ours uses."""
    for part in z.split(SIMILARITIES_AT_ONCE // len(z)):
        part @ z.T


def extra_mb(n_references: int) -> float:
    """Return the memory of a thousand queries in this process, beyond the embeddings."""
    z, clips, labels = labeled_patches(n_references)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    knn_scores(z[:N_QUERIES], clips[:N_QUERIES], z, clips, labels, N_CLASSES, K)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def rows() -> Iterator[Row]:
    """Yield the times of all implementations, and the memory of two sizes."""
    keep_freed_memory()
    z, clips, labels = labeled_patches(N_PATCHES)

    def ours() -> Tensor:
        bf16_first = has_fast_bf16(z.device)
        scores = knn_scores(z, clips, z, clips, labels, N_CLASSES, K, bf16_first=bf16_first)
        return scores.argmax(dim=1)

    what = f"kNN, {N_PATCHES:,} patches, {DIM} dims, k {K}"
    differing = int((ours() != loop(z, clips, labels)).sum())
    agreement = f"{differing} of {int(clips.max()) + 1:,} predictions"
    (loop_s,) = fastest(lambda: loop(z, clips, labels), n_runs=1)
    ours_s, product_s = fastest(ours, lambda: product(z), n_runs=5)
    yield Row(what, ours_s, "s", loop_s, "patch by patch", difference=agreement)
    yield Row(what, ours_s, "s", product_s, "the product of matrices alone (aim: over 0.83)")
    for n_references in (N_REFERENCES // 10, N_REFERENCES):
        what = f"kNN, {N_QUERIES:,} patches among {n_references:,}"
        yield Row(what, in_a_process(__file__, n_references)["extra_mb"], "MB extra")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps({"extra_mb": extra_mb(int(sys.argv[1]))}))
    else:
        print(table(rows()))
