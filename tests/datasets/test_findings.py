"""The list of findings, which is complete, and the advice on each."""

from dataclasses import fields

import pandas as pd

from soundalike.datasets.clips import Problem
from soundalike.datasets.findings import ADVICE, write_findings
from soundalike.datasets.near_duplicates import NearDuplicate, NearDuplicates
from soundalike.datasets.scan import ScanReport

NOTHING = {
    field.name: {} if "dict" in str(field.type) else [] if "list" in str(field.type) else 0
    for field in fields(ScanReport)
}


def findings(tmp_path, duplicates=None, **of_report):
    """Write a list of findings and read it."""
    out = tmp_path / "deep" / "findings.csv"
    write_findings(out, ScanReport(**NOTHING | of_report), duplicates)
    return pd.read_csv(out)


def test_every_clip_of_every_finding_is_listed(tmp_path):
    problem = Problem("e.wav", "empty", "e.wav: empty: gone")
    silent = [f"{number},.wav" for number in range(50)]
    copies = [["a.wav", "b.wav"], ["c.wav", "d.wav", "e.wav"]]
    rows = findings(tmp_path, silent=silent, identical=copies, problems=[problem])
    assert rows["path"][rows["finding"] == "silent"].tolist() == silent
    identical = rows[rows["finding"] == "identical"]
    assert identical["path"].tolist() == ["a.wav", "b.wav", "c.wav", "d.wav", "e.wav"]
    assert identical["group"].tolist() == [0, 0, 1, 1, 1]
    (row,) = rows[rows["finding"] == "problem: empty"].itertuples()
    assert (row.path, row.message) == ("e.wav", problem.message)
    assert len(rows) == 56


def test_near_duplicates_have_their_columns(tmp_path):
    pair = NearDuplicate(3, "ä,b.wav", 0.5, 2.0, 1, "c.wav", 12.25, -0.97, True)
    other = Problem("x.wav", "empty", "x.wav: empty")
    (problem, row) = findings(tmp_path, NearDuplicates([pair], [other])).to_dict("records")
    assert {name: row[name] for name in vars(pair)} == vars(pair)
    assert row["finding"] == "near_duplicates"
    assert problem["message"] == other.message


def test_without_findings_the_list_is_empty(tmp_path):
    assert len(findings(tmp_path)) == 0


def test_every_finding_has_advice():
    lists = {field.name for field in fields(ScanReport) if "list" in str(field.type)}
    pairs = {"near_duplicates", "shared_with_other"}
    assert lists - {"notes", "advice"} | pairs == set(ADVICE)
