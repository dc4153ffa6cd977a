"""What a scan found out about clips: does it matter, and what is to be done?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from soundalike.datasets.clips import Problem
from soundalike.datasets.near_duplicates import NearDuplicates
from soundalike.datasets.scan import ScanReport
from soundalike.runtime.atomic import atomic_write

ADVICE = {
    "unlabeled": "harmless for pre-training; evaluation leaves them out",
    "silent": "there is nothing to learn from silence: remove it, and check the recorder",
    "short": "harmless; each is repeated until it is long enough",
    "past_end": "they end with their files; check that the times belong to these files",
    "clipped": "harmless for training; re-record if you can",
    "cancelling": "only their loudest channel is used; check the polarity of one microphone",
    "above_band": "the model sees less than half of their sound; options that "
    "cover it are below the table",
    "below_band": "harmless if it is wind or handling noise; if not, options that cover it are "
    "below the table",
    "identical": "harmless in small numbers; remove copies for shorter training",
    "identical_across_splits": "would make scores too high; prepare leaves out the copy in the "
    "less protected split, test before validation before train; remove it",
    "near_duplicates": "harmless within a split; across splits or folds they make scores too high, "
    "so give copies the same one",
    "shared_with_other": "if one source trains and the other tests, scores are too high: remove "
    "these clips from one of them",
    "problems": "left out of everything; each line says what to do",
}
"""By finding, a field of `ScanReport`: whether it matters, and what to do."""


def write_findings(
    path: Path, report: ScanReport, duplicates: NearDuplicates | None = None
) -> None:
    """Write every clip of every finding to a CSV file, one row each.

    The columns are `finding`, `path`, `group` (a number that identical clips share), `message`, and
    those of `NearDuplicate`; blank where they do not apply.

    Args:
        path: the file, whose folder is created if it does not exist.
        report: the report of a scan.
        duplicates: the near-duplicates, if they were searched for.

    Raises:
        OSError: the file cannot be written.
    """
    columns = ["finding", "path", "group", "message", "clip", "start_s", "end_s", "other"]
    columns += ["other_path", "other_start_s", "correlation", "is_across_splits"]
    duplicates = duplicates or NearDuplicates([], [])
    others = [problem for problem in duplicates.problems if problem not in report.problems]
    rows = pd.DataFrame(
        [*_rows(report, report.problems + others), *_pairs(duplicates)], columns=columns
    )
    whole_numbers = ["group", "clip", "other"]
    rows = rows.astype(dict.fromkeys(whole_numbers, "Int64"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        rows.to_csv(temporary, index=False)


def _rows(report: ScanReport, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    for finding in ADVICE:
        for group, item in enumerate(getattr(report, finding, [])):
            if isinstance(item, list):
                yield from ({"finding": finding, "path": path, "group": group} for path in item)
            elif isinstance(item, str):
                yield {"finding": finding, "path": item}
    for problem in problems:
        finding = f"problem: {problem.problem}"
        yield {"finding": finding, "path": problem.path, "message": problem.message}


def _pairs(duplicates: NearDuplicates) -> Iterator[dict[str, Any]]:
    for pair in duplicates.pairs:
        yield {"finding": "near_duplicates", "message": str(pair), **vars(pair)}
