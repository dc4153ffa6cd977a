import numpy as np
import pytest
from scipy import stats

from soundalike.evaluation.intervals import (
    binomial_interval,
    bootstrap_interval,
    crossed_interval,
    mean_share_interval,
    t_interval,
)
from soundalike.evaluation.metrics import accuracy, balanced_accuracy, score


def answers(n_clips, share_known, generator, n_classes=4):
    """Labels, and predictions that are right on some clips and random on the others."""
    labels = generator.integers(n_classes, size=n_clips)
    guesses = generator.integers(n_classes, size=n_clips)
    return labels, np.where(generator.random(n_clips) < share_known, labels, guesses)


def test_covers_the_true_value_at_about_its_level():
    generator = np.random.default_rng(0)
    truth = 0.6 + 0.4 / 4
    n_covered = 0
    for trial in range(200):
        labels, predictions = answers(150, 0.6, generator)
        low, high = bootstrap_interval(
            balanced_accuracy, labels, predictions, n_resamples=200, level=0.9, seed=trial
        )
        n_covered += low <= truth <= high
    assert 0.84 <= n_covered / 200 <= 0.95


def test_width_is_that_of_the_normal_approximation():
    is_correct = np.arange(400) < 280
    low, high = bootstrap_interval(np.mean, is_correct)
    expected = 1.96 * np.sqrt(0.7 * 0.3 / 400)
    assert high - 0.7 == pytest.approx(expected, rel=0.15)
    assert 0.7 - low == pytest.approx(expected, rel=0.15)


def test_all_arrays_are_resampled_with_the_same_clips():
    labels, predictions = answers(100, 0.5, np.random.default_rng(1))

    def difference(labels, ours, theirs):
        return accuracy(labels, ours) - accuracy(labels, theirs)

    assert bootstrap_interval(difference, labels, predictions, predictions) == (0, 0)


def test_a_higher_level_gives_a_wider_interval():
    is_correct = np.random.default_rng(2).random(200) < 0.5
    narrow = bootstrap_interval(np.mean, is_correct, level=0.5)
    wide = bootstrap_interval(np.mean, is_correct, level=0.99)
    assert wide[0] < narrow[0] < is_correct.mean() < narrow[1] < wide[1]


def test_is_the_percentile_bootstrap_as_written():
    """For scores [clips, classes] beside labels [clips], resampled together."""
    generator = np.random.default_rng(3)
    labels = np.arange(50) % 4
    scores = np.eye(4)[labels] + generator.normal(size=(50, 4))
    draws = np.random.default_rng(7).integers(50, size=(300, 50))
    resampled = [score(labels[draw], scores[draw]) for draw in draws]
    expected = np.quantile(resampled, [0.05, 0.95])
    interval = bootstrap_interval(score, labels, scores, n_resamples=300, level=0.9, seed=7)
    assert interval == pytest.approx(tuple(expected))


def test_a_single_clip_gives_an_interval_of_one_value():
    assert bootstrap_interval(np.mean, np.array([0.3])) == (0.3, 0.3)


def test_refuses_arrays_of_different_length():
    with pytest.raises(ValueError, match=r"\[2, 3\]"):
        bootstrap_interval(accuracy, np.zeros(2, int), np.zeros(3, int))
    with pytest.raises(ValueError, match="above 0"):
        bootstrap_interval(np.mean, np.zeros(0))


@pytest.mark.parametrize("n_seeds", [2, 3, 10])
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_t_interval_is_that_of_scipy(n_seeds, level):
    values = np.random.default_rng(n_seeds).normal(0.7, 0.02, n_seeds)
    expected = stats.t.interval(level, n_seeds - 1, values.mean(), stats.sem(values))
    assert t_interval(values, level) == pytest.approx(expected)


def test_the_t_interval_of_differences_is_the_paired_t_test():
    generator = np.random.default_rng(0)
    seed_effect = generator.normal(0, 0.1, 5)
    ours, theirs = (seed_effect + generator.normal(mean, 0.01, 5) for mean in (0.72, 0.70))
    expected = stats.ttest_rel(ours, theirs).confidence_interval(0.9)
    assert t_interval(ours - theirs, 0.9) == pytest.approx((expected.low, expected.high))


def test_the_t_interval_of_few_seeds_covers_the_mean_at_its_level():
    trials = np.random.default_rng(1).normal(0.6, 0.05, (2000, 3))
    n_covered = sum(low <= 0.6 <= high for low, high in map(t_interval, trials))
    assert 0.935 <= n_covered / 2000 <= 0.965


def test_one_seed_gives_no_interval():
    assert np.isnan(t_interval([0.7])).all()
    assert np.isnan(t_interval([])).all()
    assert t_interval([0.5, 0.5]) == (0.5, 0.5)


