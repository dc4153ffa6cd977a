"""Is a training without labels well? Numbers that need no label, and what to make of them."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

MEASURES = (
    "effective_rank", "alignment", "uniformity", "positives", "negatives", "top1_retrieval",
)  # fmt: skip

# Where a number becomes suspicious. Each lies between what trainings that went well and trainings
# that were spoiled on purpose came to, on some thousand recorded sounds.
FIRST_STEPS = 50  # before, the warm-up and the statistics of batch norms are still under way
LEAST_GAP = 0.15  # positives - negatives: an untrained network has up to 0.1, a trained one 0.4
ALIKE = 0.95  # negatives of a collapsed network; a trained one's are below 0.5
LOW_RANK = 0.1  # of the highest rank there could be; trained networks had 0.15 to 0.6 of it
LOW_POSITIVES = 0.5  # trained networks had 0.7 to 0.9; with too strong views 0.48, and falling
TOO_EASY = 0.95  # pairs found, and their similarity, in the first epochs; others found half at most
EARLY_EPOCHS = 10
NOTABLE = 0.02  # a gain below this share is none
CLEARLY_BEFORE = 0.8  # of the epochs; a later stopping point saves little

History = Sequence[Mapping[str, float]]


def health(h_a: Tensor, h_b: Tensor, z_a: Tensor, z_b: Tensor) -> dict[str, float]:
    """Return all measures of two views of the same clips, by the names in `MEASURES`.

    The effective rank is that of the embeddings h, which are what is kept; the others are of the
    projections z, which the loss sees. All are NaN where an embedding or projection is no number.

    Args:
        h_a: embeddings of the first view of each clip.
        h_b: of the second one.
        z_a: projections of the first view of each clip; their length does not matter.
        z_b: of the second one.

    Shape:
        h_a, h_b: [clips, dim]; z_a, z_b: [clips, out_dim]; at least two clips.
    """
    if not all(part.isfinite().all() for part in (h_a, h_b, z_a, z_b)):
        return dict.fromkeys(MEASURES, float("nan"))
    positives, negatives = similarities(z_a, z_b)
    return {
        "effective_rank": effective_rank(torch.cat([h_a, h_b])),
        "alignment": alignment(z_a, z_b),
        "uniformity": (uniformity(z_a) + uniformity(z_b)) / 2,
        "positives": positives,
        "negatives": negatives,
        "top1_retrieval": top1_retrieval(z_a, z_b),
    }


def effective_rank(h: Tensor) -> float:
    """Over how many directions embeddings spread (Roy and Vetterli 2007).

    It is exp of the entropy of the singular values' shares of their sum, of centered embeddings:
    k where they spread evenly over k directions, and less where unevenly. It is at most dim, and at
    most one less than there are embeddings; 1 where all are the same.

    Shape:
        h: [embeddings, dim].

    >>> round(effective_rank(torch.eye(4)), 6)  # the corners of a tetrahedron
    3.0
    """
    h = h.double()
    centered = h - h.mean(dim=0)
    tall = h.shape[0] > h.shape[1]
    gram = centered.T @ centered if tall else centered @ centered.T
    values = torch.linalg.eigvalsh(gram).clamp(min=0).sqrt()
    # What float32 cannot tell from a constant embedding is noise, and noise spreads evenly.
    values[values <= torch.finfo(torch.float32).eps * h.norm()] = 0
    if not values.any():
        return 1.0
    return float(torch.special.entr(values / values.sum()).sum().exp())


def alignment(z_a: Tensor, z_b: Tensor) -> float:
    """Mean squared distance of the two views on the unit sphere (Wang and Isola 2020, alpha 2).

    From 0, where they coincide, to 4.

    Shape:
        z_a, z_b: [clips, dim].
    """
    z_a, z_b = _unit(z_a), _unit(z_b)
    return float((z_a - z_b).square().sum(dim=1).mean())


def uniformity(z: Tensor) -> float:
    """Logarithm of the mean of exp(-2 d^2) over pairs on the unit sphere (Wang and Isola 2020).

    From 0, where all coincide, to about -4, where they spread over the sphere evenly.

    Shape:
        z: [clips, dim], at least two clips.
    """
    return float(torch.pdist(_unit(z)).square().mul(-2).exp().mean().log())


def similarities(z_a: Tensor, z_b: Tensor) -> tuple[float, float]:
    """Mean cosine of the positives and of the negatives.

    A positive is the two views of one clip; a negative, two views of different clips.

    Shape:
        z_a, z_b: [clips, dim], at least two clips.

    >>> similarities(torch.eye(2), torch.eye(2))
    (1.0, 0.0)
    """
    z = torch.stack([_unit(z_a), _unit(z_b)])
    n_clips = z.shape[1]
    positives = (z[0] * z[1]).sum()
    # A sum over all pairs is the square of a sum; from it, pairs within a clip are taken off.
    of_clips = z.sum(dim=0)
    negatives = of_clips.sum(dim=0).square().sum() - of_clips.square().sum()
    return float(positives / n_clips), float(negatives / (4 * n_clips * (n_clips - 1)))


def top1_retrieval(z_a: Tensor, z_b: Tensor) -> float:
    """Share of the views whose nearest of all others is the other view of the same clip.

    It is how well the task of contrastive learning is solved, whatever the loss.

    Shape:
        z_a, z_b: [clips, dim].
    """
    z = torch.cat([_unit(z_a), _unit(z_b)])
    similarity = (z @ z.T).fill_diagonal_(-torch.inf)
    other_view = torch.arange(len(z), device=z.device).roll(len(z_a))
    return float((similarity.argmax(dim=1) == other_view).double().mean())


def alarms(history: History, highest_rank: float) -> dict[str, str]:
    """Say what is wrong: for each kind of trouble what is seen, what it means and what to try.

    Trouble is what the last two looks agree on, once the training is under way; that views are too
    easy shows at the start.

    Args:
        history: measures of every look so far, with `step` and `epoch`.
        highest_rank: the most that the effective rank could be.
    """
    recent = _under_way(history)[-2:]
    early = [look for look in history if look["epoch"] <= EARLY_EPOCHS][:2]
    found = {}
    if len(early) == 2 and all(_is_too_easy(look) for look in early):
        found["shortcut"] = (
            f"by epoch {early[-1]['epoch']:.0f}, {early[-1]['top1_retrieval']:.0%} of views found "
            "the other view of their clip: that is too easy, perhaps by a mark of the recording, "
            "and little is learned from it; try random patches, mix_back, stronger augmentations"
        )
    if len(recent) < 2:
        return found
    last = recent[-1]
    gap = max(look["positives"] - look["negatives"] for look in recent)
    rank = max(look["effective_rank"] for look in recent)
    highest_yet = max(look["effective_rank"] for look in history)
    alike = f"{last['positives']:.2f} alike, different clips {last['negatives']:.2f}"
    is_low = rank < LOW_RANK * highest_rank
    same = is_low or min(look["negatives"] for look in recent) > ALIKE
    if rank < 2 or (gap < LEAST_GAP and same):
        found["collapse"] = (
            f"the network makes the same of all sounds (one clip's views {alike}; effective rank "
            f"{last['effective_rank']:.1f}); try a lower optimizer.lr, gentler views, or a loss "
            "that pushes clips apart, such as nt_xent"
        )
    elif gap < LEAST_GAP:
        found["nothing learned"] = (
            f"after {last['step']:,.0f} steps, one clip's views are {alike}, which is hardly more "
            "than at the start; try gentler views, another optimizer.lr, more epochs"
        )
    elif max(look["positives"] for look in recent) < LOW_POSITIVES:
        found["views too far apart"] = (
            f"one clip's views are only {alike}: they have too little in common; try a lower "
            "views.mix_back.alpha, larger crops, less noise"
        )
    if "collapse" not in found and is_low and rank < highest_yet / 2:
        found["dimensional collapse"] = (
            f"the embeddings spread over {last['effective_rank']:.0f} of {highest_rank:.0f} "
            f"directions, and did over {highest_yet:.0f}: differences between sounds are being "
            "lost; try gentler views, a head with a hidden layer, or a loss that keeps dimensions "
            "apart, such as vicreg"
        )
    return found


def verdict(history: History, highest_rank: float) -> str:
    """Return the kinds of trouble there are, "nothing suspicious" or "too early to tell".

    Args:
        history: as for `alarms`.
        highest_rank: as for `alarms`.
    """
    if kinds := alarms(history, highest_rank):
        return ", ".join(kinds)
    return "nothing suspicious" if len(_under_way(history)) >= 2 else "too early to tell"


def stopping_point(history: History) -> int | None:
    """Epoch from which more training brought next to nothing, or None.

    It is the first look from which on neither the effective rank nor the gap between positives and
    negatives was ever exceeded by more than 2 % later. None where that is not clearly before the
    end, or where nothing was learned. A sign from a training's own numbers, not a promise: what
    labels would say is not in them.

    Args:
        history: measures of every look, with `epoch`.

    >>> looks = [{"epoch": e, "effective_rank": 30, "positives": p, "negatives": 0}
    ...          for e, p in zip(range(1, 7), [0.3, 0.6, 0.79, 0.8, 0.8, 0.8])]
    >>> stopping_point(looks)
    3
    """
    if not history:
        return None
    rank = np.array([look["effective_rank"] for look in history])
    gap = np.array([look["positives"] - look["negatives"] for look in history])
    settled = max(_settled(rank), _settled(gap))
    epoch, last = history[settled]["epoch"], history[-1]["epoch"]
    if gap[-1] < LEAST_GAP or epoch > CLEARLY_BEFORE * last or len(history) - settled < 3:
        return None
    return int(epoch)


def _under_way(history: History) -> History:
    return [look for look in history if look["step"] >= FIRST_STEPS]


def _settled(values: np.ndarray) -> int:
    """Return the first place from which on no value is notably exceeded by a later one."""
    best_from_here = np.maximum.accumulate(values[::-1])[::-1]
    exceeded = np.flatnonzero(best_from_here - values > NOTABLE * np.abs(values))
    return int(exceeded[-1]) + 1 if len(exceeded) else 0


def _is_too_easy(look: Mapping[str, float]) -> bool:
    return min(look["top1_retrieval"], look["positives"]) > TOO_EASY


def _unit(z: Tensor) -> Tensor:
    return normalize(z.double(), dim=1)
