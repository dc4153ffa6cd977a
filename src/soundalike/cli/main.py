"""Run a command from the words on the command line; turn its errors into exit codes."""

import errno
import importlib
import io
import os
import sys
from types import ModuleType

from soundalike import __version__
from soundalike.cli import COMMANDS, FAILED, WRONG_USE, UsageError
from soundalike.cli.argument_types import file_or_device
from soundalike.cli.parser import CommandParser, unknown_command
from soundalike.cli.recipe_options import parse_values, split_overrides
from soundalike.runtime.heartbeat import heartbeat
from soundalike.runtime.limits import limits
from soundalike.runtime.ranks import let_the_first_fail_first

# Read when torch is imported: threads of OpenMP that wait for others sleep at once. By default they
# keep a processor busy for a while, which on a machine with other work halves the speed.
PATIENCE = {"GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}


def main(words: list[str] | None = None) -> int:
    """Run a command.

    Args:
        words: the words on the command line, without the name of the program; by default those of
            this process.

    Returns:
        0 if the command is done, 1 if it failed, 2 if it was used wrongly.
    """
    _open_standard_streams()
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The terminal may lack characters that file names contain.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        line = sys.argv[1:] if words is None else words
        words, overrides = split_overrides(line)
    except UsageError as error:
        print(f"soundalike: {error}", file=sys.stderr)
        return error.exit_code
    if words and words[0] not in COMMANDS and not words[0].startswith("-"):
        print(unknown_command(words[0]), file=sys.stderr)
        return WRONG_USE
    if not words or words[0] not in COMMANDS:
        program = _program_parser()
        program.parse_args(words)  # exits with help, the version or an error
        program.error("the command must come first")
    command = importlib.import_module(COMMANDS[words[0]])
    parser = _command_parser(words[0], command)
    arguments = parser.parse_command(words[1:])  # MODEL --out FILE SOURCE works too
    if overrides and not arguments.takes_overrides:
        parser.error(f"{next(iter(overrides))}: this command does not take recipe keys")
    try:
        arguments.words, arguments.overrides = line, parse_values(overrides)
        with limits(arguments.threads, arguments.device), heartbeat(words[0]):
            exit_code = command.run(arguments)
        sys.stdout.flush()
        return exit_code
    except KeyboardInterrupt:
        print("\ninterrupted: run the same command again to resume", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader of the output has exited
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if (exit_code := _exit_code(error)) is None:
            raise
        print(f"soundalike: {_one_line(error)}", file=sys.stderr)
        let_the_first_fail_first()
        return exit_code


def _open_standard_streams() -> None:
    """Open those that the caller has closed, to nothing.

    Otherwise Python has none, and the next file that is opened gets the number of one: what a
    library writes on standard error would be in a table.
    """
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        if getattr(sys, name) is None:
            # It gets the lowest number that is free.
            stream = open(os.devnull, mode)  # noqa: SIM115
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def _program_parser() -> CommandParser:
    """Return the parser of the program, which lists the commands."""
    parser = CommandParser(
        prog="soundalike",
        description="Learn what sounds alike without labels, then classify, embed and evaluate "
        "with the trained model.",
        epilog="Run soundalike COMMAND --help for the options of a command.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"soundalike {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        first_line = _description(importlib.import_module(module)).splitlines()[0]
        commands.add_parser(name, help=(first_line[0].lower() + first_line[1:]).rstrip("."))
    return parser


def _command_parser(name: str, command: ModuleType) -> CommandParser:
    parser = CommandParser(
        prog=f"soundalike {name}", description=_description(command), allow_abbrev=False
    )
    parser.set_defaults(takes_overrides=False, threads=None, device=None)
    command.add_arguments(parser)
    parser.add_argument(
        "--json", type=file_or_device, metavar="FILE", help="write the results to FILE as JSON"
    )
    return parser


def _description(command: ModuleType) -> str:
    return (command.__doc__ or command.__name__).strip()


def _exit_code(error: Exception) -> int | None:
    """Return the exit code of an error that the user can act on, or None for a bug."""
    return getattr(error, "exit_code", FAILED if isinstance(error, OSError) else None)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        path = f"{error.filename}: " if error.filename else ""
        reason = os.strerror(error.errno).lower()
        advice = "choose another path"
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            advice = f"free some space or {advice}"
        return f"{path}{reason}: {advice}, then run it again"
    return " ".join(str(error).split())
