"""What commands print: tables on a terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

_SHOWN = 5  # names of clips in a list; --json has them all


def print_scan(found: dict[str, Any]) -> None:
    """Print what `soundalike.datasets.scan.scan` found."""
    console = Console(highlight=False)
    facts = Table(title=f"{found['source']}", title_justify="left", show_header=False)
    facts.add_row("clips", f"{found['n_clips']:,}, of them {found['n_readable']:,} readable")
    facts.add_row("audio", f"{found['hours']:.2f} h")
    if found["duration_s"]:
        length = found["duration_s"]
        facts.add_row(
            "length",
            f"{length['shortest']:.2f} to {length['longest']:.1f} s, "
            f"median {length['median']:.1f} s",
        )
    for name in ("sample_rates", "channels", "labels", "splits", "folds"):
        if found[name]:
            facts.add_row(name.replace("_", " "), _counted(found[name]))
    for name in ("silent", "clipped", "identical", "identical_across_splits"):
        if found[name]:
            facts.add_row(name.replace("_", " "), _listed(found[name]))
    facts.add_row("problems", str(len(found["problems"])) if found["problems"] else "none")
    console.print(facts)
    for problem in found["problems"][:_SHOWN]:
        console.print(f"  {problem['message']}", soft_wrap=True, markup=False)
    if len(found["problems"]) > _SHOWN:
        console.print(f"  ... and {len(found['problems']) - _SHOWN} more: --json lists them all")


def print_evaluation(results: dict[str, Any]) -> None:
    """Print the table of `soundalike.downstream.evaluate.evaluate_run`."""
    console = Console(highlight=False)
    table = Table(
        title=f"{results['model']} on {results['source']}: {results['n_test_clips']:,} test clips, "
        f"{len(results['rows'][0]['per_class'])} classes ({', '.join(results['splits'])})",
        title_justify="left",
    )
    for name in ("protocol", "representation"):
        table.add_column(name)
    has_accuracy = "accuracy" in results["rows"][0]
    numbers = [results["metric"], "95 % interval", *(["accuracy"] if has_accuracy else [])]
    for name in numbers:
        table.add_column(name, justify="right")
    protocol = results["rows"][0]["protocol"]
    for row in results["rows"]:
        if row["protocol"] != protocol:
            table.add_section()
            protocol = row["protocol"]
        low, high = row["interval"]
        table.add_row(
            row["protocol"],
            row["representation"],
            f"{row['score']:.3f}",
            f"{low:.3f} - {high:.3f}",
            *([f"{row['accuracy']:.3f}"] if has_accuracy else []),
        )
    console.print(table)
    console.print(f"Class by class and clip by clip: {results['out']}", soft_wrap=True)
    if results["heard_test_clips"]:
        console.print(
            "Pre-training heard the test clips, without their labels. To keep some from it, give "
            "them the split 'test', or a fold and --test_fold."
        )


def _counted(counts: dict[Any, int]) -> str:
    shown = ", ".join(f"{name} ({count:,})" for name, count in list(counts.items())[:12])
    return shown if len(counts) <= 12 else f"{shown} ... {len(counts)} in all"


def _listed(items: list[Any]) -> str:
    names = [item if isinstance(item, str) else " = ".join(item) for item in items[:_SHOWN]]
    more = [f"... and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
    return "\n".join([f"{len(items):,}", *names, *more])
