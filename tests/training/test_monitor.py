"""When a monitor is due."""

from soundalike.training.monitor import Monitor


def test_a_monitor_is_due_every_n_epochs_and_at_the_end():
    monitor = Monitor(["score"], lambda: {"score": 1.0}, every_n_epochs=4)
    assert [step for step in range(1, 22) if monitor.is_due(step, 2, 21)] == [8, 16, 21]


def test_by_default_there_are_no_alarms():
    assert Monitor(["score"], lambda: {"score": 1.0}).alarms([{"score": 0.0}]) == {}


def test_checks_take_a_share_of_the_time():
    monitor = Monitor(["score"], lambda: {"score": 1.0}, every_n_epochs=4, check_steps=6)
    assert monitor.share_of_steps(steps_per_epoch=3) == 0.5
