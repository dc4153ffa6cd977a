"""Networks as after training, and the shapes inside them."""

import pytest
import torch


@pytest.fixture(scope="session")
def trained_norms():
    """Return a function that sets the batch norms of a network as training would.

    The network is returned in evaluation mode, with statistics and scales other than 0 and 1.
    """

    def set_norms(network):
        torch.manual_seed(0)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 2)
                torch.nn.init.uniform_(module.weight, 0.5, 1.5)
                torch.nn.init.uniform_(module.bias, -0.5, 0.5)
        return network.eval()

    return set_norms


@pytest.fixture(scope="session")
def output_shapes():
    """Return a function that runs an encoder; it returns the output shape of each named block."""

    def shapes_of(encoder, blocks, n_frames=101):
        shapes = {}
        handles = [
            getattr(encoder, name).register_forward_hook(
                lambda _, __, output, name=name: shapes.update({name: tuple(output.shape[1:])})
            )
            for name in blocks
        ]
        assert encoder(torch.zeros(2, 1, n_frames, 96)).shape == (2, encoder.dim)
        for handle in handles:
            handle.remove()
        return shapes

    return shapes_of
