"""The sections of a supervised recipe."""

from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.training.pretraining_recipe import PRETRAINING


def test_a_supervised_recipe_shares_all_but_the_loss_with_pretraining():
    assert SUPERVISED.sections["loss"].table is CLASSIFICATION_LOSSES
    for section in ("encoder", "optimizer", "schedule"):
        assert SUPERVISED.sections[section] == PRETRAINING.sections[section]
