"""The verdict, word for word."""

import numpy as np

from soundalike.downstream.verdict import verdict
from soundalike.evaluation.score_table import score_table

N_CLASSES = 5
LABELS = np.arange(100) % N_CLASSES
OURS, SPECTRUM, UNTRAINED = "pretrained encoder", "log-mel statistics", "untrained encoder"


def knowing(n_clips, first=0, labels=LABELS):
    """Scores that are right for some clips and wrong for the others."""
    is_known = (np.arange(len(labels)) - first) % len(labels) < n_clips
    return np.eye(N_CLASSES)[np.where(is_known, labels, (labels + 1) % N_CLASSES)]


def verdict_of(ours, spectrum, untrained, labels=LABELS, protocol="linear", **settings):
    scores = {SPECTRUM: spectrum, UNTRAINED: untrained, OURS: ours}
    scores = {(protocol, name): of_name for name, of_name in scores.items() if of_name is not None}
    rows = score_table(labels, scores, list("abcde"), recordings=settings.pop("recordings", None))
    return verdict(rows, len(labels), settings.pop("n_recordings", len(labels)), **settings)


def test_a_win():
    result = verdict_of(knowing(90), knowing(75), knowing(60))
    assert result.sentence == (
        "Your model names 90 of 100 clips right (84-96); a plain spectrum 75, the same network "
        "untrained 60: pre-training helps by 15 (8-23)."
    )
    assert (result.outcome, result.closest, result.n_more_clips) == ("better", SPECTRUM, None)
    assert result.baselines == {SPECTRUM: 0.75, UNTRAINED: 0.6}


def test_a_tie_says_how_many_clips_would_show_a_difference():
    result = verdict_of(knowing(80), knowing(78, first=10), knowing(60))
    assert result.sentence == (
        "Your model names 80 of 100 clips right (72-88); a plain spectrum 78, the same network "
        "untrained 60: no clear difference from a plain spectrum (-7 to 10). About 500 more "
        "labeled clips would be needed to detect a difference of 5 points."
    )


def test_a_loss():
    result = verdict_of(knowing(60), knowing(80), knowing(50), is_shipped=True)
    assert result.sentence == (
        "The shipped model names 60 of 100 clips right (51-70); a plain spectrum 80, the same "
        "network untrained 50: a plain spectrum is better by 20 (12-29)."
    )


def test_one_tiny_class():
    labels = np.append(np.arange(98) % 4, [4, 4])
    result = verdict_of(*(knowing(n, labels=labels) for n in (99, 80, 70)), labels=labels)
    assert result.sentence == (
        "Your model names 90 of 100 clips right (80-100), every class counting the same; a plain "
        "spectrum 65, the same network untrained 57: pre-training helps by 25 (11-39)."
    )


def test_several_labels():
    rng = np.random.default_rng(0)
    labels = (rng.random((80, N_CLASSES)) < 0.4).astype(np.float32)
    scores = [labels + noise * rng.random((80, N_CLASSES)) for noise in (1.2, 2, 3)]
    assert verdict_of(*scores, labels=labels).sentence == (
        "Your model finds the classes of clips with a mean average precision of 0.98 (0.96-0.99); "
        "a plain spectrum 0.83, the same network untrained 0.68: pre-training helps by 0.15 "
        "(0.10-0.20)."
    )
    tie = verdict_of(scores[1], scores[1], scores[2], labels=labels).sentence
    assert tie.endswith(
        ": no clear difference from a plain spectrum (0.00 to 0.00), as they differ on no "
        "recording. These clips are enough to detect a difference of 0.05."
    )


def test_without_baselines():
    sentence = verdict_of(knowing(80), None, None, protocol="finetune").sentence
    assert sentence == "Fine-tuned, your model names 80 of 100 clips right (72-88)."


def test_few_differing_recordings_are_no_proof():
    """Five of five is a coin's luck, whatever the bootstrap says."""
    result = verdict_of(knowing(95), knowing(90), knowing(50))
    assert result.lead_interval[0] > 0
    assert result.sentence == (
        "Your model names 95 of 100 clips right (90-99); a plain spectrum 90, the same network "
        "untrained 50: no clear difference from a plain spectrum (1 to 10), as they differ on "
        "only 5 recordings. About 51 more labeled clips would be needed to detect a "
        "difference of 5 points."
    )


def test_clips_of_one_recording_count_once():
    recordings = np.arange(100) // 25
    result = verdict_of(
        knowing(90), knowing(75), knowing(60), recordings=recordings, n_recordings=4
    )
    assert result.outcome == "unclear"


def test_numbers_add_up():
    """82.5 is 17 above 65.5, but the even 82 is 16 above 66."""
    labels = np.arange(200) % N_CLASSES
    result = verdict_of(*(knowing(n, labels=labels) for n in (165, 131, 100)), labels=labels)
    for words in (
        "names 82.5 of 100 clips",
        "a plain spectrum 65.5",
        "untrained 50.0: pre",
        "by 17.0 (",
    ):
        assert words in result.sentence


def test_equal_answers():
    assert verdict_of(knowing(80), knowing(80), knowing(80), protocol="knn").sentence == (
        "By nearest neighbors, your model names 80 of 100 clips right (72-88); a plain spectrum "
        "80, the same network untrained 80: no clear difference from a plain spectrum (0 to 0), "
        "as they differ on no recording. These clips are enough to detect a difference of 5 points."
    )


def sentence_of(linear, knn):
    """The verdict on a table of two protocols, from the model's and the spectrum's scores."""
    scores = {
        (protocol, name): of_name
        for protocol, pair in (("linear", linear), ("knn", knn))
        for name, of_name in zip((SPECTRUM, OURS), pair, strict=True)
    }
    return verdict(score_table(LABELS, scores, list("abcde")), 100, 100).sentence


def test_another_protocol_that_disagrees_clearly_is_named():
    tie = knowing(78, first=10), knowing(80)
    sentence = sentence_of(tie, (knowing(83), knowing(70)))
    assert "no clear difference from a plain spectrum" in sentence
    assert sentence.endswith(
        ". By nearest neighbors, it is worse than a plain spectrum by 13 points (7-20)."
    )
    sentence = sentence_of((knowing(90), knowing(70)), (knowing(70), knowing(83)))
    assert "a plain spectrum is better by 20" in sentence
    assert ". By nearest neighbors, it is better than a plain spectrum by 13 points" in sentence


def test_another_protocol_that_agrees_or_cannot_tell_is_not_named():
    win, tie = (knowing(70), knowing(90)), (knowing(78, first=10), knowing(80))
    assert "neighbors" not in sentence_of(win, win)
    assert "neighbors" not in sentence_of(win, tie)
