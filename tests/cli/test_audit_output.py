"""What the command audit prints."""

from dataclasses import replace

import pytest

from soundalike.audit.advice import Advice, MethodScore
from soundalike.audit.audit import AuditResult
from soundalike.audit.comparison import Comparison
from soundalike.audit.duplicates import DuplicatePair
from soundalike.audit.suspicious_labels import SuspiciousLabel
from soundalike.cli.audit_output import comparison_in_words, print_audit

ADVICE = Advice(
    sentence="Train with the loss elr (evaluate with --protocol linear --loss.name elr).",
    options="--protocol linear --loss.name elr",
    kind="symmetric",
    noise=0.2,
    labels_per_class=40,
    note="Measured on [three] sets.",
    scores=[
        MethodScore("elr", "--protocol linear --loss.name elr", 0.81, 0.06, (0.02, 0.1)),
        MethodScore("logistic regression", "--protocol linear", 0.75, 0.0, (0.0, 0.0)),
    ],
)
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
    check="Of 20 verified labels, 1 is suspicious.",
    advice=ADVICE,
    suspicious=[
        SuspiciousLabel("/sounds/[a].wav", None, None, "sea", "rain", 0.987),
        SuspiciousLabel("/sounds/:dog:b.wav", 1.5, 3.0, "sea", "", 0.5),
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
    assert ":dog:b.wav @1.5-3" in table
    assert "none of the classes" in table
    assert "0.99" in table
    assert "rain is called sea in 14 of 60." in lines
    assert "... and 2 more: --json FILE lists all." in lines
    assert "1 pair of near-duplicates with different labels, such as a.wav (sea) and b.wav" in table
    assert "2 pairs of near-duplicates across splits or folds" in table
    assert "1 label decided on: learned from." in lines
    assert "3 clips without a label: left out." in lines
    assert RESULT.check in lines
    assert ADVICE.sentence in lines
    assert "Measured on [three] sets." in lines
    assert any(
        "elr" in line and "0.810" in line and "+6.0 (+2.0 to +10.0)" in line for line in lines
    )


@pytest.mark.parametrize(
    ("times", "name"),
    [
        ((None, None), "a.wav "),
        ((1.5, 3.0), "a.wav @1.5-3 "),
        ((None, 3.0), "a.wav @0-3 "),
        ((1.5, None), "a.wav from 1.5 s on "),
    ],
)
def test_parts_of_files_have_their_times(times, name, capsys):
    label = SuspiciousLabel("/sounds/a.wav", *times, "sea", "rain", 0.987)
    print_audit(replace(RESULT, suspicious=[label]))
    assert name in capsys.readouterr().out


def test_a_gain_may_be_chance():
    values = "balanced accuracy", 38, 362, 0.813, 0.842, 0.029
    clear = Comparison("logistic regression", *values, (0.004, 0.051))
    unclear = Comparison("soft labels", *values, (-0.01, 0.06))
    assert comparison_in_words([clear, unclear]) == [
        "trained without 38 wrong labels, tested on the 362 clips whose label has not changed, "
        "though some may be wrong",
        "logistic regression: balanced accuracy 0.813 before and 0.842 after, +2.9 points (+0.4 to "
        "+5.1)",
        "soft labels: balanced accuracy 0.813 before and 0.842 after, +2.9 points (-1.0 to +6.0), "
        "which may be chance",
    ]
