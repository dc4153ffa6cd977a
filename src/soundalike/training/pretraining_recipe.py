"""The sections of a pre-training recipe."""

from soundalike.losses import LOSSES
from soundalike.models import ENCODERS
from soundalike.optim import OPTIMIZERS, SCHEDULES
from soundalike.recipes.sections import Arguments, Choice, RecipeKind
from soundalike.views import AUGMENTATIONS

VIEWS = Arguments(
    "soundalike.views.pair:PairOfViews",
    supplied=frozenset({"n_bands", "mean", "std"}),
    parts={"mix_back": "soundalike.views.mix_back:MixBack", **AUGMENTATIONS},
)

PRETRAINING = RecipeKind(
    "pretraining",
    {
        "front_end": Arguments("soundalike.audio.log_mel:LogMel"),
        "views": VIEWS,
        "encoder": Choice(ENCODERS, supplied=frozenset({"n_bands"})),
        "head": Arguments("soundalike.models.heads:ProjectionHead", supplied=frozenset({"in_dim"})),
        "loss": Choice(LOSSES),
        "optimizer": Choice(OPTIMIZERS, supplied=frozenset({"params"})),
        "schedule": Choice(SCHEDULES),
        "training": Arguments("soundalike.training.contrastive:TrainingSettings"),
        "monitor": Arguments("soundalike.training.knn_monitor:KNNMonitor"),
        "embedding": Arguments("soundalike.embedding.settings:EmbeddingSettings"),
    },
)
