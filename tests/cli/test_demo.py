"""The command demo; the demo itself is tested in tests/demo."""

from soundalike.demo import run
from soundalike.demo.run import DemoResult

RESULT = DemoResult(0.3, 0.4, 0.5, 0.6, [], 1.5, "Your model is good.")


def test_the_verdict_is_printed_first(call, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "run_demo", lambda out: RESULT)
    assert call("demo", "--out", tmp_path / "demo") == 0
    assert capsys.readouterr().out.startswith("Your model is good.\nopen ")


def test_the_last_line_names_the_report(results_of, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "run_demo", lambda out: RESULT)
    results, last = results_of("demo", "--out", tmp_path / "demo")
    assert (results["knn"], results["seconds"]) == (0.6, 1.5)
    assert last == f"open {tmp_path / 'demo' / 'report.html'}"
