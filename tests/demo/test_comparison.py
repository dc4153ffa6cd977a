import numpy as np
import pytest

from soundalike.demo.comparison import compare

LABELS = np.arange(200) % 4


def knowing(n_clips):
    """Predictions that are correct for the first clips and wrong for the others."""
    return np.where(np.arange(200) < n_clips, LABELS, (LABELS + 1) % 4)


@pytest.mark.parametrize(
    ("untrained", "log_mel", "headline"),
    [
        (60, 80, "Pre-training without labels helped."),
        (60, 140, "Pre-training helped against some baselines."),
        (60, 190, "Pre-training helped against some baselines."),
        (190, 140, "Pre-training did not help."),
        (190, 180, "Pre-training did not help."),
        (139, 141, "Too close to call."),
    ],
)
def test_the_headline_compares_pretrained_with_its_baselines(untrained, log_mel, headline):
    baselines = {"untrained encoder": knowing(untrained), "log-mel statistics": knowing(log_mel)}
    assert compare(LABELS, knowing(140), baselines)[0] == headline


def test_sentence_gives_the_difference_and_the_baseline():
    _, sentence = compare(
        LABELS,
        knowing(140),
        {"worse one": knowing(60), "better one": knowing(190), "equal one": knowing(140)},
    )
    assert sentence.startswith("The pretrained encoder reaches 70% balanced accuracy on 200 test")
    assert "40 points above the worse one (33 to 4" in sentence
    assert "25 points below the better one (20 to 3" in sentence
    assert "not clearly different from the equal one (0 to 0 points)" in sentence


def test_models_are_compared_clip_by_clip():
    # Each score alone is uncertain by six points, but the higher is correct wherever the other is.
    ours, theirs = knowing(140), knowing(132)
    headline, _ = compare(LABELS, ours, {"untrained encoder": theirs})
    assert headline == "Pre-training without labels helped."
