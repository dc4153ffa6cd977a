"""The command demo; the demo itself is tested in tests/demo."""

from soundalike.demo import run
from soundalike.demo.run import DemoResult
from soundalike.demo.wrong_labels import SuspiciousClip, WrongLabels

SUSPICIOUS = SuspiciousClip("7.wav", "Rain", "Wind", "siren (none of the classes)", 0.98, True)
LABELS = WrongLabels("about 9 of 90 labels are wrong (4-14)", 90, 8, [SUSPICIOUS])
RESULT = DemoResult(0.3, 0.4, 0.5, 0.6, [], 1.5, "Your model is good.", LABELS)


def test_the_verdict_is_printed_first(call, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "run_demo", lambda out: RESULT)
    assert call("demo", "--out", tmp_path / "demo") == 0
    assert capsys.readouterr().out.startswith("Your model is good.\nThe most suspicious of 90 ")


def test_suspicious_labels_and_the_truth_are_printed(call, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "run_demo", lambda out: RESULT)
    assert call("demo", "--out", tmp_path / "demo") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  p(wrong) 0.98  7.wav  Rain?  truly siren (none of the classes)" in lines
    assert lines[-2].startswith("1 of the 1 most suspicious labels is truly wrong. By the audit,")
    assert lines[-2].endswith("about 9 of 90 labels are wrong (4-14); the truth is 8.")


def test_the_last_line_names_the_report(results_of, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "run_demo", lambda out: RESULT)
    results, last = results_of("demo", "--out", tmp_path / "demo")
    assert (results["knn"], results["seconds"]) == (0.6, 1.5)
    assert last == f"open {tmp_path / 'demo' / 'report.html'}"
