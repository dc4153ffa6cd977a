"""NT-Xent, forward and backward, against the cross-entropy over all similarities.

Each size and implementation runs in its own process, because the measure is the peak memory of a
process. The gradient is compared with that of the cross-entropy in float64.
"""

import json
import resource
import sys
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from measure import Row, fastest, in_a_process, table
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.nt_xent import NTXent
from soundalike.runtime.freed_memory import keep_freed_memory

DIM, TEMPERATURE = 512, 0.2
BATCHES = {128: 30, 1024: 5, 8192: 1}  # and how often to run it
EXACT_BATCHES = 1024  # in float64 the reference at 8192 needs more memory than a laptop has


def cross_entropy_form(z_a: Tensor, z_b: Tensor, batch: Batch) -> Tensor:
    """Return the loss as one cross-entropy, whose gradient autograd computes."""
    z = F.normalize(torch.cat([z_a, z_b]), dim=1)
    similarity = (z @ z.T / TEMPERATURE).fill_diagonal_(-torch.inf)
    other_view = torch.arange(len(z)).roll(len(z_a))
    return F.cross_entropy(similarity, other_view)


def pairs(batch: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Return two views per clip that are somewhat similar, of unit length."""
    generator = torch.Generator().manual_seed(0)
    z_a = F.normalize(torch.randn(batch, DIM, generator=generator), dim=1)
    z_b = F.normalize(z_a + 0.05 * torch.randn(batch, DIM, generator=generator), dim=1)
    return z_a.to(dtype).requires_grad_(), z_b.to(dtype).requires_grad_()


def gradient(loss: Tensor, z_a: Tensor) -> Tensor:
    return torch.autograd.grad(loss, z_a)[0].double()


def measure(name: str, batch: int) -> dict[str, float]:
    """Return seconds, MB beyond the embeddings, and the gradient's error relative to float64's."""
    keep_freed_memory()
    loss = {"ours": NTXent(TEMPERATURE), "reference": cross_entropy_form}[name]
    z_a, z_b = pairs(batch)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (seconds,) = fastest(
        lambda: torch.autograd.grad(loss(z_a, z_b, Batch()), z_a), n_runs=BATCHES[batch]
    )
    extra_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    error = float("nan")
    if batch <= EXACT_BATCHES:
        exact_a, exact_b = pairs(batch, torch.float64)
        exact = gradient(cross_entropy_form(exact_a, exact_b, Batch()), exact_a)
        off = (gradient(loss(z_a, z_b, Batch()), z_a) - exact).abs().max()
        error = (off / exact.abs().max()).item()
    return {"seconds": seconds, "extra_mb": extra_mb, "error": error}


def rows() -> Iterator[Row]:
    """Yield time and memory of every batch size."""
    for batch in BATCHES:
        ours, reference = (in_a_process(__file__, name, batch) for name in ("ours", "reference"))
        what, form = f"NT-Xent, batch {batch:,}, {DIM} dims", "cross-entropy of all similarities"
        off = (
            ""
            if batch > EXACT_BATCHES
            else f"{ours['error']:.0e} of the largest gradient (float64)"
        )
        times = (1000 * figures["seconds"] for figures in (ours, reference))
        yield Row(what, next(times), "ms", next(times), form, difference=off)
        yield Row(what, ours["extra_mb"], "MB extra", reference["extra_mb"], form)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
    else:
        print(table(rows()))
