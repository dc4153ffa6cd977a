"""Progress bars count things that people know, and fit a terminal of 80 columns."""

import ast
import gc
import io
from pathlib import Path

import pytest

import soundalike
from soundalike.runtime.progress import progress_bar

NUMBERS = {"knn": "0.512", "rank": "98.6", "loss": "2.375"}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def last_line(*, total: int | None, n: int, elapsed_s: float, unit="steps", **arguments) -> str:
    file = Terminal()
    bar = progress_bar(name="pretrain", unit=unit, total=total, file=file, ncols=80, **arguments)
    bar.start_t -= elapsed_s
    bar.set_postfix(NUMBERS, refresh=False)
    bar.update(n)
    bar.refresh()
    bar.close()
    return file.getvalue().replace("\n", "").split("\r")[-1]


@pytest.mark.parametrize(
    ("total", "n", "elapsed_s"),
    [(2, 1, 3), (600, 2, 200), (26_000, 13_000, 7200), (99_999, 99_999, 36_000)],
)
def test_a_bar_with_all_its_numbers_fits_80_columns(total, n, elapsed_s):
    line = last_line(total=total, n=n, elapsed_s=elapsed_s)
    assert len(line) <= 80
    assert f"{n}/{total} steps" in line
    assert " left, knn=0.512, rank=98.6, loss=2.375" in line


def test_slow_steps_are_not_seconds_per_step():
    line = last_line(total=10, n=1, elapsed_s=100)
    assert line.startswith("pretrain ")
    assert "1/10 steps, 15:0" in line
    assert "s/" not in line.replace("steps", "")
    assert "it" not in line


@pytest.mark.parametrize(("n", "initial", "is_said"), [(9, 0, False), (10, 0, True), (9, 5, False)])
def test_the_first_steps_are_no_estimate_of_the_time_left(n, initial, is_said):
    line = last_line(total=600, n=n, elapsed_s=100, n_measured=10, initial=initial)
    assert f"{n + initial}/600 steps" in line
    assert (" left" in line) == is_said
    assert "loss=2.375" in line


def test_without_a_total_it_counts():
    assert last_line(total=None, n=3, elapsed_s=1).startswith("pretrain 3 steps, 00:0")


def test_items_are_yielded(capsys):
    assert list(progress_bar([1, 2], name="a", unit="clips", is_shown=False)) == [1, 2]
    assert capsys.readouterr().err == ""
    assert list(progress_bar(iter([1]), name="a", unit="clips")) == [1]


def test_a_log_file_gets_lines(every_update_is_shown):
    file = io.StringIO()
    with progress_bar(name="embed", unit="clips", total=3, file=file) as bar:
        bar.set_postfix({"loss": "2.375"}, refresh=False)
        for _ in range(3):
            bar.update()
        bar.write("a note", file=file)
    lines = file.getvalue().splitlines()
    assert "\r" not in file.getvalue()
    assert [line.split(" clips in ")[0] for line in lines] == [
        "embed: 1/3", "embed: 2/3", "embed: 3/3", "a note",
    ]  # fmt: skip
    assert lines[2].endswith("00:00 left, loss=2.375")


def test_a_log_file_without_a_total(every_update_is_shown):
    file = io.StringIO()
    assert list(progress_bar(iter([1, 2]), name="a", unit="clips", file=file)) == [1, 2]
    assert file.getvalue().splitlines()[-1].startswith("a 2 clips, 00:0")


def test_a_bar_without_updates_writes_lines_of_the_heartbeat(lines, clock):
    file = io.StringIO()
    with progress_bar(name="embed", unit="clips", total=3, file=file) as bar:
        bar.start_t -= 60
        clock.now = 24
        lines.beat()
        assert file.getvalue() == ""
        clock.now = 30
        lines.beat()
        bar.update()
        assert file.getvalue() == "embed: 0/3 clips in 01:00, ? left\n"
        clock.now = 50
        bar.update()
        clock.now = 57
        bar.update()
    lines.beat()
    stamps = [line.split(" clips")[0] for line in file.getvalue().splitlines()]
    assert stamps == ["embed: 0/3", "embed: 3/3"]


def test_a_bar_that_nobody_closed_is_forgotten(lines, clock):
    file = io.StringIO()
    bar = progress_bar(name="embed", unit="clips", total=3, file=file)
    del bar
    gc.collect()
    clock.now = 30
    lines.beat()
    assert file.getvalue() == ""


def test_a_log_file_gets_nothing_of_what_is_soon_done():
    file = io.StringIO()
    assert list(progress_bar([1, 2], name="a", unit="clips", file=file)) == [1, 2]
    assert file.getvalue() == ""


def test_every_bar_is_made_here():
    root = Path(soundalike.__file__).parent
    makers = {
        path.name
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "tqdm"
    }
    assert makers == {"progress.py"}
