"""How many labels are wrong, in one sentence."""

from soundalike.runtime.counts import counted


def verdict(n_wrong: float, interval: tuple[float, float], n_labels: int, noun: str) -> str:
    """Return how many labels are wrong, in one sentence.

    Args:
        n_wrong: estimated number of wrong labels.
        interval: of the number.
        n_labels: number of labels.
        noun: what they are, such as "label".

    >>> verdict(38.4, (29.2, 47.4), 400, "label")
    'about 38 of 400 labels are wrong (29-47)'
    >>> verdict(0.2, (0.0, 2.8), 1200, "label")
    'hardly any of 1,200 labels is wrong (0-3)'
    """
    low, high = (round(end) for end in interval)
    span = f"({low:,}-{high:,})"
    if round(n_wrong) == 0:
        return f"hardly any of {counted(n_labels, noun)} is wrong {span}"
    are = "is" if round(n_wrong) == 1 else "are"
    return f"about {round(n_wrong):,} of {counted(n_labels, noun)} {are} wrong {span}"
