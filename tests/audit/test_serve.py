"""The page of an audit, from its folder."""

import json
import os
import signal
import urllib.request

import pytest
from audited import COMMANDS, write_audit

from soundalike.audit.labels_text import TableError
from soundalike.audit.serve import serve_audit


def test_an_audit_is_served_until_ctrl_c(tmp_path):
    answers = []

    def ready(address):
        answers.append(address)
        os.kill(os.getpid(), signal.SIGINT)

    serve_audit(write_audit(tmp_path / "audit"), "", ready, commands=COMMANDS, port=0)
    assert answers[0].startswith("http://127.0.0.1:")
    with pytest.raises(OSError, match="refused"):
        json.load(urllib.request.urlopen(answers[0]))


def test_a_folder_without_a_table_is_refused(tmp_path):
    with pytest.raises(TableError, match="there is no such file"):
        serve_audit(tmp_path, "", print, commands=COMMANDS)
