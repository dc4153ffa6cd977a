"""The same seed gives the same results on the same machine, however many processes work."""

from pathlib import Path

import pandas as pd
import pytest

from soundalike.cli import DONE

TINY = [
    "--recipe", "tiny", "--encoder.width", "4", "--head.hidden_dim", "16", "--head.out_dim", "16",
    "--training.n_epochs", "3", "--training.batch_size", "10", "--training.precision", "32-true",
]  # fmt: skip


@pytest.fixture(scope="module")
def results(nursery, sound_folder, tmp_path_factory):
    """Return a function that trains and evaluates with a number of processes, and what it makes."""

    def work(n_workers: int) -> dict[str, object]:
        out = tmp_path_factory.mktemp("results")
        store, run, evaluation = out / "store", out / "run", out / "evaluation"
        for words in (
            ["prepare", sound_folder, "--out", store, "--recipe", "tiny", "--workers", n_workers],
            ["pretrain", store, "--out", run, *TINY],
            ["evaluate", run, store, "--out", evaluation],
        ):
            process = nursery.run("-m", "soundalike", *words)
            assert process.returncode == DONE, process.stderr
        return {
            "store": contents(store),
            "metrics": pd.read_csv(run / "metrics.csv").drop(columns="seconds").to_csv(),
            "weights": contents(run / "encoder"),
            "predictions": (evaluation / "predictions.csv").read_bytes(),
        }

    return work


@pytest.fixture(scope="module")
def results_of_one_process(results):
    """What one process makes."""
    return results(1)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder, by its path in it."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.mark.parametrize(
    "n_workers",
    [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)],
)
def test_results_do_not_depend_on_the_number_of_workers(n_workers, results, results_of_one_process):
    assert results_of_one_process["metrics"].count("\n") > 3
    for name, result in results(n_workers).items():
        assert result == results_of_one_process[name], name
