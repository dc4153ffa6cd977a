"""The sections of a supervised recipe."""

from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.training.pretraining_recipe import PRETRAINING


def test_it_chooses_a_classification_loss_and_shares_the_rest_with_pre_training():
    assert SUPERVISED.sections["loss"].table is CLASSIFICATION_LOSSES
    for section in ("encoder", "optimizer", "schedule"):
        assert SUPERVISED.sections[section] == PRETRAINING.sections[section]
