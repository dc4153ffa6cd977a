"""Draws of augmentations in words."""

import re
from pkgutil import resolve_name

import pytest
import torch

from soundalike.report.draws_in_words import draws_in_words
from soundalike.views import AUGMENTATIONS


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_augmentation_has_a_description(name):
    generator = torch.Generator().manual_seed(0)
    draws = resolve_name(AUGMENTATIONS[name])().draw(4, 101, 96, generator)
    descriptions = [
        draws_in_words({key: value[view] for key, value in draws.items()}) for view in range(4)
    ]
    assert all(re.fullmatch(r"[\w., -]+", words) for words in descriptions)
    assert len(set(descriptions)) > 1, "another draw, other words"


def test_draws_are_described_in_words():
    def words(**draws):
        return draws_in_words({key: torch.tensor(value) for key, value in draws.items()})

    assert words(angle=0.12345, n_turns=3, seed=9) == "angle 0.123, n turns 3"
    assert words(first_band=[0, 5], n_bands=[3, 1]) == "bands 0-2 and 5-5"
    assert words(first_band=[0, 5], n_bands=[0, 0]) == "bands none"
    assert words(first_band=[2, 5], n_bands=[0, 2]) == "bands 5-6"
    assert words(warp_from=[], reversed=True) == "warp from none, reversed"
