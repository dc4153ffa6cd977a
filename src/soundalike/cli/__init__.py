"""The command line: one module per command, the table of commands and the exit codes.

A command is a module with the functions ``add_arguments(parser)`` and ``run(arguments)``, which
returns an exit code. The first line of its docstring is its line in ``soundalike --help``; the
whole docstring is the description in its own help. To add a command, write the module and add a
line to ``COMMANDS``. Importing torch takes seconds, so ``run`` first checks everything that it can
check without torch (recipe, model, source), and imports the modules that compute after that.
"""

DONE, FAILED, WRONG_USE = 0, 1, 2

# In the order of `soundalike --help`.
COMMANDS = {
    "demo": "soundalike.cli.demo",
    "download": "soundalike.cli.download",
    "scan": "soundalike.cli.scan",
    "prepare": "soundalike.cli.prepare",
    "views": "soundalike.cli.views",
    "pretrain": "soundalike.cli.pretrain",
    "evaluate": "soundalike.cli.evaluate",
    "classify": "soundalike.cli.classify",
    "embed": "soundalike.cli.embed",
    "merge": "soundalike.cli.merge",
    "search": "soundalike.cli.search",
    "explore": "soundalike.cli.explore",
    "labels": "soundalike.cli.labels",
    "audit": "soundalike.cli.audit",
    "paper": "soundalike.cli.paper",
}


class UsageError(Exception):
    """A command was used wrongly in a way that argparse cannot detect."""

    exit_code = WRONG_USE
