"""Where the time of a training step goes, in ms of all threads: the plain step and ours.

Run: python benchmarks/profile_step.py
"""

import json
import sys
from collections import defaultdict

import torch
from bench_training_step import BATCH, plain_step, projector_of, recipe_of, store_of, training_of
from measure import in_a_process

GROUPS = {
    "convolutions, forward": ["mkldnn_convolution", "_slow_conv2d_forward"],
    "convolutions, backward": ["convolution_backward", "_slow_conv2d_backward"],
    "batch norm": ["native_batch_norm", "native_batch_norm_backward"],
    "ReLU": ["clamp_min", "clamp_min_", "relu", "relu_", "threshold_backward"],
    "pooling": ["max_pool2d_with_indices", "max_pool2d_with_indices_backward"],
    "matrix products": ["mm", "addmm", "addmm_", "bmm", "mkldnn_rnn_layer"],
}
ENCODERS = ["resnet18", "vgg", "crnn"]


def profile(which: str, encoder: str) -> dict[str, float]:
    """Return the ms of each group of operators in one step."""
    if which == "plain":
        step = plain_step(projector_of(recipe_of(encoder)), "cpu")
    else:
        training = training_of(store_of(BATCH), recipe_of(encoder))

        def step() -> float:
            return training.step(0).item()

    step()
    step()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        step()
    group_of = {f"aten::{name}": group for group, names in GROUPS.items() for name in names}
    groups: dict[str, float] = defaultdict(float)
    for event in profiler.key_averages():
        groups[group_of.get(event.key, "all else")] += event.self_cpu_time_total / 1000
    return groups


def main() -> None:
    """Print a Markdown table."""
    columns = [(encoder, which) for encoder in ENCODERS for which in ("plain", "ours")]
    times = [in_a_process(__file__, which, encoder) for encoder, which in columns]
    print("| ms |", " | ".join(f"{encoder}, {which}" for encoder, which in columns), "|")
    print("|---|" + "---:|" * len(columns))
    for group in [*GROUPS, "all else"]:
        print(f"| {group} |", " | ".join(f"{of.get(group, 0):.0f}" for of in times), "|")
    print("| together |", " | ".join(f"{sum(of.values()):.0f}" for of in times), "|")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(profile(*sys.argv[1:])))
    else:
        main()
