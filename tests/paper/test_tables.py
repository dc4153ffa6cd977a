import pandas as pd
import pytest

from soundalike.evaluation.intervals import t_interval
from soundalike.paper.experiments import TABLES, choose
from soundalike.paper.results import Cell, cell_path, interval_method, write_cell
from soundalike.paper.tables import INCONCLUSIVE, write_tables

SCORES = {
    "patch sampling/two at random": [0.63, 0.64, 0.66],
    "patch sampling/same patch": [0.6, 0.61, 0.62],
}


@pytest.fixture(scope="module")
def written(made_up, tmp_path_factory):
    """Folder and findings of tables of made-up scores, in which one row failed."""
    out = tmp_path_factory.mktemp("written")
    made_up(out, SCORES)
    table, row = choose(["mix-back/none"])[0]
    write_cell(cell_path(out, table, row, 0), Cell(table.name, row.name, 0, failed="too hot"))
    return out, *write_tables(out, {"source": "made up"}, is_conclusive=True)


def test_a_table_row_has_name_score_and_interval(written):
    lines = (written[0] / "tables.md").read_text().splitlines()
    assert "- source: made up" in lines
    assert "## Patch sampling" in lines
    assert "| | balanced accuracy, % | 95% interval | seeds | kNN, % | seconds |" in lines
    assert "| same patch | 61.0 | 58.5 to 63.5 | 3 |  | 0 |" in lines
    reference = "| **two at random** (the paper's choice) | 64.3 | 60.5 to 68.1 | 3 |  | 0 |"
    assert lines.index(reference) == 1 + lines.index(
        "| same patch | 61.0 | 58.5 to 63.5 | 3 |  | 0 |"
    )
    assert "- “none” failed: too hot" in lines
    assert any(line.startswith("“two at random”, the paper's choice, is clearly") for line in lines)


def test_tables_md_has_every_row_and_figure(written):
    out, _, _ = written
    text = (out / "tables.md").read_text()
    for table in TABLES:
        figure = f"figures/{table.name.replace(' ', '-')}.png"
        assert f"]({figure})" in text
        assert (out / figure).stat().st_size > 10_000
        assert all(row.name in text for row in table.rows)


def test_findings_come_first_and_are_returned(written):
    out, findings, _ = written
    text = (out / "tables.md").read_text()
    first, *_ = findings
    assert (first.number, first.outcome) == ("1", "holds here")
    assert first.sentence.startswith("Two random patches")
    assert first.verdict.startswith("holds here: “two at random” is 3.3 points above “same patch”")
    assert f"- **1. {first.sentence}** Holds here: “two at random”" in text
    assert text.index(first.sentence) < text.index("## Patch sampling")
    assert len(findings) == 10


def test_the_csv_has_a_row_per_cell_with_its_mean(written):
    cells = pd.read_csv(written[0] / "tables.csv")
    assert len(cells) == sum(3 for _ in choose())
    assert not cells.duplicated(["table", "row", "seed"]).any()
    rows = cells.groupby(["table", "row"])
    assert rows["score"].mean().to_numpy() == pytest.approx(rows["mean"].first().to_numpy())
    assert (rows["score"].count() == rows["n_seeds"].first()).all()
    same = rows.get_group(("patch sampling", "same patch")).iloc[0]
    low, high = t_interval([0.6, 0.61, 0.62])
    assert same[["lower", "upper"]].tolist() == pytest.approx([low, high])
    assert (same["method"], same["n_seeds"]) == ("Student's t over seeds", 3)
    none = rows.get_group(("mix-back", "none"))
    assert none[["method", "n_seeds"]].drop_duplicates().to_numpy().tolist() == [
        [interval_method(int(none["n_seeds"].iloc[0])), none["n_seeds"].iloc[0]]
    ]
    assert cells.groupby("table")["is_reference"].sum().eq(3).all()
    failed = cells[cells["failed"].notna()]
    assert failed[["table", "row", "seed"]].to_numpy().tolist() == [["mix-back", "none", 0]]


def test_an_inconclusive_budget_decides_no_finding(made_up, tmp_path):
    made_up(tmp_path, SCORES, only=list(SCORES))
    findings, tables = write_tables(tmp_path, {}, is_conclusive=False)
    text = (tmp_path / "tables.md").read_text()
    assert {each.verdict for each in findings} == {INCONCLUSIVE}
    assert {each.outcome for each in findings} == {"not decided"}
    assert [table.sentence for table in tables] == [""]
    assert INCONCLUSIVE in text
    assert "clearly" not in text
    assert "holds here" not in text


def test_without_cells_the_page_is_written_too(tmp_path):
    write_tables(tmp_path, {"source": "x"}, is_conclusive=True)
    assert "- source: x" in (tmp_path / "tables.md").read_text()
    assert not (tmp_path / "figures").exists()
