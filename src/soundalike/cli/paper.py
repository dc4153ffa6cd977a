"""Run the paper's experiments; write their tables and figures, and a page of them."""

import argparse
from dataclasses import asdict

from soundalike.cli import DONE, UsageError
from soundalike.cli.argument_types import at_least, share
from soundalike.cli.options import add_machine, add_out, add_source
from soundalike.cli.output import write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_source(parser)
    add_out(parser, "DIR", "folder of the runs, the tables and the page")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these: TABLE or TABLE/ROW")
    parser.add_argument(
        "--seeds",
        type=at_least(1),
        default=1,
        metavar="N",
        help="number of random seeds (default: 1)",
    )
    parser.add_argument(
        "--budget",
        default="paper",
        metavar="NAME|SHARE",
        help="small, laptop, paper, or a share of the paper's epochs such as 0.1 (default: paper)",
    )
    parser.add_argument(
        "--label_noise",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="replace the labels of this share of the training clips with wrong ones (default: 0)",
    )
    add_machine(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the experiments; write a page of the results and print where it is."""
    from soundalike.datasets.source import read_source
    from soundalike.paper.budgets import find_budget
    from soundalike.paper.experiments import choose

    if arguments.label_noise == 1:
        raise UsageError("--label_noise must be below 1: at least some labels must be correct.")
    choose(arguments.only)
    find_budget(arguments.budget)
    clips = read_source(arguments.source, arguments.label_depth)

    from soundalike.paper.run import PAGE, run_paper

    results = run_paper(
        arguments.source,
        arguments.out,
        only=arguments.only,
        n_seeds=arguments.seeds,
        budget=arguments.budget,
        label_noise=arguments.label_noise,
        clips=clips,
        label_depth=arguments.label_depth,
    )
    write_json(arguments.json, results)

    from soundalike.report.paper_page import write_paper_page

    page = arguments.out / PAGE
    write_paper_page(page, asdict(results))
    print(f"open {page.resolve()}")
    return DONE
