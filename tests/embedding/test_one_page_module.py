"""Modules whose help is short, and which are modules of torch all the same."""

import copy
import pydoc

import torch
from torch import nn

from soundalike.embedding.one_page_module import OnePageModule
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder


class Doubler(OnePageModule):
    """Doubles."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, x):
        """Double it."""
        return 2 * x


def test_help_has_our_methods_only():
    text = pydoc.plain(pydoc.render_doc(Doubler()))
    assert "Double it." in text
    assert "state_dict" not in text
    for model, method in ((SoundEncoder, "encode(self"), (SoundClassifier, "clip_probabilities")):
        text = pydoc.plain(pydoc.render_doc(model))
        assert method in text
        assert len(text.splitlines()) < 170


def test_editors_complete_the_names_of_torch_too():
    assert {"forward", "layer", "to", "state_dict", "training"} <= set(dir(Doubler()))


def test_it_is_a_module():
    doubler = copy.deepcopy(Doubler()).double()
    assert doubler(torch.ones(1)) == 2
    assert doubler.layer.weight.dtype == torch.float64
    assert len(doubler.state_dict()) == 2
