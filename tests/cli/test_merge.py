"""The command merge, and embed --shard."""

import os

import numpy as np
import pytest

from soundalike.cli import DONE
from soundalike.search.archive import Archive


def contents(path):
    table = Archive.open(path).to_pandas().sort_values(["path", "start_s"], ignore_index=True)
    return table.drop(columns=["id", "vector"]), np.stack(table["vector"])


def test_jobs_embed_shards_and_merge_makes_the_archive(
    call, refusal, results_of, run, sound_folder, tmp_path
):
    folder, out = tmp_path / "shards", tmp_path / "archive"
    words = ["embed", run.path, sound_folder, "--precision", 32, "--out", folder, "--shard"]
    assert "no shards there: make them with" in refusal("merge", folder, "--out", out)
    for shard in ("1/3", "3/3"):
        assert call(*words, shard) == DONE
    message = refusal("merge", folder, "--out", out)
    assert (
        f"shards: 2/3 is missing or unfinished: run `soundalike embed SOURCE --out {folder}"
        in message
    )
    assert "has shards of 3: use --shard i/3" in refusal(*words, "1/2")
    counts, last = results_of(*words, "2/3")
    assert last.endswith(f" rows in {folder / '2-of-3'}")
    counts, last = results_of(*words, "2/3")
    assert last == f"nothing new; {counts['n_rows']} rows in {folder / '2-of-3'}"

    counts, last = results_of("merge", folder, "--out", out)
    assert counts["n_clips"] == 24
    rows = f"{counts['n_rows']} rows in {out}"
    assert last == f"added {counts['n_windows']} windows of 24 clips of 3 shards; {rows}"
    counts, last = results_of("merge", folder, "--out", out)
    assert last == f"nothing new of 3 shards; {rows}"
    assert counts["n_known"] == 24

    assert call(*words[:-2], tmp_path / "whole") == DONE
    (merged, vectors), (whole, expected) = contents(out), contents(tmp_path / "whole")
    assert merged.equals(whole)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert "is an archive: name another folder" in refusal(*words[:-2], out, "--shard", "1/2")


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b"])
def test_what_names_no_shard_is_refused(refusal, text):
    message = refusal("embed", "sounds", "--out", "shards", "--shard", text)
    assert f"'{text}': expected a shard such as 3/16" in message


def test_what_cannot_be_merged_is_refused(refusal, tmp_path, sound_folder):
    message = refusal("embed", sound_folder, "--out", tmp_path / "x.csv", "--shard", "1/2")
    assert "--shard is for an archive, not a file" in message
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").touch()
    message = refusal("merge", tmp_path, "--out", tmp_path / "thesis")
    assert "exists and is not an archive" in message
    assert os.listdir(tmp_path) == ["thesis"]
