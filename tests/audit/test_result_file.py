"""The result of the last audit."""

import json

import pytest

from soundalike.audit.result_file import RESULT, stored_advice


def test_the_advice_of_an_audit_is_read(audited):
    advice = stored_advice(audited)
    assert advice == json.loads((audited / RESULT).read_text())["advice"]
    assert advice["sentence"].startswith("Train ")
    assert advice["options"] in [score["options"] for score in advice["scores"]]


@pytest.mark.parametrize("text", [None, "{}", "[1]", '{"advice', '{"advice": null}'])
def test_without_a_result_there_is_no_advice(text, tmp_path):
    if text is not None:
        (tmp_path / RESULT).write_text(text)
    assert stored_advice(tmp_path) is None
