"""What speaks for a label and against it."""

import pandas as pd
import pytest
from audited import FIRST, GONE, RAIN, SEA, SECOND, THIRD, WIND, write_audit

from soundalike.audit.decisions import Decisions
from soundalike.audit.labels_text import TableError
from soundalike.audit.neighbor_votes import NeighborVotes


@pytest.fixture
def audit(tmp_path):
    """The decisions of an audit, and a function that returns the neighbors of a row."""
    folder = write_audit(tmp_path / "audit")
    decisions, votes = Decisions(folder / "labels.csv"), NeighborVotes(folder / "evidence.parquet")
    return decisions, lambda number: votes.of(number, *decisions.table.rows())


def test_neighbors_come_by_similarity_with_what_they_speak_for(audit):
    neighbors = audit[1](FIRST)
    assert [each.id for each in neighbors] == [SEA, THIRD, RAIN, GONE]
    assert [each.label for each in neighbors] == ["sea", "sea", "rain", "sea"]
    assert [each.similarity for each in neighbors] == pytest.approx([0.9, 0.8, 0.7, 0.6])
    assert [each.speaks_for for each in neighbors] == [False, False, True, False]
    assert [each.p_wrong for each in neighbors] == [0.05, 0.7, 0.1, 0.55]
    assert audit[1](WIND) == []


def test_what_is_decided_about_neighbors_counts(audit):
    decisions, neighbors_of = audit
    for number, decision in ((SEA, "drop"), (THIRD, "relabel"), (GONE, "keep")):
        decisions.decide(decisions.table.rows()[0], number, decision)
    neighbors = neighbors_of(FIRST)
    assert [(each.id, each.label, each.p_wrong, each.speaks_for) for each in neighbors] == [
        (THIRD, "rain", 0, True), (RAIN, "rain", 0.1, True), (GONE, "sea", 0, False),
    ]  # fmt: skip


def test_a_segment_is_joined_to_a_millisecond(tmp_path):
    folder = write_audit(tmp_path / "audit")
    evidence = pd.read_parquet(folder / "evidence.parquet")
    evidence[["start_s", "end_s"]] += 0.0004
    evidence.to_parquet(folder / "evidence.parquet")
    votes, decisions = NeighborVotes(folder / "evidence.parquet"), Decisions(folder / "labels.csv")
    assert [each.id for each in votes.of(SECOND, *decisions.table.rows())] == [SEA, RAIN]


def test_a_table_that_is_written_anew_is_joined_anew(audit):
    decisions, neighbors_of = audit
    assert neighbors_of(FIRST)
    lines = decisions.table.path.read_text(encoding="utf-8").splitlines()
    reversed_lines = [lines[0], *lines[:0:-1]]
    decisions.table.path.write_text("\n".join(reversed_lines), encoding="utf-8")
    assert [each.id for each in neighbors_of(6 - FIRST)] == [6 - SEA, 6 - THIRD, 6 - RAIN, 6 - GONE]


def test_without_evidence_no_clip_has_neighbors(audit, tmp_path):
    votes = NeighborVotes(tmp_path / "gone.parquet")
    assert votes.of(FIRST, *audit[0].table.rows()) == []


def test_evidence_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "evidence.parquet").write_text("no parquet")
    with pytest.raises(TableError, match=r"evidence\.parquet: cannot be read .*: audit again"):
        NeighborVotes(tmp_path / "evidence.parquet")
    pd.DataFrame({"path": ["a"]}).to_parquet(tmp_path / "evidence.parquet")
    with pytest.raises(TableError, match="audit again"):
        NeighborVotes(tmp_path / "evidence.parquet")