def test_crossed_with_one_seed_is_the_bootstrap_over_clips():
    is_correct = np.random.default_rng(0).random((1, 300)) < 0.7
    low, high = crossed_interval(is_correct)
    expected = bootstrap_interval(np.mean, is_correct[0], n_resamples=10_000)
    assert (low, high) == pytest.approx(expected, abs=0.01)


def test_crossed_covers_the_true_value_at_about_its_level():
    """Clips differ in difficulty, and seeds in quality."""
    generator = np.random.default_rng(1)
    n_covered = 0
    for _ in range(200):
        clips, seeds = generator.normal(0, 0.3, 200), generator.normal(0, 0.05, (8, 1))
        values = clips + seeds + generator.normal(0, 0.3, (8, 200))
        low, high = crossed_interval(values, n_resamples=300, level=0.9)
        n_covered += low <= 0 <= high
    assert 0.82 <= n_covered / 200 <= 0.98


def test_crossed_is_wider_where_seeds_differ():
    same = np.tile(np.arange(400) < 280, (3, 1)).astype(float)
    narrow = crossed_interval(same)
    wide = crossed_interval(same + np.array([[-0.2], [0.0], [0.2]]))
    assert wide[0] < narrow[0] - 0.05
    assert wide[1] > narrow[1] + 0.05


@pytest.mark.parametrize("shape", [(3,), (0, 5), (3, 0)])
def test_crossed_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"\[seeds, clips\]"):
        crossed_interval(np.zeros(shape))


def test_clips_of_one_recording_count_as_one_observation():
    """Eight equal segments a recording: the interval is that of the recordings alone."""
    is_correct = np.random.default_rng(0).random(40) < 0.7
    alone = bootstrap_interval(np.mean, is_correct)
    repeated, recordings = is_correct.repeat(8), np.arange(40)[::-1].repeat(8)
    assert bootstrap_interval(np.mean, repeated, recordings=recordings) == pytest.approx(alone)
    low, high = bootstrap_interval(np.mean, repeated)
    assert high - low < 0.5 * (alone[1] - alone[0])


def test_recordings_of_one_clip_each_change_nothing():
    labels, predictions = answers(60, 0.5, np.random.default_rng(1))
    alone = bootstrap_interval(accuracy, labels, predictions)
    assert bootstrap_interval(accuracy, labels, predictions, recordings=np.arange(60)) == alone
    one = bootstrap_interval(accuracy, labels, predictions, recordings=np.zeros(60, int))
    assert one[0] == one[1] == accuracy(labels, predictions)


@pytest.mark.parametrize(("n_right", "n"), [(0, 1), (0, 7), (7, 7), (3, 11), (180, 200)])
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_binomial_is_the_exact_interval(n_right, n, level):
    expected = stats.binomtest(n_right, n).proportion_ci(level, method="exact")
    assert binomial_interval(n_right, n, level) == pytest.approx(tuple(expected))


def test_binomial_of_nothing_says_nothing():
    assert binomial_interval(0, 0) == (0, 1)


def test_the_interval_of_one_estimate_is_binomial():
    alike = mean_share_interval(np.array([0.2, 0.2]), np.array([0.3, 0.7]), 50)
    assert alike == pytest.approx(binomial_interval(10, 50))
    assert mean_share_interval(np.array([0.2]), np.ones(1), 50) == pytest.approx(alike)
    assert mean_share_interval(np.zeros(2), np.full(2, 0.5), 50) == binomial_interval(0, 50)
    assert mean_share_interval(np.zeros(1), np.ones(1), 0) == (0, 1)


def test_methods_that_disagree_about_a_share_make_its_interval_wider():
    """Each method has an error of its own, of 5 points: the interval covers the true share."""
    rng = np.random.default_rng(0)
    weights = np.array([0.2, 0.3, 0.5])
    n, n_draws, is_inside, was_inside = 400, 400, 0, 0
    for _ in range(n_draws):
        true = rng.binomial(n, 0.3) / n
        shares = true + 0.05 * rng.standard_normal(3)
        low, high = mean_share_interval(shares, weights, n)
        is_inside += low <= true <= high
        narrow = binomial_interval(n * (weights @ shares), n)
        was_inside += narrow[0] <= true <= narrow[1]
        assert high - low >= narrow[1] - narrow[0]
    assert is_inside / n_draws > 0.95 > was_inside / n_draws


def test_a_method_without_weight_does_not_count():
    alone = mean_share_interval(np.array([0.2, 0.9]), np.array([1.0, 0.0]), 50)
    assert alone == pytest.approx(binomial_interval(10, 50))
