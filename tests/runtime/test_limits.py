"""Limits of threads and of the device, from options and from the environment."""

import os

import pytest

from soundalike.runtime import limits as room
from soundalike.runtime.limits import (
    DEVICE,
    THREADS,
    LimitError,
    allowed_device,
    allowed_threads,
    limits,
    n_processors,
)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in (THREADS, DEVICE, *room._OF_LIBRARIES):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_without_limits_all_processors_are_used():
    with limits():
        assert (allowed_threads(), allowed_device()) == (None, "auto")
        assert 1 <= n_processors() <= os.cpu_count()
        assert "OMP_NUM_THREADS" not in os.environ


def test_limits_hold_in_the_context_only(environment):
    environment.setenv("OMP_NUM_THREADS", "7")
    before = dict(os.environ)
    with limits(3, "cpu"):
        assert (allowed_threads(), n_processors(), allowed_device()) == (3, 3, "cpu")
        assert os.environ["OMP_NUM_THREADS"] == os.environ["OPENBLAS_NUM_THREADS"] == "3"
    assert dict(os.environ) == before


def test_jobs_set_variables_and_options_replace_them(environment):
    environment.setenv(THREADS, " 2 ")
    environment.setenv(DEVICE, "cpu")
    with limits():
        assert (n_processors(), allowed_device()) == (2, "cpu")
        assert os.environ["OMP_NUM_THREADS"] == "2"
    with limits(5, "cuda"):
        assert (n_processors(), allowed_device()) == (5, "cuda")


@pytest.mark.parametrize(
    ("name", "value"), [(THREADS, "0"), (THREADS, "two"), (THREADS, "-1"), (DEVICE, "tpu")]
)
def test_a_wrong_value_is_refused(name, value, environment):
    environment.setenv(name, value)
    with pytest.raises(LimitError, match=f"{name}={value}: set it to"), limits():
        pass
    assert os.environ[name] == value
