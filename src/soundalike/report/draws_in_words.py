"""Describe the draws of any augmentation in words."""

from collections.abc import Iterable

import torch

from soundalike.views.augmentation import Draws


def draws_in_words(draws: Draws) -> str:
    """Describe the draws of one view; seeds are left out.

    A draw named ``first_frame`` is the start of a stretch whose length is the draw ``n_frames``.

    Shape:
        every draw: [] or [n].

    >>> draws = {"first_frame": 3, "n_frames": 96, "factor": 0.81, "reversed": False, "seed": 7}
    >>> draws_in_words({key: torch.tensor(value) for key, value in draws.items()})
    'frames 3-98, factor 0.81, not reversed'
    """
    lengths = {key: f"n_{key.removeprefix('first_')}s" for key in draws if key.startswith("first_")}
    phrases = []
    for key, value in draws.items():
        if key == "seed" or key in lengths.values():
            continue
        if lengths.get(key) in draws:
            phrases.append(_stretches(key.removeprefix("first_"), value, draws[lengths[key]]))
        elif value.dtype == torch.bool:
            phrases.append(_join(f"{'' if item else 'not '}{key}" for item in _items(value)))
        else:
            numbers = (f"{n:.3g}" if isinstance(n, float) else f"{n}" for n in _items(value))
            phrases.append(f"{key.replace('_', ' ')} {_join(numbers)}")
    return ", ".join(phrases)


def _stretches(unit: str, starts: torch.Tensor, lengths: torch.Tensor) -> str:
    pairs = zip(_items(starts), _items(lengths), strict=True)
    return f"{unit}s {_join(f'{start}-{start + n - 1}' for start, n in pairs if n)}"


def _items(value: torch.Tensor) -> list[float]:
    return value.flatten().tolist()


def _join(words: Iterable[str]) -> str:
    return " and ".join(words) or "none"
