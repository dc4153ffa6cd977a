"""The page of the paper's experiments: which findings hold, and a figure and table each."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from soundalike.report.charts import difference_strip, score_strip
from soundalike.report.page import write_page
from soundalike.runtime.counts import counted

HOLDS, FAILS = "holds here", "does not hold here"
BADGES = {HOLDS: "holds", FAILS: "fails"}  # class in the style; others are undecided
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)  # between the ticks of an axis
REFERENCE, OTHER = 0, 2  # colors of the reference of a table and of other rows


def write_paper_page(path: Path, results: Mapping[str, Any]) -> None:
    """Write the page: one HTML file that needs no other file.

    Args:
        path: the HTML file.
        results: what `soundalike paper --json` writes: facts, is_conclusive, findings and tables.

    Raises:
        OSError: the file cannot be written.
    """
    findings = results["findings"] if results["is_conclusive"] else []
    counts = Counter(finding["outcome"] for finding in findings)
    write_page(
        path,
        "report/paper.html",
        headline=_headline(counts, len(findings)),
        lead=_lead(counts, len(findings)),
        facts={name: fact.strip("`") for name, fact in results["facts"].items()},
        source=results["source"],
        findings=[_finding(finding) for finding in findings],
        tables=[_table(table) for table in results["tables"]],
        n_failed=results["n_failed"],
    )


def _headline(counts: Mapping[str, int], n_findings: int) -> str:
    if not n_findings:
        return "Too short for conclusions"
    if not counts[HOLDS] + counts[FAILS]:
        return "No finding is decided yet"
    return f"{counts[HOLDS]} of {counted(n_findings, 'finding')} {_hold(counts[HOLDS])} here"


def _lead(counts: Mapping[str, int], n_findings: int) -> str:
    if not n_findings:
        return "This run only tests that the code works: its trainings are short."
    n_open = n_findings - counts[HOLDS] - counts[FAILS]
    return (
        f"Of the findings of the paper, {counts[HOLDS]} {_hold(counts[HOLDS])} on these sounds, "
        f"{counts[FAILS]} {'does' if counts[FAILS] == 1 else 'do'} not, and {n_open} "
        f"{'is' if n_open == 1 else 'are'} not decided by these seeds."
    )


def _hold(n: int) -> str:
    return "holds" if n == 1 else "hold"


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finding with its comparisons, in points, on one axis."""
    comparisons = finding["comparisons"]
    ends = [abs(c[end]) for c in comparisons for end in ("lower", "upper") if c[end] is not None]
    reach = max([*ends, 0.01])
    words = finding["verdict"].partition(": ")[2] or finding["verdict"]
    return {
        "number": finding["number"],
        "sentence": finding["sentence"],
        "outcome": finding["outcome"],
        "badge": BADGES.get(finding["outcome"], "open"),
        "words": words[0].upper() + words[1:],
        "comparisons": [
            {
                "above": each["above"].replace("/", ": "),
                "below": " and ".join(name.replace("/", ": ") for name in each["below"]),
                "difference": _percent(each["difference"], sign=True),
                "lower": _percent(each["lower"], sign=True),
                "upper": _percent(each["upper"], sign=True),
                "method": f"{_level(each['level'])}, {each['method']}"
                if each["lower"] is not None
                else each["method"],
                "n_seeds": each["n_seeds"],
                "drawing": difference_strip(
                    each["difference"], each["lower"], each["upper"], reach
                ),
            }
            for each in comparisons
        ],
    }


def _table(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with its drawings and its numbers in percent."""
    rows = table["rows"]
    reference = next(row["mean"] for row in rows if row["is_reference"])
    ticks, top = _axis(rows)
    return {
        **{
            key: table[key]
            for key in (
                "name",
                "question",
                "metric",
                "reference_is",
                "not_run",
                "sentence",
                "notes",
            )
        },
        "ticks": [(f"{100 * tick / top:.2f}", f"{100 * tick:.0f}") for tick in ticks],
        "failures": [(row["name"], why) for row in rows for why in row["failures"]],
        "rows": [
            {
                "name": row["name"],
                "is_reference": row["is_reference"],
                "mean": row["missing"] or _percent(row["mean"]),
                "lower": _percent(row["lower"]),
                "upper": _percent(row["upper"]),
                "method": row["method"],
                "n_seeds": row["n_seeds"],
                "knn": _percent(row["knn"]),
                "seconds": "" if row["seconds"] is None else f"{row['seconds']:,.0f}",
                "drawing": score_strip(
                    row["mean"],
                    row["lower"],
                    row["upper"],
                    row["scores"],
                    reference,
                    top,
                    REFERENCE if row["is_reference"] else OTHER,
                ),
            }
            for row in rows
        ],
    }


def _axis(rows: Sequence[Mapping[str, Any]]) -> tuple[list[float], float]:
    """Return the ticks of an axis from 0 that holds all scores and intervals, and its end."""
    ends = [x for row in rows for x in [*row["scores"], row["upper"]] if x is not None]
    highest = min(1.0, max([*ends, 0.05]))
    step = next((step for step in STEPS if highest / step <= 6), STEPS[-1])
    n_steps = math.ceil(highest / step - 1e-9)
    return [i * step for i in range(n_steps + 1)], n_steps * step


def _percent(share: float | None, *, sign: bool = False) -> str:
    """Return a share in percent; "" for None."""
    if share is None:
        return ""
    return f"{100 * share:{'+' if sign else ''}.1f}".replace("-", "\N{MINUS SIGN}")


def _level(level: float) -> str:
    """Return a confidence level, such as "95%" or "99.3%"."""
    return f"{100 * level:.3g}%"
