"""An audit from sounds to files."""

import json
import shutil

import numpy as np

from soundalike.audit.audit import audit
from soundalike.audit.duplicates import DUPLICATES
from soundalike.audit.evidence import EVIDENCE
from soundalike.audit.labels_file import read_labels, write_labels
from soundalike.audit.labels_text import LABELS
from soundalike.audit.result_file import RESULT
from soundalike.datasets.parquet import read_parquet
from soundalike.evaluation.nearest_clips import nearest_clips


def test_wrong_labels_are_first_and_files_are_complete(audited):
    rows = read_labels(audited / LABELS)
    assert len(rows) == 24
    assert [f"{path.split('/')[-2]}/{path.split('/')[-1]}" for path in rows["path"][:2]] in (
        ["low/3.wav", "middle/5.wav"],
        ["middle/5.wav", "low/3.wav"],
    )
    assert set(rows["suggested"][:2]) == {"low", "middle"}
    assert (rows["p_wrong"][:2] > 0.8).all()
    assert (rows["p_wrong"][2:] < 0.5).all()
    evidence = read_parquet(audited / EVIDENCE)
    assert set(evidence["path"]) == set(rows["path"])
    assert all(len(each) == 10 for each in evidence["neighbors"])
    kinds = evidence["path"].str.split("/").str[-2].to_numpy()
    nearest = np.array([each[0] for each in evidence["neighbors"]])
    assert (kinds[nearest] == kinds).mean() > 0.8
    result = json.loads((audited / RESULT).read_text())
    assert result["n_clips"] == 24
    assert "of 24 labels are wrong" in result["verdict"]
    assert result["suspicious"][0]["path"] == rows["path"][0]
    assert result["advice"]["noise"] in (0.0, 0.2), "2 of 24 labels are wrong"


def test_decisions_stay_and_are_learned_from(audited, mislabeled, run, tmp_path):
    out = tmp_path / "audit"
    shutil.copytree(audited, out)
    rows = read_labels(out / LABELS)
    rows.loc[[0, 1, 5], "decision"] = ["relabel", "drop", "keep"]
    write_labels(out / LABELS, rows)
    result = audit(run.path, str(mislabeled), out, progress=False)
    again = read_labels(out / LABELS)
    decided = again[again["decision"] != ""].set_index("path")
    assert decided["decision"].to_dict() == dict(
        zip(rows["path"][[0, 1, 5]], ["relabel", "drop", "keep"], strict=True)
    )
    assert decided["p_wrong"][rows["path"][5]] == 0
    assert decided["p_wrong"][rows["path"][0]] == 1
    assert result.n_decided == 3
    assert not {label.path for label in result.suspicious} & set(decided.index)


def test_duplicates_can_be_left_out(mislabeled, run, audited, tmp_path):
    out = tmp_path / "audit"
    shutil.copytree(audited / "store", out / "store")
    result = audit(run.path, str(mislabeled), out, with_duplicates=False, progress=False)
    assert result.duplicates == []
    assert not (out / DUPLICATES).exists()
    assert (audited / DUPLICATES).exists()


def test_what_a_person_saves_during_an_audit_stays(audited, mislabeled, run, tmp_path, monkeypatch):
    """As from a spreadsheet, which holds no lock of ours."""
    out = tmp_path / "audit"
    shutil.copytree(audited, out)
    rows = read_labels(out / LABELS)

    def nearest(*arguments):
        write_labels(out / LABELS, rows.assign(decision=["drop", *[""] * (len(rows) - 1)]))
        return nearest_clips(*arguments)

    monkeypatch.setattr("soundalike.audit.audit.nearest_clips", nearest)
    result = audit(run.path, str(mislabeled), out, progress=False)
    again = read_labels(out / LABELS)
    assert again["path"][again["decision"] == "drop"].tolist() == [rows["path"][0]]
    assert result.n_decided == 1
