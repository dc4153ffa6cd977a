"""The sections of a supervised recipe."""

from soundalike.downstream.supervised_recipe import SUPERVISED, recipe_for
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.losses import CLASSIFICATION_LOSSES
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
