"""Batch normalization over ranks, against torch's over the whole batch."""

import torch
from ranked import on_ranks
from torch import nn

from soundalike.runtime.ranks import own_share
from soundalike.training.synchronized_batch_norm import synchronize_batch_norms

IMAGES = torch.randn(6, 3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def network(momentum):
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(2, momentum=momentum)
    layers = nn.Sequential(nn.BatchNorm2d(3, momentum=momentum), nn.Flatten(), nn.Linear(60, 2))
    return nn.Sequential(layers, norm).double()


def normalize(n, momentum):
    """Output, gradients and running statistics of a training step on the share of n images."""
    module = network(momentum)
    synchronize_batch_norms(module)
    images = (5 * IMAGES[:n] + 2)[own_share(n)].clone().requires_grad_()
    output = module(images)
    (output**3).sum().backward()
    buffers = [buffer.tolist() for buffer in module.buffers()]
    gradients = [parameter.grad.tolist() for parameter in module.parameters()]
    module.eval()
    assert module(images).shape == output.shape
    return output.tolist(), images.grad.tolist(), gradients, buffers


def test_equals_batch_normalization_of_the_whole_batch():
    for n, momentum in [(6, 0.1), (5, None), (2, 0.1)]:
        whole_output, whole_images, whole_gradients, whole_buffers = normalize(n, momentum)
        results = on_ranks(3, normalize, n, momentum)
        outputs = [row for output, *_ in results for row in output]
        images = [image for _, of_images, *_ in results for image in of_images]
        torch.testing.assert_close(torch.tensor(outputs), torch.tensor(whole_output))
        torch.testing.assert_close(torch.tensor(images), torch.tensor(whole_images))
        for number, whole in enumerate(whole_gradients):
            total = sum(torch.tensor(gradients[number]) for _, _, gradients, _ in results)
            torch.testing.assert_close(total, torch.tensor(whole), atol=1e-4, rtol=1e-5)
        for *_, buffers in results:
            for ours, whole in zip(buffers, whole_buffers, strict=True):
                torch.testing.assert_close(torch.tensor(ours), torch.tensor(whole))


def test_alone_nothing_is_replaced():
    module = network(0.1)
    synchronize_batch_norms(module)
    assert {type(layer) for layer in module.modules()} >= {nn.BatchNorm1d, nn.BatchNorm2d}
