"""The command audit: the list of suspicious labels, the cleaned manifest, the comparison."""

import json
import os
from signal import SIGINT

import pandas as pd
import pytest

from soundalike.audit.audit import AuditResult, SuspiciousLabel
from soundalike.audit.comparison import Comparison
from soundalike.audit.duplicates import DuplicatePair
from soundalike.audit.labels_file import read_labels, write_labels
from soundalike.audit.labels_text import LABELS
from soundalike.cli import DONE
from soundalike.cli.audit import comparison_in_words, print_audit
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
    assert json.loads(results.read_text())["n_clips"] == 24
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
    assert set(json.loads(results.read_text())) == {"cleaning", "comparison"}
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


def test_what_cannot_be_applied_is_refused(refusal, run, mislabeled, tmp_path):
    words = ["audit", run.path, mislabeled, "--out", tmp_path]
    assert "there is no such file: write it with" in refusal(
        *words, "--apply", tmp_path / "new.csv"
    )
    assert "there is no such file: write it with" in refusal(*words, "--compare")
    assert "is not overwritten" in refusal(*words, "--apply", mislabeled)


RESULT = AuditResult(
    verdict="about 38 of 400 labels are wrong (29-47)",
    model="default",
    source="[mine]",
    out="audit",
    classes=["rain", "sea"],
    n_clips=400,
    n_unlabeled=3,
    n_decided=1,
    n_wrong=38.0,
    interval=(29.0, 47.0),
    findings=[f"rain is called sea in {number} of 60" for number in (14, 9, 8, 7, 6, 5, 4)],
    noise_matrix=[],
    suspicious=[
        SuspiciousLabel("/sounds/[a].wav", None, None, "sea", "rain", 0.987),
        SuspiciousLabel("/sounds/b.wav", 1.5, 3.0, "sea", "", 0.5),
    ],
    duplicates=[
        DuplicatePair("/a.wav", "sea", "/b.wav", "rain", True),
        DuplicatePair("/c.wav", "sea", "/d.wav", "sea", True),
    ],
)


def test_the_table_says_what_to_listen_to(capsys):
    print_audit(RESULT)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "[mine]: about 38 of 400 labels are wrong (29-47)"
    table = "\n".join(lines)
    assert "[a].wav" in table
    assert "b.wav @1.5-3" in table
    assert "none of the classes" in table
    assert "0.99" in table
    assert "rain is called sea in 14 of 60." in lines
    assert "... and 2 more: --json FILE lists all." in lines
    assert "1 pair of near-duplicates with different labels, such as a.wav (sea) and b.wav" in table
    assert "2 pairs of near-duplicates across splits or folds" in table
    assert "1 label decided on: learned from." in lines
    assert "3 clips without a label: left out." in lines


def test_a_gain_may_be_chance():
    comparison = Comparison("balanced accuracy", 38, 362, 0.813, 0.842, 0.029, (0.004, 0.051))
    words = comparison_in_words(comparison)
    assert words.startswith("balanced accuracy 0.813 before and 0.842 after: +2.9 points (+0.4 to")
    assert "chance" not in words
    unclear = Comparison("mAP", 1, 362, 0.8, 0.81, 0.01, (-0.01, 0.03))
    assert "which may be chance; trained without 1 wrong label" in comparison_in_words(unclear)
