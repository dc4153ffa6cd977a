"""The sections of a pre-training recipe."""

from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.views import AUGMENTATIONS


def test_every_augmentation_is_an_optional_part_of_a_view():
    assert list(PRETRAINING.sections["views"].parts) == ["mix_back", *AUGMENTATIONS]
