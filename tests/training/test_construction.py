"""Building a pre-training from a recipe: shared encoders, batches, labels, errors."""

import copy
import dataclasses

import numpy as np
import pytest
import torch

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import ClipTable
from soundalike.losses.byol import MomentumNetwork
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.recipe import read_recipe, recipe_names
from soundalike.recipes.sections import resolve_recipe
from soundalike.runtime.hardware import choose_hardware
from soundalike.training.construction import build_pretraining, check_recipe
from soundalike.training.pretraining_recipe import PRETRAINING


def build(store, recipe, **changes):
    recipe = resolve_recipe(recipe | changes, PRETRAINING)
    return build_pretraining(store, recipe, choose_hardware("32-true"))


def with_labels(store, labels):
    return dataclasses.replace(store, clips=ClipTable("x", store.clips.rows.assign(label=labels)))


def test_training_and_model_share_the_encoder(store, tiny_recipe):
    parts = build(store, tiny_recipe)
    assert parts.model.encoder is parts.projector.encoder
    assert parts.training.module.module is parts.projector
    assert parts.training.labels is None


def test_copies_of_a_clip_do_not_share_a_batch(store, tiny_recipe):
    twice = store.select(np.repeat(np.arange(10), 2))
    training = build(twice, tiny_recipe).training
    for number in range(6):
        clips = training.draws_of(number)["patches"]["clip"][:, 0]
        assert len({int(training.frames.offsets[clip]) for clip in clips}) == len(clips) == 10


def test_a_loss_with_a_target_network_trains_its_own_network(store, tiny_recipe):
    parts = build(store, tiny_recipe, loss={"name": "byol", "hidden_dim": 8})
    network = parts.training.module.module
    assert isinstance(network, MomentumNetwork)
    assert network.projector is parts.projector
    optimized = {id(p) for group in parts.training.optimizer.param_groups for p in group["params"]}
    assert optimized == {id(p) for p in network.parameters() if p.requires_grad}


def test_a_loss_that_needs_labels_gets_them(store, tiny_recipe):
    training = build(store, tiny_recipe, loss={"name": "sup_con"}).training
    assert training.labels.tolist() == store.clips.labels().values.tolist()
    with pytest.raises(ValueError, match="sup_con needs labels, but no clip has one"):
        build(with_labels(store, ""), tiny_recipe, loss={"name": "sup_con"})
    with pytest.raises(ValueError, match="sup_con needs one label per clip"):
        build(with_labels(store, "a;b"), tiny_recipe, loss={"name": "sup_con"})


def test_long_clips_are_divided_into_segments_of_the_same_sound(store, tiny_recipe):
    settings = tiny_recipe["training"] | {"segment_s": 2.05}
    training = build(store, tiny_recipe, training=settings).training
    n_segments = -(-torch.from_numpy(store.n_frames) // 205)
    assert len(training.frames) == n_segments.sum() > len(store.clips)
    assert len(np.unique(training.sound_ids)) == len(store.clips)
    with pytest.raises(ValueError, match="at least as long as two patches"):
        build(store, tiny_recipe, training=settings | {"segment_s": 1.5})


UNUSABLE = [
    ({"encoder": {"name": "crnn"}, "front_end.n_mels": 64},
     "encoder.name crnn does not fit front_end.n_mels 64 and views.patch_frames 101: CRNN needs"),
    ({"encoder": {"name": "vgg"}, "views.patch_frames": 7}, "views.patch_frames of at least 8"),
    ({"training.segment_s": 1.5}, "at least as long as two patches"),
    ({"training.batch_size": 0}, "batch_size"),
    ({"loss.temperature": -1}, "temperature"),
    ({"optimizer.lr": -1}, "learning rate"),
    ({"optimizer": {"name": "adam", "betas": [2, 2]}}, "beta"),
    ({"schedule": {"name": "step", "milestones": [1], "factor": 2}}, "factor from 0 to 1"),
    ({"views.mix_back.alpha": 2}, "alpha"),
    ({"head.hidden_dim": -1}, "hidden_dim"),
    ({"monitor.k": 0}, "monitor: k, every_n_epochs, max_clips and max_patches must be at least 1"),
    ({"embedding.window_s": -1}, "window_s"),
    ({"embedding.intermediate_features": ["layer9"]}, "layer9"),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "message"), UNUSABLE, ids=range(len(UNUSABLE)))
def test_a_recipe_is_refused_without_any_clips(overrides, message):
    recipe = read_recipe("tiny", PRETRAINING, copy.deepcopy(overrides))
    with pytest.raises(RecipeError, match=message) as refusal:
        check_recipe(recipe, LogMel(**recipe["front_end"]))
    assert "\n" not in str(refusal.value)


def test_every_shipped_recipe_passes():
    for name in recipe_names(PRETRAINING):
        recipe = read_recipe(name, PRETRAINING)
        check_recipe(recipe, LogMel(**recipe["front_end"]))
