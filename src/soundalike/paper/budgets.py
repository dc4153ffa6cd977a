"""How much of the paper a machine does: the same experiments, in full or scaled down."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from soundalike.paper.rows import PaperError, Row
from soundalike.training.recipe import Kind, Recipe, read_recipe

N_LOOKS = 8  # at the validation clips, in a training of a given number of steps


@dataclass(frozen=True)
class Budget:
    """What is changed in every recipe, on top of what a row changes.

    A number of steps, unlike one of epochs, is as much training for a small set as for a large one.

    Args:
        about: what it does, for the reader of the tables.
        pretraining: changes of every pre-training, by dotted key.
        supervised: changes of every training with labels.
        n_pretraining_steps: length of a pre-training, rounded to epochs; by default the recipe's.
        n_supervised_steps: the same of a training with labels.
        widths: of the encoders that are made narrower, by their names in recipes.
        n_linear_epochs: passes over the clips in linear evaluation.
        is_conclusive: whether its numbers may say something about what the paper found.
    """

    about: str
    pretraining: Mapping[str, Any] = field(default_factory=dict)
    supervised: Mapping[str, Any] = field(default_factory=dict)
    n_pretraining_steps: int | None = None
    n_supervised_steps: int | None = None
    widths: Mapping[str, int] = field(default_factory=dict)
    n_linear_epochs: int = 200
    is_conclusive: bool = True

    @property
    def changes(self) -> str:
        """All that it changes, in one line."""
        pretraining = _with_steps(self.pretraining, self.n_pretraining_steps)
        supervised = _with_steps(self.supervised, self.n_supervised_steps)
        parts = {
            "pre-training": pretraining,
            "training with labels": supervised,
            "width": self.widths,
            "linear evaluation": {"epochs": self.n_linear_epochs},
        }
        return "; ".join(
            f"{part}: {', '.join(f'{key} {value}' for key, value in changes.items())}"
            for part, changes in parts.items()
            if changes
        )

    def pretraining_recipe(self, row: Row, seed: int, n_clips: int) -> Recipe:
        """Return the recipe by which a row's encoder is pre-trained on so many clips."""
        changes = {**row.changes, **self.pretraining}
        recipe = self._read(row.recipe, changes, seed, "pretraining")
        if self.n_pretraining_steps is None:
            return recipe
        n_epochs = _n_epochs(self.n_pretraining_steps, n_clips, recipe)
        monitor = recipe["monitor"] | {"every_n_epochs": _every(n_epochs)}
        training = recipe["training"] | {"n_epochs": n_epochs}
        return recipe | {"training": training, "monitor": monitor}

    def supervised_recipe(self, row: Row, seed: int, n_clips: int) -> Recipe:
        """Return the recipe of a row's training with labels on so many clips.

        From scratch it is the row's own, otherwise that of fine-tuning with the row's encoder.
        """
        changes, name = row.changes, row.recipe
        if row.start != "from scratch":
            changes = {key: changes[key] for key in changes if key.startswith("encoder.")}
            name = "finetune"
        recipe = self._read(name, {**changes, **self.supervised}, seed, "supervised")
        if self.n_supervised_steps is None:
            return recipe
        n_epochs = _n_epochs(self.n_supervised_steps, n_clips, recipe)
        lengths = {"n_epochs": n_epochs, "validate_every_n_epochs": _every(n_epochs)}
        return recipe | {"training": recipe["training"] | lengths}

    def _read(self, recipe: str, changes: Mapping[str, Any], seed: int, kind: Kind) -> Recipe:
        read = read_recipe(recipe, {**changes, "training.seed": seed}, kind)
        encoder = read["encoder"]
        return read | {"encoder": encoder | _width(self.widths, encoder["name"])}


def _width(widths: Mapping[str, int], encoder: str) -> dict[str, int]:
    return {"width": widths[encoder]} if encoder in widths else {}


def _n_epochs(n_steps: int, n_clips: int, recipe: Recipe) -> int:
    steps_per_epoch = math.ceil(n_clips / recipe["training"]["batch_size"])
    return max(1, round(n_steps / steps_per_epoch))


def _every(n_epochs: int) -> int:
    return max(1, n_epochs // N_LOOKS)


def _with_steps(changes: Mapping[str, Any], n_steps: int | None) -> dict[str, Any]:
    return {**changes, **({} if n_steps is None else {"steps": n_steps})}


# What gets there in hundreds of steps instead of tens of thousands.
FAST = {
    "optimizer.name": "adamw",
    "optimizer.lr": 1e-3,
    "optimizer.weight_decay": 1e-4,
    "schedule.name": "cosine",
    "training.batch_size": 128,
}
SCALED: dict[str, Any] = {
    "pretraining": {**FAST, "training.merge_views": True, "monitor.k": None},
    "supervised": FAST,
    "widths": {"resnet18": 16, "vgg": 8, "crnn": 32},
}

BUDGETS = {
    "paper": Budget("The paper's recipes as they are."),
    "laptop": Budget(
        "Narrower networks, two to four minutes a training on one core.",
        n_pretraining_steps=500,
        n_supervised_steps=900,
        **SCALED,
    ),
    "small": Budget(
        "Narrower networks, about half a minute a training.",
        n_pretraining_steps=140,
        n_supervised_steps=140,
        n_linear_epochs=60,
        is_conclusive=False,
        **SCALED,
    ),
}


def find_budget(name: str) -> Budget:
    """Return a budget of `BUDGETS`.

    Raises:
        PaperError: there is none of that name.
    """
    if name not in BUDGETS:
        near = difflib.get_close_matches(name, BUDGETS, 1, cutoff=0.0)[0]
        raise PaperError(f"{name}: the budgets are {', '.join(BUDGETS)}: did you mean '{near}'?")
    return BUDGETS[name]
