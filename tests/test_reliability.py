"""No file that tests make is read wrong without a word; the page of the documents says so."""

import importlib.util
import re
from pathlib import Path

import pytest

pytest.importorskip("av", reason="PyAV is not installed")


@pytest.fixture(scope="module")
def corpus():
    path = Path(__file__).parent / "corpus.py"
    spec = importlib.util.spec_from_file_location("corpus", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_nothing_is_silently_wrong(corpus, tmp_path):
    rows = corpus.table(tmp_path)
    assert {
        name: row for name, row in rows.items() if row["refused"] or row["silently wrong"]
    } == {}


def test_the_page_has_the_table(corpus):
    lines = re.findall(r"^\| (.+?) \|(.*)\|$", corpus.PAGE.read_text(), re.MULTILINE)
    rows = {name: [cell.strip() for cell in cells.split("|")] for name, cells in lines}
    assert rows["files"] == ["made", *corpus.VERDICTS]
    assert rows["all"][-2:] == ["0", "0"]
    kinds = {kind for kind, *_ in corpus.SNDFILE_KINDS}
    assert kinds | {f"{container}, {codec}" for _, container, codec in corpus.AV_KINDS} <= set(rows)
