"""The command paper, on the one experiment that trains no network."""

import pytest


def test_the_last_line_names_the_page(results_of, store, tmp_path):
    words = ["--only", "linear evaluation/log-mel statistics", "--budget", "small"]
    results, last = results_of("paper", store.path, "--out", tmp_path / "out", *words)
    assert (results["n_cells"], results["n_failed"]) == (1, 0)
    assert last == f"open {tmp_path / 'out' / 'report.html'}"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "log-mel statistics" in page
    assert "Too short for conclusions" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--label_noise", "much"], "'much': expected a number from 0 to 1"),
        (["--budget", "smal"], "did you mean 'small'"),
        (["--label_noise", "1"], "--label_noise must be below 1"),
        (["--only", "linear"], "linear: "),
        (["--seeds", "0"], "'0': expected a whole number from 1"),
    ],
)
def test_wrong_use(refusal, words, message):
    assert message in refusal("paper", "x", "--out", "y", *words)
