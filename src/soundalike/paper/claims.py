"""The paper's findings, as data: which rows of its tables score above which.

Fonseca et al., "Unsupervised Contrastive Learning of Sound Event Representations" (ICASSP 2021).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """A row that should score above another, or above the mean of several; each is "table/row"."""

    above: str
    below: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """A finding of the paper.

    Args:
        number: in the list of findings.
        sentence: the finding in words.
        pairs: comparisons that must all hold if the finding is true.
        any_difference: if true, one pair that differs in either direction is enough. The
            intervals are then corrected for the number of pairs (Bonferroni), so that the chance
            of any false difference is at most 5%.
    """

    number: str
    sentence: str
    pairs: tuple[Pair, ...]
    any_difference: bool = False


def _pairs(above: str, *others: str) -> tuple[Pair, ...]:
    return tuple(Pair(above, (other,)) for other in others)


CLAIMS = (
    Claim(
        "1",
        "Two random patches are better than the same patch twice, and than two a fixed distance "
        "apart.",
        _pairs(
            "patch sampling/two at random",
            "patch sampling/same patch",
            "patch sampling/apart, side by side",
            "patch sampling/apart, a patch in between",
        ),
    ),
    Claim(
        "2",
        "Mixing with other clips is better than mixing within the clip, and than no mixing.",
        _pairs("mix-back/other clips, alpha 0.05", "mix-back/within the clip", "mix-back/none"),
    ),
    Claim(
        "3",
        "Simple augmentations help: crop with a little compression and noise; SpecAugment too.",
        (
            *_pairs("augmentation/crop + compression + noise", "augmentation/none"),
            *_pairs("augmentation/SpecAugment alone", "augmentation/none"),
        ),
    ),
    Claim(
        "4a",
        "No single ingredient explains the gain; it takes all of them together.",
        _pairs(
            "composition/all together",
            "composition/random patches only",
            "composition/mix-back only",
            "composition/augmentation only",
            "composition/same patch + all",
        ),
    ),
    Claim(
        "4b",
        "More is not better: a few augmentations are better than all of them.",
        _pairs("augmentation/crop + compression + noise", "augmentation/everything"),
    ),
    Claim(
        "5",
        "The result is sensitive to parameters: to the level of the background, to the "
        "temperature.",
        (
            *_pairs(
                "mix-back/other clips, alpha 0.05",
                "mix-back/other clips, alpha 0.02",
                "mix-back/other clips, alpha 0.1",
                "mix-back/other clips, alpha 0.2",
            ),
            *_pairs(
                "temperature/temperature 0.2",
                "temperature/temperature 0.05",
                "temperature/temperature 0.1",
                "temperature/temperature 0.5",
            ),
        ),
        any_difference=True,
    ),
    Claim(
        "6a",
        "In linear evaluation, ResNet-18 is best, and better than the same network trained on "
        "labels.",
        _pairs(
            "linear evaluation/ResNet-18, pretrained",
            "linear evaluation/VGG, pretrained",
            "linear evaluation/CRNN, pretrained",
            "linear evaluation/ResNet-18, from scratch",
        ),
    ),
    Claim(
        "6b",
        "VGG and CRNN recover, without labels, most of what labels add to the untrained network.",
        tuple(
            Pair(
                f"linear evaluation/{name}, pretrained",
                (f"linear evaluation/{name}, untrained", f"linear evaluation/{name}, from scratch"),
            )
            for name in ("VGG", "CRNN")
        ),
    ),
    Claim(
        "7a",
        "Every network is better fine-tuned after pre-training than trained from scratch.",
        tuple(
            pair
            for task in ("fine-tuning noisy", "fine-tuning clean")
            for name in ("ResNet-18", "VGG", "CRNN")
            for pair in _pairs(f"{task}/{name}, pretrained", f"{task}/{name}, from scratch")
        ),
    ),
    Claim(
        "7b",
        "ResNet-18 is the worst network from scratch, and the best one pretrained.",
        tuple(
            pair
            for task in ("fine-tuning noisy", "fine-tuning clean")
            for name in ("VGG", "CRNN")
            for pair in (
                *_pairs(f"{task}/{name}, from scratch", f"{task}/ResNet-18, from scratch"),
                *_pairs(f"{task}/ResNet-18, pretrained", f"{task}/{name}, pretrained"),
            )
        ),
    ),
)
