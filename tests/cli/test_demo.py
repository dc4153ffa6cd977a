"""The command demo; the demo itself is tested in tests/demo."""

from soundalike.demo import run
from soundalike.demo.run import DemoResult


def test_the_last_line_names_the_report(results_of, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "run_demo", lambda out: DemoResult(0.3, 0.4, 0.5, 0.6, [], 1.5))
    results, last = results_of("demo", "--out", tmp_path / "demo")
    assert (results["knn"], results["seconds"]) == (0.6, 1.5)
    assert last == f"open {tmp_path / 'demo' / 'report.html'}"
