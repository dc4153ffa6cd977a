"""The sections of a recipe for fine-tuning, and for training from scratch with labels."""

from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.models import ENCODERS
from soundalike.optim import OPTIMIZERS, SCHEDULES
from soundalike.recipes.sections import Arguments, Choice, RecipeKind

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
