"""Batch-norm statistics of an untrained network."""

import torch
from torch import nn

from soundalike.models.calibration import calibrate_batch_norm
from soundalike.models.resnet import ResNet18


def test_running_statistics_are_averages_over_the_batches():
    layer = nn.BatchNorm2d(2, momentum=0.3)
    batches = [torch.randn(16, 2, 5, 5) * 3 + 7 for _ in range(4)]
    calibrate_batch_norm(layer, batches)
    means = torch.stack([batch.mean(dim=(0, 2, 3)) for batch in batches])
    variances = torch.stack([batch.var(dim=(0, 2, 3)) for batch in batches])
    assert torch.allclose(layer.running_mean, means.mean(dim=0), atol=1e-5)
    assert torch.allclose(layer.running_var, variances.mean(dim=0), atol=1e-4)
    assert layer.momentum == 0.3


def test_a_short_batch_counts_for_its_patches_only():
    layer = nn.BatchNorm2d(2, momentum=0.3)
    batches = [torch.randn(n, 2, 5, 5) + n for n in (16, 16, 1)]
    calibrate_batch_norm(layer, batches)
    assert torch.allclose(layer.running_mean, torch.cat(batches).mean(dim=(0, 2, 3)), atol=1e-5)
    variances = torch.stack([len(batch) / 33 * batch.var(dim=(0, 2, 3)) for batch in batches])
    assert torch.allclose(layer.running_var, variances.sum(dim=0), atol=1e-4)


def test_weights_do_not_change_and_the_network_is_in_evaluation_mode():
    torch.manual_seed(0)
    encoder = ResNet18(width=4)
    before = [parameter.clone() for parameter in encoder.parameters()]
    calibrate_batch_norm(encoder, [torch.randn(8, 1, 101, 96) + 5 for _ in range(3)])
    assert not encoder.training
    for parameter, old in zip(encoder.parameters(), before, strict=True):
        assert torch.equal(parameter, old)


def test_a_second_calibration_forgets_the_first():
    layer = nn.BatchNorm2d(1)
    calibrate_batch_norm(layer, [torch.full((4, 1, 2, 2), 100.0)])
    calibrate_batch_norm(layer, [torch.full((4, 1, 2, 2), 1.0)])
    assert layer.running_mean.item() == 1.0
