"""The command download, without a server."""

from soundalike.datasets import download


def test_the_last_line_says_how_to_use_the_data_set(results_of, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "download", lambda name, root: root / name)
    results, last = results_of("download", "fsdnoisy18k", tmp_path)
    folder = tmp_path / "fsdnoisy18k"
    assert results == {"name": "fsdnoisy18k", "root": str(folder)}
    assert last == f"fsdnoisy18k is in {folder}: use it as fsdnoisy18k:{folder}"


def test_a_wrong_name_is_refused(refusal):
    assert "did you mean 'fsdnoisy18k'" in refusal("download", "fsdnoisy", "x")
