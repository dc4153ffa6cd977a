"""The sentence on how many labels pre-training saves, word for word."""

import numpy as np
import pytest

from soundalike.downstream.few_shot_curves import Curves
from soundalike.downstream.label_saving import label_saving

AMOUNTS = [1, 2, 5, 10, 20, None]
N_LABELS = [1, 2, 5, 10, 20, 32]
LINEAR = [0.40, 0.55, 0.71, 0.80, 0.85, 0.90]
SCRATCH = [0.20, 0.30, 0.50, 0.62, 0.71, 0.80]
SPECTRUM = [0.25, 0.35, 0.50, 0.60, 0.68, 0.75]


def curves(amounts=AMOUNTS, n_labels=N_LABELS, reach=0.04, **scores):
    """Curves of which that of the model varies by so much between resamples."""
    table = np.array(list(scores.values()))
    offsets = np.linspace(-reach, reach, 41)[:, np.newaxis, np.newaxis]
    is_model = np.array([name == "linear" for name in scores])[:, np.newaxis]
    return Curves(
        list(scores),
        list(amounts),
        np.array(n_labels, float),
        table,
        table + offsets * is_model,
        n_recordings=100,
    )


def test_pre_training_saves_labels():
    result = label_saving(curves(linear=LINEAR, scratch=SCRATCH, log_mel=SPECTRUM))
    assert result.sentence == (
        "With 5 labels a class your model names 71 of 100 clips right (67-75); the same network "
        "trained from scratch needs about 20 for that, a plain spectrum needs about 24 for that: "
        "pre-training saves about 15 labels a class (10-19); with all 32 labels a class the model "
        "names 90."
    )
    assert (result.outcome, result.closest, result.labels) == ("saves", "scratch", 5)
    assert result.saved == pytest.approx(15)
    assert result.needed["log_mel"] == pytest.approx(20 * 1.6 ** (3 / 7))
    low, high = result.saved_interval
    assert low < 15 < high


def test_a_baseline_that_never_gets_there():
    never = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    result = label_saving(curves(linear=LINEAR, scratch=never), is_shipped=True)
    assert result.sentence == (
        "With 5 labels a class the shipped model names 71 of 100 clips right (67-75); the same "
        "network trained from scratch does not reach that with all 32 labels a class: pre-training "
        "saves more than 27 labels a class; with all of them the model names 90."
    )
    assert (result.saved, result.saved_interval, result.needed) == (
        None, [None, None], {"scratch": None},
    )  # fmt: skip


def test_a_baseline_that_gets_there_in_some_resamples():
    nearly = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7]
    result = label_saving(curves(linear=LINEAR, scratch=nearly))
    assert "saves more than 27 labels a class (at least 25); with" in result.sentence
    nearly[-1] = 0.72
    result = label_saving(curves(linear=LINEAR, scratch=nearly))
    assert "saves about 26 labels a class (24 to more than 27); with" in result.sentence


def test_of_two_that_never_get_there_the_nearer_is_the_closest():
    never = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    result = label_saving(curves(linear=LINEAR, scratch=never - 0.1, log_mel=never))
    assert result.closest == "log_mel"


def test_a_baseline_that_is_as_good_with_fewer_labels():
    result = label_saving(curves(linear=LINEAR, scratch=[0.8, *LINEAR[1:]]))
    assert "needs no more than 1 for that: pre-training saves no labels; with" in result.sentence
    assert (result.outcome, result.saved) == ("saves none", pytest.approx(-4))


def test_a_baseline_that_is_about_as_good():
    result = label_saving(curves(linear=LINEAR, scratch=LINEAR))
    assert (
        "needs about 5 for that: no clear saving of labels by pre-training (-1 to 2 a class)"
        in (result.sentence)
    )
    assert result.outcome == "unclear"


def test_a_small_but_clear_saving_does_not_begin_at_zero():
    scratch = [*LINEAR[:2], 0.708, *LINEAR[3:]]
    result = label_saving(curves(linear=LINEAR, scratch=scratch, reach=0.001))
    assert "pre-training saves less than 1 label a class (0.04-0.1); with" in result.sentence


def test_fine_tuning_is_beside_the_linear_classifier():
    tuned = np.array(LINEAR) + 0.02
    result = label_saving(curves(linear=LINEAR, finetune=tuned, log_mel=SPECTRUM))
    assert "names 71 of 100 clips right (67-75), fine-tuned 73 (73-73); a plain" in result.sentence
    assert list(result.needed) == ["log_mel"]


def test_fine_tuning_alone_stands_for_the_model():
    result = label_saving(curves(finetune=LINEAR, log_mel=SPECTRUM))
    assert result.sentence.startswith("With 5 labels a class your model is fine-tuned and names 71")
    assert result.method == "finetune"


def test_without_baselines_there_is_no_saving():
    result = label_saving(curves(linear=LINEAR), is_balanced=False)
    assert result.sentence == (
        "With 5 labels a class your model names 71 of 100 clips right (67-75), every class "
        "counting the same; with all 32 labels a class the model names 90."
    )
    assert (result.outcome, result.saved, result.needed) == (None, None, {})


def test_one_label_and_classes_of_different_sizes():
    two = curves([1, None], [1, 6.4], linear=[0.4, 0.9], log_mel=[0.2, 0.6])
    assert label_saving(two).sentence == (
        "With 1 label a class your model names 40 of 100 clips right (36-44); a plain spectrum "
        "needs about 3 for that: pre-training saves about 2 labels a class (1-2); with all labels "
        "(about 6 a class) the model names 90."
    )
    one = curves([None], [6.4], linear=[0.9], log_mel=[0.6])
    assert label_saving(one).sentence == (
        "With all labels (about 6 a class) your model names 90 of 100 clips right (86-94); a plain "
        "spectrum does not reach that with all labels (about 6 a class): without pre-training, "
        "that takes more labels than there are."
    )


@pytest.mark.parametrize(
    ("amounts", "usual"),
    [([1, 2, 5, 10], 5), ([1, 10], 10), ([3, 20, None], 3), ([50, None], 50), ([None], None)],
    ids=["5", "10", "3", "50", "all"],
)
def test_the_sentence_is_about_the_usual_number_of_labels(amounts, usual):
    n_labels = [60 if n is None else n for n in amounts]
    result = label_saving(curves(amounts, n_labels, linear=np.linspace(0.4, 0.9, len(amounts))))
    assert result.labels == usual
