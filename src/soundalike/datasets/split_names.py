"""The usual names of splits, in folders and in tables."""

from collections.abc import Iterable

_USUAL_NAMES = {
    "train": ("train", "training", "tr"),
    "validation": ("validation", "valid", "val", "dev", "devel", "development"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_SPLIT_OF = {name: split for split, names in _USUAL_NAMES.items() for name in names}


def splits_of(names: Iterable[str]) -> dict[str, str]:
    """Return which split each of some names means; names that mean none are left out.

    Where dev and eval are the only ones, as in DCASE, dev is what models are trained on.

    >>> splits_of(["Train", "val", "dog"])
    {'Train': 'train', 'val': 'validation'}
    >>> splits_of(["dev", "eval"])
    {'dev': 'train', 'eval': 'test'}
    """
    splits = {name: _SPLIT_OF[_plain(name)] for name in names if _plain(name) in _SPLIT_OF}
    is_dev = {name: _plain(name).startswith("dev") for name in splits}
    others = {split for name, split in splits.items() if not is_dev[name]}
    if others == {"test"}:
        splits |= {name: "train" for name in splits if is_dev[name]}
    return splits


def _plain(name: str) -> str:
    return name.strip().casefold()
