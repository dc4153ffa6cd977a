"""What is chosen for the machine, and that it can be forced."""

import numpy as np
import torch
from torch import nn

from soundalike.training.hardware import choose_hardware, keep_freed_memory, place_frames


def test_a_precision_can_be_forced():
    assert choose_hardware("32-true").precision == "32-true"
    assert "forced" in choose_hardware("32-true").why
    assert choose_hardware("auto").precision in {"32-true", "bf16-mixed"}


def test_the_layout_does_not_change_the_numbers():
    module = nn.Conv2d(1, 3, 3)
    x = torch.randn(2, 1, 8, 8)
    before = module(x)
    assert torch.allclose(choose_hardware().lay_out(module)(x), before, atol=1e-6)


def test_keeping_memory_leaves_arithmetic_alone():
    keep_freed_memory()
    assert torch.ones(1000, 1000).sum() == 1e6


def test_frames_on_the_cpu_are_those_of_the_memory_map(store):
    placed = place_frames(store.frames, torch.device("cpu"))
    assert placed.data_ptr() == store.frames.ctypes.data
    assert np.array_equal(placed.numpy(), store.frames)
