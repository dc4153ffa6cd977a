"""What holds for every command in the table."""

import argparse
import importlib
import json
import re
import subprocess
import sys

import pytest

from soundalike.cli import COMMANDS, DONE
from soundalike.cli.main import main

HEAVY = {"torch", "numpy", "pandas", "scipy", "sklearn", "pyarrow", "yaml", "lightning_fabric"}


@pytest.mark.parametrize("name", COMMANDS)
def test_its_module_has_a_description_and_two_functions(name):
    command = importlib.import_module(COMMANDS[name])
    first_line = command.__doc__.splitlines()[0]
    assert first_line[0].isupper()
    assert first_line.endswith(".")
    parser = argparse.ArgumentParser()
    assert command.add_arguments(parser) is None
    assert callable(command.run)


@pytest.mark.parametrize("name", COMMANDS)
def test_its_help_shows_every_argument_with_a_text(name, call, capsys):
    assert call(name, "--help") == DONE
    text = capsys.readouterr().out
    assert text.startswith(f"usage: soundalike {name}")
    assert "--json FILE" in text
    command = importlib.import_module(COMMANDS[name])
    assert " ".join(command.__doc__.split()) in " ".join(text.split())
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    for action in parser._actions:
        assert action.help, f"{name}: {action.dest} has no help"


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option_is_refused(name, refusal):
    assert "error: " in refusal(name, "--loud")


def test_help_lists_them_in_order(call, capsys):
    assert call("--help") == DONE
    text = capsys.readouterr().out
    assert re.findall(r"^    (\w+)  ", text, re.MULTILINE) == list(COMMANDS)


def test_help_takes_less_than_a_second_and_imports_nothing_heavy():
    """In one process, so that the second is that of each command and not of the interpreter.

    A second of the processor, not of the clock: the machine may be busy with something else.
    """
    code = (
        "import sys, time, json\n"
        "from soundalike.cli import COMMANDS\n"
        "from soundalike.cli.main import main\n"
        "seconds = {}\n"
        "for words in ['--help'], *([name, '--help'] for name in COMMANDS):\n"
        "    start = time.process_time()\n"
        "    try: main(words)\n"
        "    except SystemExit: pass\n"
        "    seconds[words[0]] = time.process_time() - start\n"
        "modules = sorted({name.partition('.')[0] for name in sys.modules})\n"
        "print(json.dumps([seconds, modules]), file=sys.stderr)"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, modules = json.loads(child.stderr)
    assert set(seconds) == {"--help", *COMMANDS}
    assert max(seconds.values()) < 1
    assert not HEAVY & set(modules)


def test_a_command_is_one_module_and_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "sing.py").write_text(
        '"""Sing a song."""\n'
        "from soundalike.cli.output import write_json\n"
        "def add_arguments(parser):\n"
        '    parser.add_argument("song", help="its name")\n'
        "def run(arguments):\n"
        '    write_json(arguments.json, {"song": arguments.song})\n'
        '    print(f"la la {arguments.song}")\n'
        "    return 0\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(COMMANDS, "sing", "sing")
    results = tmp_path / "results.json"
    assert main(["sing", "daisy", "--json", str(results)]) == DONE
    assert capsys.readouterr().out == "la la daisy\n"
    assert json.loads(results.read_text()) == {"song": "daisy"}
    with pytest.raises(SystemExit):
        main(["--help"])
    assert re.search(r"^    sing +sing a song$", capsys.readouterr().out, re.MULTILINE)
