"""What the command audit prints."""

from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.cli.output import plain_console
from soundalike.runtime.counts import counted

if TYPE_CHECKING:
    from rich.console import Console

    from soundalike.audit.advice import Advice
    from soundalike.audit.audit import AuditResult
    from soundalike.audit.cleaning import CleaningResult
    from soundalike.audit.comparison import Comparison

_MAX_FINDINGS = 5  # --json has them all


def print_audit(result: "AuditResult") -> None:
    """Print the verdict, the most suspicious labels, and what is mistaken for what."""
    from rich.table import Table

    console = plain_console()
    console.print(f"{result.source}: {result.verdict}", style="bold", soft_wrap=True)
    if result.suspicious:
        table = Table(title="most suspicious labels", title_justify="left")
        for name in ("clip", "label", "suggested"):
            table.add_column(name, overflow="fold")
        table.add_column("p(wrong)", justify="right")
        for label in result.suspicious:
            table.add_row(
                Path(label.path).name + _times(label.start_s, label.end_s),
                label.label,
                label.suggestion,
                f"{label.p_wrong:.2f}",
            )
        console.print(table)
    for line in _notes(result):
        console.print(line, soft_wrap=True)
    _print_advice(console, result.advice)
    console.print(
        "Listen and decide: run the same command with --decide, or write keep, relabel or drop "
        f"into {Path(result.out) / 'labels.csv'}. Then --apply FILE writes a cleaned manifest, "
        "and --compare says what cleaning gave.",
        soft_wrap=True,
    )


def _times(start_s: float | None, end_s: float | None) -> str:
    """Return where in its file a clip is; "" if it is the whole file."""
    if end_s is None:
        return "" if start_s is None else f" from {start_s:g} s on"
    return f" @{start_s or 0:g}-{end_s:g}"


def _print_advice(console: "Console", advice: "Advice") -> None:
    """Print what to train with these labels, and the most important rows of the table."""
    from rich.table import Table

    console.print(advice.sentence, style="bold", soft_wrap=True)
    if not advice.scores:
        return
    table = Table()
    table.add_column("method")
    for name in ("accuracy", "above logistic regression"):
        table.add_column(name, justify="right")
    for score in advice.shown:
        low, high = (100 * end for end in score.interval)
        table.add_row(
            score.method,
            f"{score.accuracy:.3f}",
            f"{100 * score.gain:+.1f} ({low:+.1f} to {high:+.1f})",
            style="bold" if score.options == advice.options else None,
        )
    console.print(table)
    console.print(advice.note, soft_wrap=True)


def _notes(result: "AuditResult") -> list[str]:
    notes = [f"{finding}." for finding in result.findings[:_MAX_FINDINGS]]
    if (n_more := len(result.findings) - _MAX_FINDINGS) > 0:
        notes.append(f"... and {n_more:,} more: --json FILE lists all.")
    if result.check:
        notes.append(result.check)
    different = [pair for pair in result.duplicates if pair.has_different_labels]
    if different:
        pair = different[0]
        notes.append(
            f"{counted(len(different), 'pair')} of near-duplicates with different labels, such as "
            f"{Path(pair.path).name} ({pair.label}) and {Path(pair.other_path).name} "
            f"({pair.other_label})."
        )
    if n_across := sum(pair.is_across_splits for pair in result.duplicates):
        notes.append(
            f"{counted(n_across, 'pair')} of near-duplicates across splits or folds: scores will "
            "be too good."
        )
    if result.n_decided:
        notes.append(f"{counted(result.n_decided, 'label')} decided on: learned from.")
    if result.n_unlabeled:
        notes.append(f"{counted(result.n_unlabeled, 'clip')} without a label: left out.")
    return notes


def cleaning_in_words(result: "CleaningResult") -> str:
    """Return what was written, in one line."""
    return (
        f"{counted(result.n_clips, 'clip')} in {result.file}: {result.n_relabeled:,} relabeled, "
        f"{result.n_dropped:,} dropped, {result.n_kept:,} confirmed"
    )


def comparison_in_words(results: "list[Comparison]") -> list[str]:
    """Return what cleaning gave, a line for each method."""
    first = results[0]
    lines = [
        f"trained without {counted(first.n_changed, 'wrong label')}, tested on the "
        f"{counted(first.n_tested, 'clip')} whose label has not changed, though some may be wrong"
    ]
    for result in results:
        low, high = (100 * end for end in result.interval)
        clear = "" if low > 0 or high < 0 else ", which may be chance"
        lines.append(
            f"{result.method}: {result.metric} {result.before:.3f} before and {result.after:.3f} "
            f"after, {100 * result.gain:+.1f} points ({low:+.1f} to {high:+.1f}){clear}"
        )
    return lines
