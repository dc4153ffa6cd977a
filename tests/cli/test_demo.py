"""The command demo; the demo itself is tested in its room."""

from soundalike.demo import run


def test_it_ends_with_a_report_to_open(results_of, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "run_demo", lambda out: {"seconds": 1.5, "out": str(out)})
    results, last = results_of("demo", "--out", tmp_path / "demo")
    assert results == {"seconds": 1.5, "out": str(tmp_path / "demo")}
    assert last == f"open {tmp_path / 'demo' / 'report.html'}"
