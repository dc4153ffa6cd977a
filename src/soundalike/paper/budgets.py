"""Budgets: the same experiments in full or scaled down."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.paper.rows import PaperError, Row
from soundalike.recipes.recipe import read_recipe
from soundalike.recipes.sections import Recipe, RecipeKind
from soundalike.runtime.suggestions import did_you_mean
from soundalike.training.pretraining_recipe import PRETRAINING

N_VALIDATIONS = 8  # per training whose length is a number of steps


@dataclass(frozen=True)
class Budget:
    """Changes to every recipe, in addition to those of a row.

    With a number of steps instead of epochs, a small set is trained on for as long as a large one.

    Args:
        about: one sentence for the reader of the tables.
        pretraining: changes to every pre-training, by dotted key.
        supervised: changes to every training with labels.
        share_of_epochs: length of every training, as a share of the recipe's epochs.
        n_pretraining_steps: length of a pre-training in steps instead, rounded to epochs.
        n_supervised_steps: length of a training with labels in steps, rounded to epochs.
        widths: widths of encoders that are made narrower, by their names in recipes.
        n_linear_epochs: passes over the clips in linear evaluation.
        is_conclusive: if true, the results may decide the paper's findings.
    """

    about: str
    pretraining: Mapping[str, Any] = field(default_factory=dict)
    supervised: Mapping[str, Any] = field(default_factory=dict)
    share_of_epochs: float = 1.0
    n_pretraining_steps: int | None = None
    n_supervised_steps: int | None = None
    widths: Mapping[str, int] = field(default_factory=dict)
    n_linear_epochs: int = 200
    is_conclusive: bool = True

    @property
    def changes(self) -> str:
        """All changes in one line."""
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
        """Return the recipe for pre-training a row's encoder on this number of clips."""
        recipe = self._read(row.recipe, {**row.changes, **self.pretraining}, seed, PRETRAINING)
        n_epochs = self._n_epochs(recipe, self.n_pretraining_steps, n_clips)
        recipe = _of_length(recipe, n_epochs)
        if self.n_pretraining_steps is not None:
            recipe["monitor"] |= {"every_n_epochs": max(1, n_epochs // N_VALIDATIONS)}
        return recipe

    def supervised_recipe(self, row: Row, seed: int, n_clips: int) -> Recipe:
        """Return the recipe for a row's training with labels on this number of clips.

        From scratch, it is the row's own; otherwise it is "finetune" with the row's encoder.
        """
        changes, name = row.changes, row.recipe
        if row.start != "from scratch":
            changes = {key: changes[key] for key in changes if key.startswith("encoder.")}
            name = "finetune"
        recipe = self._read(name, {**changes, **self.supervised}, seed, SUPERVISED)
        n_epochs = self._n_epochs(recipe, self.n_supervised_steps, n_clips)
        recipe = _of_length(recipe, n_epochs)
        if self.n_supervised_steps is not None:
            recipe["training"] |= {"validate_every_n_epochs": max(1, n_epochs // N_VALIDATIONS)}
        return recipe

    def _n_epochs(self, recipe: Recipe, n_steps: int | None, n_clips: int) -> int:
        if n_steps is None:
            return max(1, round(self.share_of_epochs * recipe["training"]["n_epochs"]))
        steps_per_epoch = math.ceil(n_clips / recipe["training"]["batch_size"])
        return max(1, round(n_steps / steps_per_epoch))

    def _read(self, recipe: str, changes: Mapping[str, Any], seed: int, kind: RecipeKind) -> Recipe:
        read = read_recipe(recipe, kind, {**changes, "training.seed": seed})
        encoder = read["encoder"]
        return read | {"encoder": encoder | _width(self.widths, encoder["name"])}


def _width(widths: Mapping[str, int], encoder: str) -> dict[str, int]:
    return {"width": widths[encoder]} if encoder in widths else {}


def _of_length(recipe: Recipe, n_epochs: int) -> Recipe:
    """Return a recipe with this number of epochs and a proportionally scaled schedule."""
    factor = n_epochs / recipe["training"]["n_epochs"]
    schedule = dict(recipe["schedule"])
    if "milestones" in schedule:
        schedule["milestones"] = [round(factor * epoch) for epoch in schedule["milestones"]]
    if "n_warmup_epochs" in schedule:
        schedule["n_warmup_epochs"] *= factor
    training = recipe["training"] | {"n_epochs": n_epochs}
    return recipe | {"training": training, "schedule": schedule}


def _with_steps(changes: Mapping[str, Any], n_steps: int | None) -> dict[str, Any]:
    return {**changes, **({} if n_steps is None else {"steps": n_steps})}


# An optimizer that converges in hundreds of steps instead of tens of thousands.
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
        "Narrower networks, two to four minutes per training on one core.",
        n_pretraining_steps=500,
        n_supervised_steps=900,
        **SCALED,
    ),
    "small": Budget(
        "Narrower networks, about half a minute per training.",
        n_pretraining_steps=140,
        n_supervised_steps=140,
        n_linear_epochs=60,
        is_conclusive=False,
        **SCALED,
    ),
}


def find_budget(name: str) -> Budget:
    """Return a budget of `BUDGETS`; for a number, the paper's recipes with that share of epochs.

    Raises:
        PaperError: there is no budget of that name, or the number is not in (0, 1].
    """
    if name in BUDGETS:
        return BUDGETS[name]
    try:
        share = float(name)
    except ValueError:
        hint = did_you_mean(name, BUDGETS)
        raise PaperError(
            f"{name}: the budgets are {', '.join(BUDGETS)}, or a share of the paper's epochs such "
            f"as 0.1{f': {hint}' if hint else '.'}"
        ) from None
    if not 0 < share <= 1:
        raise PaperError(f"{name}: a budget's share of the epochs must be above 0 and at most 1.")
    return Budget(
        f"The paper's recipes with {share:g} of their epochs.",
        share_of_epochs=share,
        n_linear_epochs=max(1, round(200 * share)),
    )
