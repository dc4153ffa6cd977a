"""What the names of folders say about the sounds in them: split, fold and label."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from soundalike.datasets.clips import SourceError
from soundalike.datasets.labels import classes_of
from soundalike.datasets.split_names import splits_of
from soundalike.runtime.counts import counted

_FOLD = re.compile(r"fold(?:[ _-]|(?=\d))(\w+)", re.IGNORECASE)  # and not "folder"


@dataclass(frozen=True)
class _FirstLevel:
    """What the first level of folders means: the split or fold of each; otherwise labels."""

    splits: dict[str, str]
    folds: dict[str, str]
    notes: list[str]


LabelDepth = int | Literal["deepest"]
"""Which level of folders is the label: the first is 1; "deepest" is the folder of the sound."""


def rows_of_sounds(
    root: Path, sounds: Sequence[Path], label_depth: LabelDepth | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Return path, label, split and fold of each sound below a folder, and what was assumed.

    Args:
        root: the folder.
        sounds: files below it.
        label_depth: which level of folders is the label, those of splits and folds not counted; by
            default the first. A sound that lies less deep has no label.

    Raises:
        SourceError: no sound lies that deep.
    """
    levels = [list(sound.relative_to(root).parts[:-1]) for sound in sounds]
    if _are_splits([names[1:2] for names in levels]):  # dog/train, dog/test, cat/train, ...
        levels = [[names[1], names[0], *names[2:]] for names in levels]
    first = _meaning_of({names[0]: None for names in levels if names})
    rows, n_levels = [], 0
    for sound, names in zip(sounds, levels, strict=True):
        split = fold = ""
        if names and names[0] in first.splits:
            split = first.splits[names.pop(0)]
        elif names and names[0] in first.folds:
            fold = first.folds[names.pop(0)]
        rows.append((str(sound), _label(names, label_depth or 1), split, fold))
        n_levels = max(n_levels, len(names))
    if label_depth not in (None, "deepest") and n_levels < int(label_depth or 1):
        raise SourceError(
            f"{root}: no sound lies {counted(int(label_depth or 1), 'folder')} deep, only "
            f"{n_levels}: choose a smaller --label_depth, or deepest."
        )
    table = pd.DataFrame(rows, columns=["path", "label", "split", "fold"])
    several = [label for label in table["label"].unique() if len(classes_of(label)) > 1]
    notes = [
        f"the folder '{label}' names {counted(len(classes_of(label)), 'class')}"
        for label in several
    ]
    return table, first.notes + _depth_notes(n_levels, label_depth) + notes


def _label(names: list[str], label_depth: LabelDepth) -> str:
    """Return the label of a sound from the folders that it is in."""
    if label_depth == "deepest":
        return names[-1] if names else ""
    return names[label_depth - 1] if len(names) >= label_depth else ""


def _depth_notes(n_levels: int, label_depth: LabelDepth | None) -> list[str]:
    if label_depth == "deepest":
        return ["label from the deepest folder of each sound"]
    if label_depth is not None:
        return [f"label from level {label_depth} of the folders"]
    if n_levels > 1:
        return [f"label from the first of {n_levels} levels of folders (see --label_depth)"]
    return []


def _meaning_of(names: dict[str, None]) -> _FirstLevel:
    """Tell splits, folds and labels apart.

    A single folder train among others is a class: there are trains in ESC-50.
    """
    splits = splits_of(names)
    if len(set(splits.values())) > 1 or len(splits) == len(names) > 0:
        return _FirstLevel(splits, {}, [f"splits from folders {_in_words(splits)}"])
    notes = [f"the folder '{name}' is a class, since no other is a split" for name in splits]
    matches = {name: match[1] for name in names if (match := _FOLD.fullmatch(name))}
    if len(matches) == len(names) > 1:
        return _FirstLevel({}, matches, [f"folds from folders {', '.join(matches)}"])
    return _FirstLevel({}, {}, notes)


def _are_splits(names: list[list[str]]) -> bool:
    """Tell whether every sound is in a folder of a split, and there are several splits."""
    splits = splits_of({name for of_sound in names for name in of_sound})
    is_split = all(of_sound and of_sound[0] in splits for of_sound in names)
    return is_split and len(set(splits.values())) > 1


def _in_words(splits: dict[str, str]) -> str:
    return ", ".join(
        name if name.casefold() == split else f"{name} ({split})" for name, split in splits.items()
    )
