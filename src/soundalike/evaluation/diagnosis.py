"""Label-free diagnostics for self-supervised training.

A history is one mapping a check, oldest first: the measures of
`soundalike.evaluation.representation_measures` with the `step` and `epoch` they were taken at.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

# Each threshold lies between the values of successful runs and of runs broken on purpose, measured
# on about a thousand recorded sounds.
WARM_UP_STEPS = 50  # earlier, warm-up and batch-norm statistics still dominate
MIN_GAP = 0.15  # positives - negatives: up to 0.1 for an untrained network, 0.4 for a trained one
COLLAPSED_NEGATIVES = 0.95  # trained networks stay below 0.5
LOW_RANK = 0.1  # of the highest possible rank; trained networks reached 0.15 to 0.6 of it
LOW_POSITIVES = 0.5  # trained networks reached 0.7 to 0.9; with too strong views, 0.48 and falling
TOO_EASY = 0.95  # retrieval and positives in early epochs; other runs retrieved half at most
EARLY_EPOCHS = 10
MIN_GAIN = 0.02  # relative; anything smaller counts as no improvement
LATEST_STOP = 0.8  # of all epochs; stopping later than that saves little
TOO_FEW_CHECKS = "too few checks to tell"

Check = Mapping[str, float]
History = Sequence[Check]


def alarms(history: History, highest_rank: float) -> dict[str, str]:
    """Return a message for each problem: what was measured, what it means and what to try.

    A problem must show in the last two checks after the warm-up. The exception is "shortcut", which
    shows in the first epochs.

    Args:
        history: all checks so far.
        highest_rank: the largest effective rank that is possible.

    Returns:
        Messages by kind of problem: "shortcut" and the keys of `ALARMS`.
    """
    messages = {"shortcut": _shortcut(history)}
    recent = _after_warm_up(history)[-2:]
    if len(recent) == 2:
        state = _State.of(history, recent, highest_rank)
        messages |= {kind: alarm(state) for kind, alarm in ALARMS.items()}
    return {kind: message for kind, message in messages.items() if message}


def diagnosis_summary(history: History, highest_rank: float, *, is_finished: bool = False) -> str:
    """Return the kinds of problems, "no problems detected", or that there is too little to tell.

    Args:
        history: all checks so far.
        highest_rank: the largest effective rank that is possible.
        is_finished: If true, there will be no more checks.
    """
    if kinds := alarms(history, highest_rank):
        return ", ".join(kinds)
    if len(_after_warm_up(history)) >= 2:
        return "no problems detected"
    return TOO_FEW_CHECKS if is_finished else "too early to tell"


def too_short(n_steps: int) -> str | None:
    """Return what to do if a finished training ended before its warm-up, or None.

    >>> too_short(4)
    'only 4 steps: far too short to learn anything; continue with --minutes 30'
    """
    if n_steps >= WARM_UP_STEPS:
        return None
    steps = "step" if n_steps == 1 else "steps"
    return f"only {n_steps} {steps}: far too short to learn anything; continue with --minutes 30"


def stopping_point(history: History) -> int | None:
    """Return the epoch after which training brought almost no improvement, or None.

    It is the epoch of the first check after which neither the effective rank nor the gap between
    positives and negatives improved by more than 2%. The result is None if that epoch is not
    clearly before the end, or if nothing was learned. It is a hint: a score on labeled clips may
    still improve later.

    Args:
        history: all checks.

    >>> history = [{"epoch": e, "effective_rank": 30, "positives": p, "negatives": 0}
    ...            for e, p in zip(range(1, 7), [0.3, 0.6, 0.79, 0.8, 0.8, 0.8])]
    >>> stopping_point(history)
    3
    """
    if not history:
        return None
    rank = np.array([check["effective_rank"] for check in history])
    gap = np.array([_gap(check) for check in history])
    settled = max(_first_settled(rank), _first_settled(gap))
    epoch, last_epoch = history[settled]["epoch"], history[-1]["epoch"]
    if gap[-1] < MIN_GAP or epoch > LATEST_STOP * last_epoch or len(history) - settled < 3:
        return None
    return int(epoch)


@dataclass(frozen=True)
class _State:
    """The last two checks; of each measure the more favorable value."""

    last: Check
    gap: float
    rank: float
    positives: float
    negatives: float
    best_rank: float  # of the whole history
    highest_rank: float  # that is possible

    @classmethod
    def of(cls, history: History, recent: History, highest_rank: float) -> "_State":
        return cls(
            last=recent[-1],
            gap=max(_gap(check) for check in recent),
            rank=max(check["effective_rank"] for check in recent),
            positives=max(check["positives"] for check in recent),
            negatives=min(check["negatives"] for check in recent),
            best_rank=max(check["effective_rank"] for check in history),
            highest_rank=highest_rank,
        )

    @property
    def has_low_rank(self) -> bool:
        return self.rank < LOW_RANK * self.highest_rank

    @property
    def has_collapsed(self) -> bool:
        is_constant = self.has_low_rank or self.negatives > COLLAPSED_NEGATIVES
        return self.rank < 2 or (self.gap < MIN_GAP and is_constant)

    @property
    def similarities(self) -> str:
        return (
            f"the two views of a clip have similarity {self.last['positives']:.2f}, different "
            f"clips {self.last['negatives']:.2f}"
        )


def _shortcut(history: History) -> str | None:
    early = [check for check in history if check["epoch"] <= EARLY_EPOCHS][:2]
    if len(early) < 2 or not all(_is_too_easy(check) for check in early):
        return None
    return (
        f"by epoch {early[-1]['epoch']:.0f}, {early[-1]['top1_retrieval']:.0%} of views retrieve "
        "the other view of their clip; the task is too easy, perhaps because of a recording "
        "artifact, and the model learns little from it; try random patches, mix_back or stronger "
        "augmentations"
    )


def _collapse(state: _State) -> str | None:
    if not state.has_collapsed:
        return None
    return (
        f"all sounds have nearly the same embedding ({state.similarities}; the effective rank is "
        f"{state.last['effective_rank']:.1f}); try a lower optimizer.lr, weaker augmentations, or "
        "a loss that separates clips, such as nt_xent"
    )


def _nothing_learned(state: _State) -> str | None:
    if state.has_collapsed or not state.gap < MIN_GAP:
        return None
    return (
        f"at step {state.last['step']:,.0f} {state.similarities}; that is hardly better than "
        "an untrained network; try weaker augmentations, another optimizer.lr or more epochs"
    )


def _views_too_different(state: _State) -> str | None:
    if state.has_collapsed or state.gap < MIN_GAP or not state.positives < LOW_POSITIVES:
        return None
    return (
        f"{state.similarities}; the two views have too little in common; try a lower "
        "views.mix_back.alpha, larger crops or less noise"
    )


def _dimensional_collapse(state: _State) -> str | None:
    has_fallen = state.rank < state.best_rank / 2
    if state.has_collapsed or not (state.has_low_rank and has_fallen):
        return None
    return (
        f"the effective rank of the embeddings fell from {state.best_rank:.0f} to "
        f"{state.last['effective_rank']:.0f}, out of {state.highest_rank:.0f}: the model loses "
        "differences between sounds; try weaker augmentations, a head with a hidden layer, or a "
        "loss that decorrelates dimensions, such as vicreg"
    )


ALARMS: dict[str, Callable[[_State], str | None]] = {
    "collapse": _collapse,
    "nothing learned": _nothing_learned,
    "views too different": _views_too_different,
    "dimensional collapse": _dimensional_collapse,
}


def _after_warm_up(history: History) -> History:
    return [check for check in history if check["step"] >= WARM_UP_STEPS]


def _gap(check: Check) -> float:
    return check["positives"] - check["negatives"]


def _is_too_easy(check: Check) -> bool:
    return min(check["top1_retrieval"], check["positives"]) > TOO_EASY


def _first_settled(values: np.ndarray) -> int:
    """Return the first index from which on no value is exceeded later by over `MIN_GAIN`."""
    best_from_here = np.maximum.accumulate(values[::-1])[::-1]
    exceeded = np.flatnonzero(best_from_here - values > MIN_GAIN * np.abs(values))
    return int(exceeded[-1]) + 1 if len(exceeded) else 0
