"""The shared code of the benchmarks: table, timing, and the header of BENCHMARKS.md."""

import ast
import os
import platform
import re
import time
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
STAGES = sorted(BENCHMARKS.glob("bench_*.py"))


@pytest.fixture
def measure(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import measure

    return measure


@pytest.fixture
def run_all(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import run

    return run


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import gpu

    return gpu


@pytest.mark.parametrize("times", [True, False])
def test_the_ratio_says_how_many_times_better_ours_is(measure, times):
    less, more = 2.0, 6.0
    ours, reference = (less, more) if times else (more, less)
    assert measure.Row("x", ours, "ms", reference, times=times).ratio == pytest.approx(3)
    assert measure.Row("x", ours, "ms", times=times).ratio is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(12345.6, "12,346"), (100.0, "100"), (99.96, "100"), (12.34, "12.3"), (0.01234, "0.0123")],
)
def test_numbers_have_three_digits_and_no_exponent(measure, value, text):
    assert measure.figure(value) == text


def test_the_table_is_markdown_with_one_line_per_row(measure):
    rows = [
        measure.Row("views", 200, "views/s", 100, "one by one", times=False, difference="1e-6"),
        measure.Row("share of the views", 1.5, "%"),
    ]
    header, rule, first, second = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in measure.table(rows).splitlines()
    )
    assert header == measure.COLUMNS
    assert all(set(cell) <= {"-", ":"} for cell in rule)
    assert first == ["views", "views/s", "200", "100", "2.00", "one by one", "1e-6"]
    assert second == ["share of the views", "%", "1.5", "", "", "", ""]
    assert len({len(line) for line in measure.table(rows).splitlines()}) == 1


def test_the_fastest_time_excludes_the_setup(measure, monkeypatch):
    """The clock advances only while the timed functions run."""
    seconds = {"slow": [9, 5, 3, 4], "fast": [9, 2, 7, 1]}  # the first is to warm up
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)

    def work(name):
        nonlocal now
        now += seconds[name].pop(0)

    assert measure.fastest(lambda: work("slow"), lambda: work("fast"), n_runs=3) == [3, 1]
    assert seconds == {"slow": [], "fast": []}


def test_a_script_runs_in_its_own_process(measure, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import json, os, sys; print(json.dumps([os.getpid(), *sys.argv[1:]]))")
    process, *arguments = measure.in_a_process(str(script), "ours", 3)
    assert process != os.getpid()
    assert arguments == ["ours", "3"]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.stem)
def test_every_benchmark_has_a_docstring_and_yields_rows(stage):
    tree = ast.parse(stage.read_text())
    assert ast.get_docstring(tree)
    (rows,) = (
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "rows"
    )
    assert not rows.args.args
    assert ast.unparse(rows.returns) == "Iterator[Row]"


def test_a_section_names_the_machine_but_no_hosts_or_folders(run_all):
    import torch

    import soundalike

    line = run_all.machine()
    assert f"{os.cpu_count()} cores, torch on {torch.get_num_threads()} of them" in line
    assert f"torch {torch.__version__}" in line
    assert f"soundalike {soundalike.__version__}" in line
    assert platform.node() not in line.split()
    assert not re.search(r"(^|\s)[~/]\w", line)


def test_a_section_is_a_title_a_paragraph_the_machine_and_a_table(run_all, tmp_path):
    stage = tmp_path / "bench_some_thing.py"
    stage.write_text('"""What it\nis.\n\nMore of it.\n"""\nprint("| a table |")\n')
    assert (
        run_all.section(stage)
        == f"## Some thing\n\nWhat it\nis.\n\n{run_all.machine()}\n\n| a table |"
    )


def test_the_runner_runs_every_benchmark(run_all):
    assert run_all.stages() == [*STAGES, BENCHMARKS / "first_hour.py"]
    assert len(STAGES) > 3


def test_measures_of_the_gpu_run_on_a_cpu(gpu):
    """They return seconds, and values to compare."""
    results = [gpu.measure_knn(200), gpu.measure_linear(60, 3), gpu.measure_embedding(2, 1.0)]
    assert [len(result["values"]) for result in results] == [20 * 20, 2000 * 3, 2 * 512]
    assert all(result["seconds"] > 0 for result in results)


