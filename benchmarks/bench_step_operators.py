"""Every kind of operator of a float32 training step against its roof on this processor.

The roof of convolutions and products is the rate of one large float32 product; that of operators
that only read and write tensors is the rate of a copy between arrays that no cache holds. Both are
measured in the same process, on the same threads. Bytes count every tensor of an operator once, so
an operator that has to read a tensor twice, as batch norm does, stays below its roof, and one whose
tensors are in the cache is above it. The step is one of `pretrain` on 2 x 128 views. With one
thread, processor time is counted instead of time, so other programs matter less:

    OMP_NUM_THREADS=1 python benchmarks/run.py step_operators
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import torch
from bench_training_step import BATCH, PRODUCT, recipe_of, store_of, training_of
from measure import Row, in_a_process, table
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten
from torch.utils.flop_counter import flop_registry

ENCODERS = {"resnet18": "ResNet-18", "vgg": "VGG", "crnn": "CRNN", "band_cnn": "BandCNN"}
N_STEPS = 3  # timed, after one that is not
N_RUNS = 5  # of the product and the copy
COPY = 1 << 26  # float32 numbers
WITH_PRODUCTS = {
    "convolutions, forward": {"convolution", "mkldnn_convolution"},
    "convolutions, backward": {"convolution_backward"},
    "matrix products": {"mm", "addmm", "bmm"},
}
OF_MEMORY = {
    "batch norm, forward": {"native_batch_norm", "_native_batch_norm_legit"},
    "batch norm, backward": {"native_batch_norm_backward"},
    "ReLU": {"relu", "relu_", "clamp_min", "threshold_backward"},
    "pooling, forward": {"max_pool2d_with_indices"},
    "pooling, backward": {"max_pool2d_with_indices_backward"},
    "sums of maps": {"add", "add_"},
    "optimizer": {"_fused_adamw_"},
}
OTHERS = "all else"
GROUP_OF = {name: group for group, names in (WITH_PRODUCTS | OF_MEMORY).items() for name in names}


def clock() -> float:
    """Return seconds; those of the processor if there is one thread."""
    return time.thread_time() if torch.get_num_threads() == 1 else time.perf_counter()


def least_seconds(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest of several runs."""
    best = float("inf")
    for _ in range(N_RUNS):
        start = clock()
        work()
        best = min(best, clock() - start)
    return best


class Operators(TorchDispatchMode):
    """Adds up the seconds, the floating point operations and the bytes of groups of operators.

    Attributes:
        seconds, n_operations, n_bytes: by the name of the group.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds: dict[str, float] = defaultdict(float)
        self.n_operations: dict[str, float] = defaultdict(float)
        self.n_bytes: dict[str, float] = defaultdict(float)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        """Run an operator and count it."""
        kwargs = kwargs or {}
        start = clock()
        out = func(*args, **kwargs)
        seconds = clock() - start
        group = GROUP_OF.get(func.overloadpacket.__name__, OTHERS)
        self.seconds[group] += seconds
        if count := flop_registry.get(func.overloadpacket):
            self.n_operations[group] += count(*args, **kwargs, out_val=out)
        tensors = {
            tensor.data_ptr(): tensor.nbytes
            for tensor in tree_flatten((args, kwargs, out))[0]
            if isinstance(tensor, torch.Tensor)
        }
        self.n_bytes[group] += sum(tensors.values())
        return out


def measure(encoder: str) -> dict[str, Any]:
    """Return the seconds, GFLOP/s and GB/s of every group of operators, and the two roofs."""
    recipe = recipe_of(encoder, n_epochs=N_STEPS + 1, precision="32-true")
    training = training_of(store_of(BATCH), recipe)
    training.step(0).item()
    with Operators() as operators:
        start = clock()
        for step in range(1, N_STEPS + 1):
            training.step(step).item()
        seconds = clock() - start
    a, b = torch.randn(2, PRODUCT, PRODUCT)
    source, target = torch.randn(2, COPY)
    product_s = least_seconds(lambda: a @ b)
    copy_s = least_seconds(lambda: target.copy_(source))
    groups = dict(operators.seconds)
    groups[OTHERS] += seconds - sum(groups.values())
    return {
        "seconds": seconds / N_STEPS,
        "share": {group: of_group / seconds for group, of_group in groups.items()},
        "gflop_per_s": {
            group: operators.n_operations[group] / groups[group] / 1e9 for group in groups
        },
        "gb_per_s": {group: operators.n_bytes[group] / groups[group] / 1e9 for group in groups},
        "step_gflop_per_s": sum(operators.n_operations.values()) / seconds / 1e9,
        "product": 2 * PRODUCT**3 / 1e9 / product_s,
        "copy": 2 * target.nbytes / 1e9 / copy_s,
    }


def rows() -> Iterator[Row]:
    """Yield the steps of every encoder and their operators, the largest share first."""
    for encoder, name in ENCODERS.items():
        results = in_a_process(__file__, encoder)
        yield Row(
            f"{name}, a step of {1000 * results['seconds']:,.0f} ms",
            results["step_gflop_per_s"],
            "GFLOP/s",
            results["product"],
            "a product",
            times=False,
        )
        for group in sorted(results["share"], key=results["share"].__getitem__, reverse=True):
            what = f"{name}, {results['share'][group]:.1%}: {group}"
            if group in WITH_PRODUCTS:
                rate = results["gflop_per_s"][group]
                yield Row(what, rate, "GFLOP/s", results["product"], "a product", times=False)
            elif group in OF_MEMORY:
                rate = results["gb_per_s"][group]
                yield Row(what, rate, "GB/s", results["copy"], "a copy", times=False)
            else:
                yield Row(what, 1000 * results["seconds"] * results["share"][group], "ms")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        print(table(rows()))
