"""Find labels that are probably wrong, listen to them, and clean the source."""

import argparse
import dataclasses
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundalike.cli import DONE, options
from soundalike.cli.argument_types import at_least, seed
from soundalike.cli.audit_output import cleaning_in_words, comparison_in_words, print_audit
from soundalike.cli.options import add_machine, add_model_and_source, add_out
from soundalike.cli.output import write_json

if TYPE_CHECKING:
    import pandas as pd

    from soundalike.audit.audited_clips import AuditedClips
    from soundalike.audit.comparison import Comparison
    from soundalike.datasets.clips import ClipTable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_model_and_source(parser)
    add_out(
        parser, "DIR", "folder of labels.csv, where you decide, and of what the audit stands on"
    )
    parser.add_argument(
        "--decide",
        action="store_true",
        help="open a page in the browser to listen and decide; what DIR lacks is audited first",
    )
    parser.add_argument(
        "--port",
        type=at_least(1),
        metavar="N",
        help="port of the page (default: 8484, or another one if that is in use)",
    )
    parser.add_argument(
        "--no_browser",
        action="store_true",
        help="print the address of the page, and open no browser",
    )
    parser.add_argument(
        "--apply",
        type=Path,
        metavar="FILE",
        help="audit nothing, and write the source with the decisions in DIR/labels.csv to a new "
        "manifest; the source itself is not touched",
    )
    parser.add_argument(
        "--compare",
        action="store_true",
        help="audit nothing, and train linear classifiers, one of them on soft labels, before and "
        "after the decisions in DIR/labels.csv; they are tested on the clips whose label has not "
        "changed",
    )
    parser.add_argument(
        "--no_duplicates",
        action="store_true",
        help="do not look for clips that share a part, which takes long in large sources",
    )
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        help="random seed of the folds and the intervals (default: 0)",
    )
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Audit the source, or apply or compare what was decided."""
    from soundalike.datasets.source import read_source
    from soundalike.embedding.model_path import find_model

    find_model(arguments.model)
    clips = read_source(arguments.source, arguments.label_depth)
    if arguments.apply or arguments.compare:
        options.refuse_unused(
            arguments, {"decide": "--decide"}, "opens a page, which these options do not"
        )
        return _use_decisions(arguments, clips)
    if arguments.decide and (arguments.out / "labels.csv").exists():
        return _decide(arguments, clips)

    from soundalike.audit.audit import audit

    result = audit(
        arguments.model,
        arguments.source,
        arguments.out,
        clips=clips,
        with_duplicates=not arguments.no_duplicates,
        seed=arguments.seed,
    )
    write_json(arguments.json, result)
    print_audit(result)
    return _decide(arguments, clips) if arguments.decide else DONE


def _decide(arguments: argparse.Namespace, clips: "ClipTable") -> int:
    """Serve the page to listen and decide until Ctrl-C."""
    from soundalike.audit.decision_routes import Commands
    from soundalike.audit.duplicates import DUPLICATES, stored_duplicates
    from soundalike.audit.relearning import Relearning
    from soundalike.audit.serve import serve_audit
    from soundalike.explore.page_server import open_page

    def ready(address: str) -> None:
        print(f"listen and decide: {address} (Ctrl-C ends it)", flush=True)
        if not arguments.no_browser:
            open_page(address)

    labeled = _audited(arguments, clips)
    parts = stored_duplicates(arguments.out / DUPLICATES, labeled.store) or []
    relearning = Relearning(labeled, [] if arguments.no_duplicates else parts, arguments.seed)
    command = _command(arguments)
    commands = Commands(f"{command} --decide", f"{command} --apply cleaned.csv")
    serve_audit(arguments.out, "", ready, commands=commands, port=arguments.port, refit=relearning)
    print("\nended", file=sys.stderr)
    return DONE


def _command(arguments: argparse.Namespace) -> str:
    """Return the command as it is typed, with the options that change what is learned."""
    words = [arguments.model, arguments.source, "--out", str(arguments.out)]
    if arguments.label_depth is not None:
        words += ["--label_depth", str(arguments.label_depth)]
    words += ["--no_duplicates"] if arguments.no_duplicates else []
    return f"soundalike audit {shlex.join(words)}"


def _use_decisions(arguments: argparse.Namespace, clips: "ClipTable") -> int:
    """Write the cleaned manifest, and measure what cleaning gave."""
    from soundalike.audit.cleaning import check_cleaned_file, write_cleaned
    from soundalike.audit.labels_file import read_labels
    from soundalike.audit.labels_text import LABELS

    if arguments.apply:
        check_cleaned_file(arguments.apply)
    decisions = read_labels(arguments.out / LABELS)
    results: dict[str, Any] = {}
    if arguments.apply:
        cleaning = write_cleaned(arguments.apply, clips, decisions)
        results["cleaning"] = dataclasses.asdict(cleaning)
        print(cleaning_in_words(cleaning))
    if arguments.compare:
        comparisons = _compare(arguments, clips, decisions)
        results["comparisons"] = [dataclasses.asdict(each) for each in comparisons]
        print(*comparison_in_words(comparisons), sep="\n")
    write_json(arguments.json, results)
    return DONE


def _compare(
    arguments: argparse.Namespace, clips: "ClipTable", decisions: "pd.DataFrame"
) -> "list[Comparison]":
    from soundalike.audit.comparison import compare
    from soundalike.datasets.splits import evaluation_splits
    from soundalike.runtime.heartbeat import working_on

    labeled = _audited(arguments, clips)
    splits = evaluation_splits(labeled.store, seed=arguments.seed)
    with working_on("train before and after"):
        return compare(labeled.features, labeled.store, splits, decisions, arguments.seed)


def _audited(arguments: argparse.Namespace, clips: "ClipTable") -> "AuditedClips":
    """Return the labeled clips and their embeddings, which are read if they are in the folder."""
    from soundalike.audit.audited_clips import audited_clips
    from soundalike.embedding.sound_encoder import SoundEncoder
    from soundalike.runtime.hardware import choose_hardware
    from soundalike.runtime.lock import locked

    model = SoundEncoder.from_pretrained(arguments.model).to(choose_hardware().accelerator)
    with locked(arguments.out):
        return audited_clips(model, arguments.source, clips, arguments.out)