@pytest.mark.slow
def test_steps_of_the_gpu_measures_run_on_a_cpu(gpu):
    for result in (gpu.measure_figures(), gpu.measure_step("band_cnn", n_steps=1)):
        assert result["seconds"] > 0
        assert np.isfinite(result["values"]).all()


def test_a_section_is_replaced_or_inserted_in_alphabetical_order(run_all):
    text = "# All\n\nAbout.\n\n## One\n\nold\n\n## Two\n\nother\n"
    replaced = run_all.with_section(text, "## One\n\nnew")
    assert replaced == "# All\n\nAbout.\n\n## One\n\nnew\n\n## Two\n\nother\n"
    inserted = run_all.with_section(text, "## Three\n\nnew")
    assert inserted == text.replace("## Two", "## Three\n\nnew\n\n## Two")
    assert run_all.with_section("# All\n", "## One\n\nnew") == "# All\n\n## One\n\nnew\n"


def test_the_first_hour_counts_the_time_of_a_command(monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import first_hour

    command = first_hour.Command("soundalike pretrain --print_recipe", "1 s")
    with first_hour.beside(1):
        wall, used = first_hour.seconds_of(command, tmp_path)
    assert wall > 0
    assert used > 0
    assert "s of processors: soundalike pretrain --print_recipe" in capsys.readouterr().err


def test_a_command_of_the_first_hour_that_fails_shows_why(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import first_hour

    why = r"unrecognized arguments: --loud.*\s+soundalike demo --loud: exit code 2"
    with pytest.raises(SystemExit, match=why):
        first_hour.seconds_of(first_hour.Command("soundalike demo --loud", ""), tmp_path)


def test_the_sounds_of_the_first_hour(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import first_hour

    monkeypatch.setattr(first_hour, "N_CLASSES", 3)
    first_hour.write_sounds(tmp_path, 1)
    assert len(list(tmp_path.glob("*/*.wav"))) == first_hour.N_CLASSES
    assert len(list(tmp_path.glob("*.wav"))) == first_hour.N_CLASSES


def test_a_benchmark_that_fails_does_not_lose_the_others(run_all, tmp_path, monkeypatch, capsys):
    for name, code in {"bench_a": "1 / 0", "bench_b": "print('| b |')"}.items():
        (tmp_path / f"{name}.py").write_text(f'"""{name}."""\n{code}\n')
    monkeypatch.setattr(run_all, "FOLDER", tmp_path / "x")
    monkeypatch.setattr(run_all, "stages", lambda: sorted(tmp_path.glob("bench_*.py")))
    monkeypatch.setattr("sys.argv", ["run.py"])
    assert run_all.main() == 1
    assert (tmp_path / "BENCHMARKS.md").read_text().endswith("| b |\n")
    assert "bench_a.py: exit code 1" in capsys.readouterr().err


def test_jittered_archives_are_written_once_and_resumed(monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import jittered_archives as module

    from soundalike.archive.window_archive import WindowArchive

    vectors = np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32)
    monkeypatch.setattr(module, "base", lambda: vectors)
    monkeypatch.setattr(module, "FOLDER", tmp_path / "archives")
    monkeypatch.setattr(module, "ROWS_PER_ADD", 64)
    whole = module.jittered_archive(150)
    assert capsys.readouterr().err.startswith("writes 150 rows")
    assert whole.figures["rows_a_second"] > 0
    module.jittered_archive(64).path.rename(tmp_path / "begun")
    (tmp_path / "begun").rename(tmp_path / "archives" / "200")
    resumed = module.jittered_archive(200)
    for made, n_rows in (whole, 150), (resumed, 200):
        archive = WindowArchive.open(made.path)
        assert archive.rows()["id"].tolist() == list(range(n_rows))
    capsys.readouterr()
    resumed.record(index_s=3.0)
    assert module.jittered_archive(200).figures["index_s"] == 3
    assert capsys.readouterr().err == ""
