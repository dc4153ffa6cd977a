from soundalike.datasets.synthetic import SIZES
from soundalike.demo import duration
from soundalike.demo.duration import demo_seconds
from soundalike.runtime.limits import n_processors


def test_training_and_what_every_clip_costs_are_counted(monkeypatch):
    """Synthesizing a clip takes two seconds of a clock that advances only then."""
    now = 0.0

    def synthesize(*_):
        nonlocal now
        now += 2

    monkeypatch.setattr(duration, "synthesize_clip", synthesize)
    monkeypatch.setattr(duration.time, "perf_counter", lambda: now)
    monkeypatch.setitem(SIZES, "small", {"train_noisy": 20, "train_clean": 10, "test": 10})
    all_but_training = 40 * 2 / n_processors() * duration.ALL_BUT_TRAINING
    assert demo_seconds("small", 60) == 60 + all_but_training
