"""Find a model on disk by the name that the user gives it; imports nothing heavy."""

import itertools
from pathlib import Path

from soundalike.audio.suffixes import AUDIO_SUFFIXES
from soundalike.pretrained import SHIPPED_MODELS

CONFIG, WEIGHTS = "config.json", ".safetensors"
ENCODER, CLASSIFIER = "encoder", "classifier"
TRAINING_AUDIO = "training_audio.txt"  # in every run folder of a pre-training


class ModelError(Exception):
    """A model cannot be loaded: one plain line that says what to do."""

    exit_code = 2


def is_shipped(model: str | Path) -> bool:
    """Return whether this is the name of a model that comes with soundalike; a `Path` is not."""
    return isinstance(model, str) and model in SHIPPED_MODELS


def run_of(model: str | Path) -> Path | None:
    """Return the folder of the run that a model is from; None for a shipped model.

    Args:
        model: the name of a shipped model, a run folder, or a model folder: that in a run belongs
            to the run. Of any other nothing is known, and it is returned as it is.
    """
    if is_shipped(model):
        return None
    path = Path(model)
    is_in_run = path.name == ENCODER and (path.parent / TRAINING_AUDIO).exists()
    return path.parent if is_in_run else path


def find_model(model: str | Path) -> Path:
    """Return the folder with the files of a model.

    Args:
        model: the name of a shipped model, a key of `SHIPPED_MODELS`; a run folder; or a folder
            that `SoundEncoder.save` wrote.

    Raises:
        ModelError: there is no model, or the name is also that of a folder with a model.
    """
    folders = [Path(model) / ENCODER, Path(model)]
    folders = [folder for folder in folders if (folder / CONFIG).is_file()]
    if is_shipped(model) and folders:
        raise ModelError(
            f"{model}: both a model that comes with soundalike and a folder here: write "
            f"./{model} for the folder; for the other one, rename the folder."
        )
    folders += [SHIPPED_MODELS[str(model)]] if is_shipped(model) else []
    if not folders:
        raise ModelError(
            f"{model}: no model there: name a run folder of `soundalike pretrain`, a folder "
            f"with {CONFIG} and its weights, or a model that comes with soundalike: "
            f"{', '.join(SHIPPED_MODELS)}.{_about_sounds(Path(model))}"
        )
    return folders[0]


def _about_sounds(folder: Path) -> str:
    """Return a hint if this is a folder of sounds, or a sound."""
    paths = [folder] if folder.is_file() else itertools.islice(folder.rglob("*"), 1000)
    if any(path.suffix.lower() in AUDIO_SUFFIXES for path in paths):
        return " These are sounds: the model comes first, and then the sounds."
    return ""


def find_classifier(model: str | Path) -> Path:
    """Return the folder that `SoundClassifier.save` wrote: this one, or the only one inside it.

    Raises:
        ModelError: there is no classifier, or there are several.
    """
    model = run_of(model) or Path(model)
    pattern = f"{CLASSIFIER}/{CONFIG}"
    folders = [model] if (model / pattern).is_file() else []
    for depth in ("*", "*/*", "evaluation/*/*"):
        folders = folders or sorted(p.parent.parent for p in model.glob(f"{depth}/{pattern}"))
    if not folders:
        raise ModelError(
            f"{model}: no classifier there: train one on your labels with `soundalike evaluate "
            "MODEL SOURCE`."
        )
    if len(folders) > 1:
        names = ", ".join(map(str, folders))
        raise ModelError(f"{model}: several classifiers there; name one of {names}.")
    return folders[0]
