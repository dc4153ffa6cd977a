"""Commands on two ranks, by torch's launcher."""

from soundalike import __version__
from soundalike.runtime.launch import launch


def test_a_command_runs_on_all_ranks_and_the_first_prints(capfd):
    assert launch(2, ["--version"]) == 0
    assert capfd.readouterr().out == f"soundalike {__version__}\n"


def test_an_error_is_printed_once_and_gives_the_exit_code(capfd):
    assert launch(2, ["pretrain", "nowhere"]) == 2
    captured = capfd.readouterr()
    assert captured.err.count("pretrain needs a SOURCE and --out RUN") == 1
