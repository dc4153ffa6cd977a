"""The sections of a supervised recipe."""

import numpy as np
import pytest

from soundalike.datasets.labels import Labels
from soundalike.downstream.supervised_recipe import SUPERVISED, loss_for_labels, recipe_for
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.recipe import read_recipe
from soundalike.training.pretraining_recipe import PRETRAINING


def test_a_supervised_recipe_shares_all_but_the_loss_with_pretraining():
    assert SUPERVISED.sections["loss"].table is CLASSIFICATION_LOSSES
    for section in ("encoder", "optimizer", "schedule"):
        assert SUPERVISED.sections[section] == PRETRAINING.sections[section]


def test_a_model_determines_encoder_and_windows(run):
    model = SoundEncoder.from_pretrained(run.path)
    recipe = read_recipe("finetune", SUPERVISED)
    resolved = recipe_for(model, recipe, seed=7)
    assert resolved["encoder"] == model.encoder_settings != recipe["encoder"]
    training = resolved["training"]
    assert (training["patch_frames"], training["seed"]) == (model.patch_frames, 7)
    assert training["align_last_window"] == model.windows.align_last
    assert training | recipe["training"] == recipe["training"], "it sets only keys of the recipe"
    assert resolved["optimizer"] == recipe["optimizer"]


def test_several_labels_are_trained_with_binary_cross_entropy():
    several = Labels(np.eye(2, dtype=np.float32), ["a", "b"])
    for name in ("cross_entropy", "binary_cross_entropy"):
        assert loss_for_labels({"name": name}, several) == {"name": "binary_cross_entropy"}
    with pytest.raises(RecipeError, match="sce_or_so, which is for one label per clip"):
        loss_for_labels({"name": "sce_or_so"}, several)


def test_one_label_is_trained_with_any_other_loss():
    single, loss = Labels(np.arange(2), ["a", "b"]), {"name": "lq", "q": 0.5}
    assert loss_for_labels(loss, single) == loss
    with pytest.raises(RecipeError, match="have one label each"):
        loss_for_labels({"name": "binary_cross_entropy"}, single)
