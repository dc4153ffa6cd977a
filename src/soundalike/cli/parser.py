"""A parser of command lines whose errors are one line that says what to do."""

import argparse
import os
from collections.abc import Sequence
from typing import NoReturn

from soundalike.cli import COMMANDS, WRONG_USE
from soundalike.runtime.suggestions import did_you_mean, nearest_name


class CommandParser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` without abbreviations and without usage in front of errors."""

    _words: Sequence[str] = ()  # of the command, while they are parsed

    def parse_command(self, words: list[str]) -> argparse.Namespace:
        """Parse the words of a command; positional arguments may stand between options.

        A wrong use prints one line and exits with the code 2.
        """
        self._words = words
        arguments, rest = self.parse_known_intermixed_args(words)
        if rest:
            self.error(self._about_rest(rest))
        return arguments

    def error(self, message: str) -> NoReturn:
        """Print the message and where the options are listed; exit."""
        if message.endswith("are required: SOURCE"):
            message += self._about_missing_source()
        line = f"{self.prog}: error: {message} ({self.prog} --help shows the options)"
        self.exit(WRONG_USE, f"{line}\n")

    def _about_rest(self, rest: list[str]) -> str:
        """Return what is wrong with words that no argument takes."""
        has_source = any(action.dest == "source" for action in self._actions)
        if has_source and not any(word.startswith("-") for word in rest):
            folder, suffix = os.path.split(rest[0])[0], os.path.splitext(rest[0])[1]
            pattern = os.path.join(folder, f"*{suffix}")
            return f"several sources, such as {rest[0]}: name a folder, or quote '{pattern}'"
        message = f"unrecognized arguments: {' '.join(rest)}"
        name = next((word for word in rest if word.startswith("--")), "").partition("=")[0]
        options = [option for option in self._option_string_actions if option.startswith("--")]
        nearest = nearest_name(name[2:], [option[2:] for option in options])
        return f"{message}; did you mean '--{nearest}'?" if nearest else message

    def _about_missing_source(self) -> str:
        """Name the option that took the source as its value, if one did."""
        for word, value in zip(self._words, self._words[1:], strict=False):
            action = self._option_string_actions.get(word)
            if action and action.nargs == "?" and not value.startswith("-"):
                return f"; {word} took {value}: write SOURCE before {word}"
        return ""


def unknown_command(name: str) -> str:
    """Return the line on a command that does not exist."""
    hint = did_you_mean(name, COMMANDS) or f"choose from {', '.join(COMMANDS)}"
    message = f"invalid choice: '{name}' is no command; {hint}"
    return f"soundalike: error: {message} (soundalike --help shows the commands)"
