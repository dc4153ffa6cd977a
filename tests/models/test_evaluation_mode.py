"""Temporary evaluation mode, in one thread or several."""

import pytest
from torch import nn

from soundalike.models.evaluation_mode import evaluation_mode


def modes(module):
    return [layer.training for layer in module.modules()]


@pytest.fixture
def module():
    """A network in training, one of whose layers is frozen."""
    module = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1), nn.Dropout())
    module[1].eval()
    return module


def test_every_layer_gets_its_own_mode_back(module):
    before = modes(module)
    with evaluation_mode(module):
        assert not any(modes(module))
    assert modes(module) == before == [True, True, False, True]


def test_modes_are_restored_after_an_error(module):
    before = modes(module)
    with pytest.raises(KeyError), evaluation_mode(module):
        raise KeyError
    assert modes(module) == before


@pytest.mark.parametrize("other", [lambda module: module, nn.Sequential])
def test_the_last_context_to_exit_restores_the_modes(module, other):
    """Also of another module with the same layers, as the encoder of two models."""
    before = modes(module)
    first, second = evaluation_mode(module), evaluation_mode(other(module))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not any(modes(module))
    second.__exit__(None, None, None)
    assert modes(module) == before


def test_modules_are_independent(module):
    other = nn.Dropout()
    with evaluation_mode(module):
        assert other.training
        with evaluation_mode(other):
            assert not other.training
        assert other.training
        assert not module.training
