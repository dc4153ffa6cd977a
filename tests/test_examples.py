"""Every example runs unmodified on generated sounds."""

import contextlib
import os
import re
import signal
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

import soundalike as sa
from soundalike.models.band_cnn import BandCNN

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run(nursery):
    """Run an example as in its docstring; return the lines it prints."""

    def run_example(script, *arguments):
        process = nursery.run(EXAMPLES / script, *arguments)
        assert process.returncode == 0, process.stderr
        return process.stdout.splitlines()

    return run_example


def test_train_in_plain_torch(run, tmp_path):
    rng = np.random.default_rng(0)
    time_s = np.arange(30000) / 22050
    for number in range(12):  # every clip is distinct: tones half an octave apart
        wave = np.sin(2 * np.pi * 100 * 2 ** (number / 2) * time_s)
        wave += 0.01 * rng.standard_normal(len(wave))
        soundfile.write(tmp_path / f"{number}.wav", 0.5 * wave, 22050)
    lines = run("train_in_plain_torch.py", tmp_path, tmp_path / "encoder.pt")
    losses = [float(line.rpartition(" ")[2]) for line in lines]
    assert len(losses) == 20
    at_chance = np.log(2 * 12 - 1)  # every other view is equally likely to be the partner
    # 0.4 of it at the end; 0.7 to 0.9 in every epoch with a learning rate of 0
    assert np.mean(losses[-5:]) < 0.6 * at_chance
    BandCNN((16, 32, 64, 64)).load_state_dict(torch.load(tmp_path / "encoder.pt"))


def test_embed_and_search(run, sound_folder, tmp_path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for kind in ("low", "middle", "high"):
        for number in range(4):
            target = folder / f"{kind}{number}.wav"
            target.write_bytes((sound_folder / kind / f"{number}.wav").read_bytes())
    (folder / "empty.wav").touch()
    query = folder / "high1.wav"
    first, second, *others = run("embed_and_search.py", folder, query)
    assert first == f"1.000  {query}"
    assert "/high" in second
    assert len(others) == 3
    assert run("embed_and_search.py", folder, query)[0] == first  # now from the stored vectors


def test_search_archive(run, sound_folder, tmp_path):
    folder = tmp_path / "sounds"
    for kind in ("low", "high"):
        (folder / kind).mkdir(parents=True)
        for number in range(3):
            name = f"{kind}/{number}.wav"
            (folder / name).write_bytes((sound_folder / name).read_bytes())
    for counts in ("6 new sounds, 0 known, 6 windows", "0 new sounds, 6 known, 6 windows"):
        lines = run("search_archive.py", folder, tmp_path / "archive", folder / "low" / "1.wav")
        assert lines[0] == counts
        assert {line.split()[-1] for line in lines[1:3]} == {"low/0.wav", "low/2.wav"}
        assert lines[-1] == "{'high': 3, 'low': 3}"


def test_classify_with_sklearn(run, sound_folder):
    accuracy, *probabilities = run(
        "classify_with_sklearn.py", sound_folder, sound_folder / "low" / "3.wav"
    )
    assert float(accuracy.rpartition(" ")[2]) > 0.9
    best = max(probabilities)
    assert best.endswith("low")
    assert sum(float(line.split()[0]) for line in probabilities) == pytest.approx(1, abs=0.02)


def processes_at(folder):
    """Return the processes that hold the lock of a shard in a folder, and which shard."""
    shards = {}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # it has ended, or has closed the file
            path = Path(os.readlink(link))
            if path.parent == folder:
                shards[int(link.parts[2])] = path
    return shards


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("ray"), reason="needs the extra ray, which is large")
def test_embed_on_ray(nursery, tmp_path, monkeypatch):
    """Two workers, one of which is killed: no row is lost, and none is there twice."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    sounds, archive = tmp_path / "sounds", tmp_path / "archive"
    sounds.mkdir()
    rng = np.random.default_rng(0)
    for number in range(160):
        soundfile.write(sounds / f"{number}.wav", 0.1 * rng.standard_normal(22050), 22050)
    job = nursery.start(EXAMPLES / "embed_on_ray.py", sounds, archive, 6)
    workers = {}
    while len(workers) < 2:
        assert job.poll(0.02) is None, job.communicate()
        workers = processes_at(tmp_path / "archive.shards")
    killed, shard = workers.popitem()
    assert not (shard / "shard.json").exists()
    os.kill(killed, signal.SIGKILL)
    out, errors = job.communicate()
    assert job.returncode == 0, errors
    assert re.search(r"^6 shards by \d processes$", out, re.MULTILINE)
    assert "added 160 windows of 160 clips of 6 shards; 160 rows in" in out

    one = nursery.run("-m", "soundalike", "embed", sounds, "--out", tmp_path / "one")
    assert one.returncode == 0, one.stderr
    rows, expected = (
        sa.Archive.open(path).to_pandas().sort_values("path", ignore_index=True)
        for path in (archive, tmp_path / "one")
    )
    of_rows = rows.columns.drop(["id", "vector"])
    pd.testing.assert_frame_equal(rows[of_rows], expected[of_rows])
    ours, theirs = np.stack(rows["vector"]), np.stack(expected["vector"])
    cosines = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    assert cosines.min() > 0.999  # with bfloat16, where the processor has it


def test_every_example_is_tested():
    tests = Path(__file__).read_text()
    scripts = list(EXAMPLES.glob("*.py"))
    assert scripts
    for script in scripts:
        assert script.name in tests
