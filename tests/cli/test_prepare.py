"""The command prepare."""

from soundalike.cli import DONE
from soundalike.datasets.store import open_store


def test_the_last_line_says_how_much_is_in_the_store(results_of, sound_folder, tmp_path):
    store = tmp_path / "store"
    results, last = results_of("prepare", sound_folder, "--out", store, "--workers", 1)
    assert (results["n_clips"], results["n_problems"]) == (24, 0)
    assert results["store"] == str(store)
    assert last == f"24 clips, 45 s in {store}"


def test_the_front_end_is_that_of_the_recipe(call, refusal, sound_folder, tmp_path):
    out = tmp_path / "store"
    assert call("prepare", sound_folder, "--out", out, "--front_end.n_mels=64") == DONE
    assert open_store(out).front_end.n_mels == 64
    assert "n_mels is 64 there and 96 here" in refusal("prepare", sound_folder, "--out", out)


def test_wrong_use(refusal, sound_folder, tmp_path):
    assert "required: --out" in refusal("prepare", "x")
    words = ["prepare", sound_folder, "--out", tmp_path / "new", "--frames"]
    assert "'birds': expected an address such as s3://bucket/birds" in refusal(*words, "birds")
    assert "expected an address such as s3://bucket/birds" in refusal(*words, "gs://bucket/birds")
    assert not (tmp_path / "new").exists()
    (tmp_path / "thesis.doc").touch()
    assert "name a new folder" in refusal("prepare", sound_folder, "--out", tmp_path)
