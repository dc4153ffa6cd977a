"""Sound files that are broken at every kind of place are read or refused; nothing crashes."""

import json
import sys
from collections import Counter

import pytest

pytest.importorskip("av", reason="PyAV is not installed")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits memory by /proc")

TRY = """
import json, sys
from broken_sounds import KINDS, try_kind

for kind in KINDS[int(sys.argv[1]) :: int(sys.argv[2])]:
    print(json.dumps(try_kind(kind, every=int(sys.argv[3]))))
"""


@pytest.mark.parametrize(
    ("first", "every"),
    [(0, 300), *(pytest.param(first, 1, marks=pytest.mark.slow) for first in range(8))],
)
def test_broken_files_are_read_or_refused_in_a_line(first, every, nursery):
    """A process reads every eighth kind, or, in the suite, a few files of all."""
    n_processes = 1 if every > 1 else 8
    process = nursery.run("-c", TRY, first, n_processes, every, limit_s=3000)
    assert process.returncode == 0, process.stderr[-2000:]
    # libsndfile prints lines, too.
    lines = [line for line in process.stdout.splitlines() if line.startswith("{")]
    counts = sum((Counter(json.loads(line)) for line in lines), Counter())
    assert {"read", "damaged", "truncated"} <= set(counts)
    assert "segment outside the clip" not in counts
