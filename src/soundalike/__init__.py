"""soundalike learns what sounds alike without labels, and puts the learned model to work.

    sound file --audio--> log-mel store --views--> two views --models--> h --> z --losses--> loss

    >>> import soundalike as sa
    >>> model = sa.SoundEncoder.from_pretrained("runs/mine")        # doctest: +SKIP
    >>> model.similarity(model.encode("a.wav"), model.encode("b.wav"))  # doctest: +SKIP

The verbs are those of the command line; importing this package is cheap, using one is not.
"""

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from soundalike.audio.log_mel import LogMel as LogMel
    from soundalike.datasets.prepare import prepare as prepare
    from soundalike.datasets.scan import scan as scan
    from soundalike.datasets.source import read_source as read_source
    from soundalike.datasets.splits import evaluation_splits as evaluation_splits
    from soundalike.datasets.store import open_store as open_store
    from soundalike.downstream.evaluate import evaluate as evaluate
    from soundalike.downstream.finetuning import fine_tune as fine_tune
    from soundalike.downstream.supervised_recipe import SUPERVISED as SUPERVISED
    from soundalike.embedding.classify import classify as classify
    from soundalike.embedding.embed import embed as embed
    from soundalike.embedding.sound_classifier import SoundClassifier as SoundClassifier
    from soundalike.embedding.sound_encoder import SoundEncoder as SoundEncoder
    from soundalike.recipes.recipe import read_recipe as read_recipe
    from soundalike.search.archive import Archive as Archive
    from soundalike.search.selection import Selection as Selection
    from soundalike.training.pretraining import pretrain as pretrain
    from soundalike.training.pretraining_recipe import PRETRAINING as PRETRAINING

_VERBS = {
    "PRETRAINING": "soundalike.training.pretraining_recipe",
    "SUPERVISED": "soundalike.downstream.supervised_recipe",
    "Archive": "soundalike.search.archive",
    "LogMel": "soundalike.audio.log_mel",
    "Selection": "soundalike.search.selection",
    "SoundClassifier": "soundalike.embedding.sound_classifier",
    "SoundEncoder": "soundalike.embedding.sound_encoder",
    "classify": "soundalike.embedding.classify",
    "embed": "soundalike.embedding.embed",
    "evaluate": "soundalike.downstream.evaluate",
    "evaluation_splits": "soundalike.datasets.splits",
    "fine_tune": "soundalike.downstream.finetuning",
    "open_store": "soundalike.datasets.store",
    "prepare": "soundalike.datasets.prepare",
    "pretrain": "soundalike.training.pretraining",
    "read_recipe": "soundalike.recipes.recipe",
    "read_source": "soundalike.datasets.source",
    "scan": "soundalike.datasets.scan",
}
__all__ = list(_VERBS)


def __getattr__(name: str) -> Any:
    """Import a verb when it is first used."""
    if name not in _VERBS:
        raise AttributeError(f"module 'soundalike' has no attribute '{name}'")
    return resolve_name(f"{_VERBS[name]}:{name}")


def __dir__() -> list[str]:
    return [*globals(), *_VERBS]
