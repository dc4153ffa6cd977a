"""The run folder: everything that a training writes, and what it needs to resume.

config.yaml        the source and the resolved recipe
metrics.csv        a row for each step; the results of checks in the last row of their epoch
health.html        a page about the health of the pre-training
tensorboard/       the metrics as TensorBoard events
checkpoints/       from which an interrupted run resumes
encoder/           the trained model, of the best epoch if there is a validation set
classifier/        the classifier on top of it, if classes were learned
training_audio.txt hashes of the clips that pre-training used, and those of the model that it began
                   with; `evaluate` looks for test clips in it
store/             the log-mels, if the run prepared them itself
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from soundalike.datasets.identical import HASH
from soundalike.embedding.model_path import ENCODER, TRAINING_AUDIO
from soundalike.recipes.recipe import to_yaml
from soundalike.runtime.atomic import PARTIAL, remove_partial_files, write_text
from soundalike.runtime.lock import locked
from soundalike.runtime.ranks import is_first
from soundalike.training.checkpoints import Checkpoints

CONFIG, CHECKPOINTS = "config.yaml", "checkpoints"


class RunError(Exception):
    """A run folder cannot be used as asked; the message is one plain line with the remedy."""

    exit_code = 2


class RunFolder:
    """The folder of a run, new or existing.

    Args:
        path: the folder.

    Raises:
        RunError: the folder exists and is not a run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._configuration: dict[str, Any] | None = None
        if self.config.exists() or not path.exists():
            return
        # A run that was interrupted before its configuration was written may have these two.
        own = {self.store.name, CHECKPOINTS}
        if not path.is_dir() or {n for n in os.listdir(path) if not n.endswith(PARTIAL)} - own:
            raise RunError(f"{path} exists and is not a run: name a new folder.")

    @property
    def config(self) -> Path:
        """The source and the resolved recipe."""
        return self.path / CONFIG

    @property
    def metrics(self) -> Path:
        """A CSV table with a row for each step."""
        return self.path / "metrics.csv"

    @property
    def health_page(self) -> Path:
        """A page about the health of the pre-training."""
        return self.path / "health.html"

    @property
    def tensorboard(self) -> Path:
        """The folder of the TensorBoard events."""
        return self.path / "tensorboard"

    @property
    def checkpoints(self) -> Checkpoints:
        """The checkpoints, from which an interrupted run resumes."""
        return Checkpoints(self.path / CHECKPOINTS)

    @property
    def encoder(self) -> Path:
        """The folder of the trained model."""
        return self.path / ENCODER

    @property
    def training_audio(self) -> Path:
        """The `AudioHash` of each training clip of a pre-training, one per line."""
        return self.path / TRAINING_AUDIO

    @property
    def store(self) -> Path:
        """The folder of the log-mels, if the run prepared them itself."""
        return self.path / "store"

    def configure(self, **config: Any) -> None:
        """Write the configuration of the run, or check that it has not changed.

        Only `minutes` may change: a finished run continues for that long.

        Raises:
            RunError: the run has been trained with another configuration, or the configuration is
                of another program, or damaged.
            InUseError: another training is using the folder.
        """
        if self.config.exists() and "recipe" not in self.read_config():
            raise RunError(f"{self.config} is not the configuration of a run: name a new folder.")
        self.checkpoints.folder.mkdir(parents=True, exist_ok=True)
        self._configuration = config
        with locked(self.path):
            if self.checkpoints.exist():
                self._refuse_other(config)
                if not config.get("minutes"):
                    return
            write_text(self.config, to_yaml(config))

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the lock of the folder for a training with the configuration of `configure`.

        Raises:
            InUseError: another training is using the folder.
            RunError: another training has configured it since.
        """
        if not is_first():  # the first rank holds the lock for all
            yield
            return
        with locked(self.path):
            if self._configuration is not None:
                self._refuse_other(self._configuration)
            remove_partial_files(self.path)
            yield

    def read_config(self) -> dict[str, Any]:
        """Return the configuration of the run.

        Raises:
            RunError: it is missing or damaged.
        """
        try:
            config = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())
            raise RunError(f"{self.path} is not a run ({reason}).") from None
        if not isinstance(config, dict):
            raise RunError(f"{self.config} is damaged: name a new folder for the run.")
        return config

    def _refuse_other(self, config: dict[str, Any]) -> None:
        # The same clips may be given as another source; their fingerprint identifies them.
        own = self.read_config()
        if all(own.get(key) != config.get(key) for key in ("source", "clips")):
            sources = f"{own.get('source')}, not on {config.get('source')}"
            raise RunError(f"{self.path} holds a run on {sources}: name a new folder.")
        may_differ = {key: config[key] for key in ("source", "minutes") if key in config}
        if config.get("minutes"):
            own, config = _without_epochs(own), _without_epochs(config)
        if difference := _difference(own | may_differ, config):
            longer = ", or continue it with --minutes" if "n_epochs" in difference else ""
            raise RunError(
                f"{self.path} holds a run with another configuration ({difference}): name a new "
                f"folder, or delete this one{longer}."
            )


def read_run_config(path: Path) -> dict[str, Any]:
    """Return the configuration of a run, or {} if the folder is not a run (but, say, a model).

    Raises:
        RunError: the configuration is damaged.
    """
    return RunFolder(path).read_config() if (path / CONFIG).exists() else {}


def read_training_audio(run: Path | None) -> np.ndarray:
    """Return the `AudioHash` of the clips that a model has learned; none if they are not known.

    Args:
        run: its run, as `run_of` returns it.

    Shape:
        result: bytes [clips]; silent clips are left out.

    Raises:
        RunError: the file is damaged.
    """
    if run is None:
        return np.array([], dtype=HASH)
    file = run / TRAINING_AUDIO
    try:
        return np.array(file.read_text("ascii").split() if file.exists() else [], dtype=HASH)
    except UnicodeDecodeError:
        raise RunError(
            f"{file} is damaged: copy it again, or delete it; then nothing tells whether test "
            "clips were trained on."
        ) from None


def _without_epochs(config: dict[str, Any]) -> dict[str, Any]:
    recipe = config["recipe"]
    training = recipe.get("training", {}).items()
    epochs = {"training": {key: value for key, value in training if key != "n_epochs"}}
    return config | {"recipe": recipe | epochs}


def _difference(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> str:
    """Describe the first key in which two configurations differ; "" if they are the same."""
    for key in [*new, *(key for key in old if key not in new)]:
        a, b = old.get(key), new.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            if difference := _difference(a, b, f"{prefix}{key}."):
                return difference
        elif a != b:
            return f"{prefix}{key} is {a} there and {b} here"
    return ""
