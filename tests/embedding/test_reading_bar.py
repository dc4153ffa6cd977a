"""What the progress bar of reading says."""

import numpy as np
import pytest

from soundalike.embedding.reading_bar import ReadingBar


@pytest.fixture
def lines(capsys, every_update_is_shown):
    def read():
        return [line.partition(" in ")[0] for line in capsys.readouterr().err.splitlines()]

    return read


def test_it_counts_clips(lines):
    bar = ReadingBar("classify", np.ones(3, np.int64))
    for n_done, amount in ((1, 0.0), (1, 0.5), (3, 0)):
        bar.report(n_done, amount)
    bar.close()
    assert lines() == ["classify: 1/3 clips", "classify: 3/3 clips"]


def test_it_counts_hours_of_what_is_done_and_of_the_recording_at_work(lines):
    bar = ReadingBar("classify", np.array([0.5, 24.0]), n_before=12.0, unit="hours of audio")
    bar.report(0, 0.25)
    bar.report(1, 6.0)
    bar.report(1, 99.0)  # a file that is longer than its header says
    bar.report(2)
    bar.close()
    hours = [line.removesuffix("/36.5 hours of audio") for line in lines()]
    assert hours[-3:] == ["classify: 12.2", "classify: 18.5", "classify: 36.5"]
    assert bar.n == 36.5
