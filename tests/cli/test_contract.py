"""Properties of every command in the table."""

import argparse
import importlib
import json
import os
import re
import subprocess
import sys

import pytest

from soundalike.cli import COMMANDS, DONE, WRONG_USE
from soundalike.cli.main import main

HEAVY = {"torch", "numpy", "pandas", "scipy", "sklearn", "pyarrow", "yaml", "lightning_fabric"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_module_has_a_description_and_two_functions(name):
    command = importlib.import_module(COMMANDS[name])
    first_line = command.__doc__.splitlines()[0]
    assert first_line[0].isupper()
    assert first_line.endswith(".")
    parser = argparse.ArgumentParser()
    assert command.add_arguments(parser) is None
    assert callable(command.run)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_describes_every_argument(name, call, capsys):
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


NOT_COMPUTING, WITHOUT_DEVICE = {"download", "labels"}, {"merge", "scan", "prepare", "views"}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_that_compute_can_be_limited(name, call, capsys):
    assert call(name, "--help") == DONE
    text = capsys.readouterr().out
    assert ("--threads" in text) is (name not in NOT_COMPUTING)
    assert ("--device" in text) is (name not in NOT_COMPUTING | WITHOUT_DEVICE)


def test_help_lists_the_commands_in_order(call, capsys):
    assert call("--help") == DONE
    text = capsys.readouterr().out
    assert re.findall(r"^    (\w+)  ", text, re.MULTILINE) == list(COMMANDS)


def test_help_takes_less_than_a_second_and_imports_nothing_heavy():
    """All commands run in one process, so starting the interpreter does not count.

    CPU time is measured, because the machine may be busy.
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


def test_commands_that_compute_nothing_import_nothing_slow(store, sound_folder, tmp_path):
    """Importing torch takes seconds; one process runs all commands, in an empty folder."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.doc").touch()
    (tmp_path / "no_path.csv").write_text("file,label\na.wav,dog\n")
    (tmp_path / "text.txt").touch()
    bad_sources = ["missing", "empty", "thesis", "no_path.csv", "text.txt", "esc10", "esc15:x"]
    commands_on_a_source = [
        ["evaluate"],
        ["audit", "--out", "new"],
        ["paper", "--out", "new"],
        ["pretrain", "--out", "new"],
        ["prepare", "--out", "new"],
        ["scan"],
        ["embed", "--out", "new.npy"],
        ["views"],
    ]
    sounds = str(sound_folder)
    refused = [
        [],
        ["sing"],
        ["scan"],
        ["demo", "--threads", "0"],
        *([name, "--loud"] for name in COMMANDS),
        *([*words, source] for words in commands_on_a_source for source in bad_sources),
        ["evaluate", "missing", sounds],
        ["audit", "missing", sounds, "--out", "new"],
        ["audit", sounds],
        ["audit", sounds, "--out", "new", "--apply", "x.csv"],
        ["embed", "missing", sounds, "--out", "new.csv"],
        ["embed", sounds, "--out", "new.txt"],
        ["embed", sounds, "--out", "thesis"],
        ["embed", "missing", "--out", "new"],
        ["embed", "missing", sounds, "--out", "new"],
        ["embed", sounds, "--out", "new", "--per", "clip"],
        ["embed", sounds, "--out", "new", "--shard", "0/2"],
        ["merge", "missing", "--out", "new"],
        ["merge", "empty", "--out", "new"],
        ["search", "missing", "0"],
        ["explore", "missing"],
        ["explore", "empty"],
        ["search", "empty", "0"],
        ["labels", "missing"],
        ["search", sounds, "missing.wav"],
        ["search", sounds],
        ["search", "missing", "--duplicates"],
        ["classify", "missing", sounds, "--out", "new.parquet"],
        ["classify", "missing", sounds, "--out", "x.csv"],
        ["pretrain", sounds],
        ["pretrain", sounds, "--out", "new", "--loss.temprature", "1"],
        ["pretrain", sounds, "--out", "new", "--encoder.name", "resnet"],
        ["pretrain", sounds, "--out", "new", "--front_end.fmin", "20000"],
        ["pretrain", sounds, "--out", "new", "--recipe", "finetune"],
        ["pretrain", sounds, "--out", "new", "--init", "missing"],
        ["pretrain", sounds, "--out", "thesis"],
        ["pretrain", str(store.path), "--out", "new", "--front_end.n_mels", "64"],
        ["prepare", sounds, "--out", "new", "--front_end.mels", "64"],
        ["prepare", sounds, "--out", "thesis"],
        ["evaluate", sounds, "--protocol", "finetune", "--training.epochs", "1"],
        ["evaluate", sounds, "--training.n_epochs", "1"],
        ["views", sounds, "--views.mixback", "{}"],
        ["views", sounds, "--out", "empty"],
        ["paper", sounds, "--out", "new", "--only", "x"],
        ["paper", sounds, "--out", "new", "--budget", "x"],
        ["download", "esc10", "new"],
    ]  # fmt: skip
    answered = [
        ["pretrain", "--print_recipe"],
        ["pretrain", "--print_recipe", "--recipe", "paper", "--encoder.name", "vgg"],
        *([name, "--help"] for name in COMMANDS),
    ]
    code = (
        "import json, sys\n"
        "from soundalike.cli.main import main\n"
        "results = []\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    try: exit_code = main(words)\n"
        "    except SystemExit as exit: exit_code = exit.code\n"
        "    slow = sorted({'torch', 'scipy', 'sklearn'} & set(sys.modules))\n"
        "    results.append([words, exit_code, slow])\n"
        "print(json.dumps(results))"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, json.dumps(refused + answered)],
        cwd=tmp_path,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
    for words, exit_code, slow in json.loads(child.stdout.splitlines()[-1]):
        assert slow == [], words
        assert exit_code == (DONE if words in answered else WRONG_USE), words
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "empty", "no_path.csv", "text.txt", "thesis",
    ]  # fmt: skip


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
