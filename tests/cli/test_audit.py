"""The command audit: the list of suspicious labels, the cleaned manifest, the comparison."""

import json
import os
from signal import SIGINT

import pandas as pd
import pytest

from soundalike.audit import serve
from soundalike.audit.advice import SIMPLEST_FIRST, options_of
from soundalike.audit.decision_routes import Commands
from soundalike.audit.labels_file import read_labels, write_labels
from soundalike.audit.labels_text import LABELS
from soundalike.cli import DONE
from soundalike.datasets.source import read_source
from soundalike.explore import page_server


@pytest.fixture(scope="module")
def mislabeled(sound_folder, tmp_path_factory):
    """A manifest in which a low sound is called high."""
    paths = sorted(sound_folder.rglob("*.wav"))
    labels = [path.parent.name for path in paths]
    wrong = [f"{path.parent.name}/{path.name}" for path in paths].index("low/3.wav")
    labels[wrong] = "high"
    manifest = tmp_path_factory.mktemp("tables") / "clips.csv"
    folds = [str(number % 2) for number in range(len(paths))]
    pd.DataFrame({"path": paths, "label": labels, "fold": folds}).to_csv(manifest, index=False)
    return manifest


def test_a_wrong_label_is_listed_decided_applied_and_compared(
    call, run, mislabeled, tmp_path, capsys
):
    out, results = tmp_path / "audit", tmp_path / "results.json"
    command = ["audit", run.path, mislabeled, "--out", out, "--json", results]
    assert call(*command) == DONE
    printed = capsys.readouterr().out
    assert "of 24 labels is wrong" in printed or "of 24 labels are wrong" in printed
    assert "3.wav" in printed
    result = json.loads(results.read_text())
    assert result["n_clips"] == 24
    assert result["advice"]["sentence"] in printed.splitlines()
    assert result["advice"]["note"] in printed.splitlines()
    rows = read_labels(out / LABELS)
    assert rows["path"][0].endswith("low/3.wav")
    assert rows["suggested"][0] == "low"

    rows.loc[0, "decision"] = "relabel"
    write_labels(out / LABELS, rows)
    before, clean = mislabeled.read_bytes(), tmp_path / "clean.csv"
    assert call(*command, "--apply", clean, "--compare") == DONE
    printed = capsys.readouterr().out
    assert f"24 clips in {clean}: 1 relabeled, 0 dropped, 0 confirmed" in printed
    assert "tested on the 23 clips whose label has not changed" in printed
    assert set(json.loads(results.read_text())) == {"cleaning", "comparisons"}
    labels = read_source(clean).rows.set_index("path")["label"]
    assert labels[rows["path"][0]] == "low"
    assert mislabeled.read_bytes() == before, "the original is not touched"


def test_the_page_is_served_until_ctrl_c(call, run, mislabeled, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(page_server, "open_page", lambda address: os.kill(os.getpid(), SIGINT))
    out = tmp_path / "audit"
    words = ["audit", run.path, mislabeled, "--out", out, "--no_duplicates", "--decide"]
    assert call(*words) == DONE
    printed = capsys.readouterr()
    assert "listen and decide: http://127.0.0.1:" in printed.out
    assert printed.err.endswith("ended\n")
    audited = (out / LABELS).stat().st_mtime_ns
    assert call(*words) == DONE
    assert (out / LABELS).stat().st_mtime_ns == audited, "not audited again"
    assert "most suspicious" not in capsys.readouterr().out


def test_the_commands_on_the_page_are_of_the_same_labels(
    call, run, sound_folder, tmp_path, monkeypatch
):
    served = {}
    monkeypatch.setattr(serve, "serve_audit", lambda *_, **options: served.update(options))
    out = tmp_path / "audit"
    words = ["audit", run.path, sound_folder, "--out", out, "--no_duplicates", "--decide"]
    assert call(*words, "--label_depth", "1") == DONE
    options = "--label_depth 1 --no_duplicates"
    command = f"soundalike audit {run.path} {sound_folder} --out {out} {options}"
    assert served["commands"] == Commands(f"{command} --decide", f"{command} --apply cleaned.csv")


def test_what_cannot_be_applied_is_refused(refusal, run, mislabeled, tmp_path):
    words = ["audit", run.path, mislabeled, "--out", tmp_path]
    assert "there is no such file: write it with" in refusal(
        *words, "--apply", tmp_path / "new.csv"
    )
    assert "there is no such file: write it with" in refusal(*words, "--compare")
    assert "is not overwritten" in refusal(*words, "--apply", mislabeled)


@pytest.mark.parametrize("method", [*SIMPLEST_FIRST, "nearest neighbors", "cross_entropy"])
def test_what_an_audit_advises_can_be_typed(method, refusal):
    words = ["evaluate", "default", "/no/such", *options_of(method).split()]
    assert "/no/such: no such file or folder" in refusal(*words), "the options are known"
