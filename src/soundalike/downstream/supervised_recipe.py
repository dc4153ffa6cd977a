"""The sections of a recipe for fine-tuning, and for training from scratch with labels."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.models import ENCODERS
from soundalike.optim import OPTIMIZERS, SCHEDULES
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.sections import Arguments, Choice, Recipe, RecipeKind

if TYPE_CHECKING:
    from soundalike.datasets.labels import Labels
    from soundalike.embedding.sound_encoder import SoundEncoder

SUPERVISED = RecipeKind(
    "supervised",
    {
        "encoder": Choice(ENCODERS, supplied=frozenset({"n_bands"})),
        "loss": Choice(CLASSIFICATION_LOSSES),
        "optimizer": Choice(OPTIMIZERS, supplied=frozenset({"params"})),
        "schedule": Choice(SCHEDULES),
        "training": Arguments("soundalike.downstream.supervised:SupervisedSettings"),
    },
)


def recipe_for(model: "SoundEncoder", recipe: Recipe, seed: int) -> Recipe:
    """Return a recipe with what the model determines: encoder and windows; and with a seed.

    Args:
        model: the model that is trained, or that a training from scratch is compared with.
        recipe: resolved, of the kind `SUPERVISED`.
        seed: random seed of the training.
    """
    windows = {"patch_frames": model.patch_frames, "align_last_window": model.windows.align_last}
    training = recipe["training"] | windows | {"seed": seed}
    return recipe | {"encoder": model.encoder_settings, "training": training}


def loss_for_labels(loss: Mapping[str, Any], labels: "Labels") -> dict[str, Any]:
    """Return the section `loss`, with the binary cross entropy if clips have several labels.

    Raises:
        RecipeError: the loss is for the other kind of labels.
    """
    name = loss["name"]
    if labels.is_multi_label and name not in ("cross_entropy", "binary_cross_entropy"):
        raise RecipeError(
            f"loss.name is {name}, which is for one label per clip, and these clips have several: "
            "use binary_cross_entropy."
        )
    if not labels.is_multi_label and name == "binary_cross_entropy":
        raise RecipeError("loss.name is binary_cross_entropy, and these clips have one label each.")
    return {"name": "binary_cross_entropy"} if labels.is_multi_label else dict(loss)
