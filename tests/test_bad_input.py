"""Bad sounds, full disks, missing permissions: commands continue or fail with one line."""

import contextlib
import ctypes
import filecmp
import json
import os
import random
import stat
import subprocess
import sys
import tarfile
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import tars

from soundalike.cli import DONE, FAILED, WRONG_USE
from soundalike.cli.main import main
from soundalike.datasets.store import is_store, open_store, read_problems
from soundalike.search.archive import Archive

RATE = 22050
TINY = [
    "--recipe", "tiny", "--encoder.width", "4", "--head.hidden_dim", "16", "--head.out_dim", "16",
    "--training.n_epochs", "2", "--training.batch_size", "10", "--training.precision", "32-true",
]  # fmt: skip


def noise(duration_s, rate=RATE, seed=0):
    """Return noise, float32."""
    n_samples = max(1, int(duration_s * rate))
    return np.random.default_rng(seed).uniform(-0.3, 0.3, n_samples).astype(np.float32)


BROKEN = {
    "zero bytes.wav": "empty",
    "header only.wav": "no samples",
    "half a header.wav": "damaged",
    "truncated.wav": "truncated",
    "truncated.flac": "truncated",
    "a text.wav": "not audio",
    "nan.wav": "samples that are not numbers",
    "infinite.wav": "samples that are not numbers",
    "dangling.wav": "missing",
    "loop.wav": "unreadable",
    "pipe.wav": "not a file",
    "socket.wav": "not a file",
    "device.wav": "not a file",
}
GOOD = [
    "silence.wav", "10 ms.wav", "one sample.wav", "8 channels.wav", "192 kHz.wav", "8 kHz.wav",
    "constant.wav", "float above one.wav", "24 bit.flac", "vorbis.ogg", "big endian.aiff",
    "SHOUTING.WAV", "läng " + "é" * 110 + ".wav", "new\nline.wav", *(f"{n}.wav" for n in range(6)),
]  # fmt: skip


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    """A folder with broken, unusual and ordinary sounds."""
    root = tmp_path_factory.mktemp("zoo") / "sounds"
    root.mkdir()

    def write(name, wave, rate=RATE, subtype=None):
        soundfile.write(root / name, wave, rate, subtype=subtype)
        return root / name

    for number in range(6):
        write(f"{number}.wav", noise(1.5, seed=number))
    write("silence.wav", np.zeros(2 * RATE, np.float32))
    write("10 ms.wav", noise(0.01))
    write("one sample.wav", noise(0))
    write("8 channels.wav", noise(8).reshape(-1, 8))
    write("192 kHz.wav", noise(1, 192_000), 192_000)
    write("8 kHz.wav", noise(2, 8000), 8000)
    write("constant.wav", np.ones(RATE, np.float32), subtype="FLOAT")
    write("float above one.wav", 1000 * noise(1), subtype="FLOAT")
    write("24 bit.flac", noise(1), subtype="PCM_24")
    write("vorbis.ogg", noise(1))
    write("big endian.aiff", noise(1))
    write("SHOUTING.WAV", noise(1))
    write(GOOD[12], noise(1))
    write("new\nline.wav", noise(1))

    whole = write("truncated.wav", noise(2)).read_bytes()
    (root / "truncated.wav").write_bytes(whole[: len(whole) // 2])
    (root / "header only.wav").write_bytes(whole[:44])
    (root / "half a header.wav").write_bytes(whole[:20])
    whole = write("truncated.flac", noise(2)).read_bytes()
    (root / "truncated.flac").write_bytes(whole[: len(whole) // 2])
    (root / "zero bytes.wav").touch()
    (root / "a text.wav").write_text("Dear diary, this is not a sound.\n" * 100)
    for name, value in (("nan.wav", np.nan), ("infinite.wav", np.inf)):
        wave = noise(1)
        wave[RATE // 2] = value
        write(name, wave, subtype="FLOAT")
    (root / "dangling.wav").symlink_to(root / "gone")
    (root / "loop.wav").symlink_to(root / "loop.wav")
    os.mkfifo(root / "pipe.wav")
    os.mknod(root / "socket.wav", 0o600 | stat.S_IFSOCK)
    (root / "device.wav").symlink_to("/dev/zero")
    return root


def names(paths):
    """Return the names of files, sorted."""
    return sorted(Path(path).name for path in paths)


def check_problems(path):
    """Check that the list has every broken clip with its problem and a one-line message."""
    problems = pd.read_csv(path)
    assert dict(
        zip(names(problems["path"]), problems.sort_values("path")["problem"], strict=True)
    ) == (BROKEN)
    assert all(message.isprintable() for message in problems["message"])


def test_scan_lists_the_bad_files(zoo, tmp_path, capsys):
    assert main(["scan", str(zoo), "--workers", "2", "--json", str(tmp_path / "scan.json")]) == DONE
    report = json.loads((tmp_path / "scan.json").read_text())
    assert report["n_clips"] == len(GOOD) + len(BROKEN)
    assert report["n_readable"] == len(GOOD)
    assert {Path(p["path"]).name: p["problem"] for p in report["problems"]} == BROKEN
    silent = ["constant.wav", "one sample.wav", "silence.wav"]  # an offset is no sound
    assert names(report["silent"]) == silent
    assert {"192000", "8000", "22050"} == set(report["sample_rates"])
    assert report["channels"]["8"] == 1
    out = capsys.readouterr().out
    assert f"{len(GOOD) + len(BROKEN)} ({len(GOOD)} readable)" in out
    assert "and 8 more: --csv FILE lists all" in out


def test_scan_lists_the_bad_files_of_a_tar(zoo, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = [(path.name, path.read_bytes()) for path in sorted(zoo.iterdir()) if path.is_file()]
    others = [tars.link("dangling.wav", "gone"), tars.link("pipe.wav", "", tarfile.FIFOTYPE)]
    tar = tars.write_tar(tmp_path / "zoo.tar", [*files, *others])
    report_file = tmp_path / "scan.json"
    assert main(["scan", str(tar), "--workers", "2", "--json", str(report_file)]) == DONE
    report = json.loads(report_file.read_text())
    assert report["n_readable"] == len(GOOD)
    problems = [(Path(each["path"]).name, each["problem"]) for each in report["problems"]]
    of_sounds = {name: kind for name, kind in problems if name != tar.name}
    assert of_sounds == {name: BROKEN[name] for name in BROKEN if (zoo / name).is_file()}
    assert [kind for name, kind in problems if name == tar.name] == ["tar", "tar"]
    assert all(each["message"].isprintable() for each in report["problems"])


@pytest.fixture(scope="module")
def zoo_run(nursery, zoo, tmp_path_factory):
    """A pre-training on the zoo from the command line, and its last line of output."""
    run = tmp_path_factory.mktemp("zoo_run") / "run"
    child = nursery.run("-m", "soundalike", "pretrain", zoo, "--out", run, *TINY)
    assert child.returncode == DONE, child.stderr
    return run, child.stdout.splitlines()[-1]


def test_pretrain_skips_the_bad_files(zoo, zoo_run):
    run, last_line = zoo_run
    assert last_line.endswith(f"; skipped {len(BROKEN)} (see {run / 'store' / 'problems.csv'})")
    check_problems(run / "store" / "problems.csv")
    store = open_store(run / "store")
    assert names(clip.path for clip in store.clips) == sorted(GOOD)
    assert np.isfinite(store.frames).all()
    loss = pd.read_csv(run / "metrics.csv")["loss"]
    assert np.isfinite(loss).all()


def test_prepare_gives_the_same_store_with_bad_files(zoo, zoo_run, tmp_path, capsys):
    out = tmp_path / "store"
    words = ["prepare", str(zoo), "--out", str(out), "--json", str(tmp_path / "j")]
    assert main([*words, "--recipe", "tiny"]) == DONE
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"{len(GOOD)} clips, ")
    assert last.endswith(f"; skipped {len(BROKEN)} (see {out / 'problems.csv'})")
    numbers = json.loads((tmp_path / "j").read_text())
    assert (numbers["n_clips"], numbers["n_problems"]) == (len(GOOD), len(BROKEN))
    for file in ("frames.npy", "clips.parquet", "problems.csv", "store.json"):
        assert filecmp.cmp(out / file, zoo_run[0] / "store" / file, shallow=False), file


def test_embed_skips_the_bad_files(zoo, zoo_run, tmp_path, capsys):
    out = tmp_path / "zoo.parquet"
    assert main(["embed", str(zoo_run[0]), str(zoo), "--out", str(out)]) == DONE
    last = capsys.readouterr().out.splitlines()[-1]
    problems = tmp_path / "zoo.parquet.problems.csv"
    assert f"windows of {len(GOOD)} clips (" in last
    assert last.endswith(f") in {out}; skipped {len(BROKEN)} (see {problems})")
    check_problems(problems)
    rows = pd.read_parquet(out)
    assert names(rows["path"].unique()) == sorted(GOOD)
    assert np.isfinite(np.stack(rows["vector"])).all()


@pytest.mark.parametrize("command", ["prepare", "embed", "pretrain"])
def test_strict_fails_at_a_bad_file(zoo, zoo_run, tmp_path, capsys, command):
    out = tmp_path / ("out.csv" if command == "embed" else "out")
    words = {
        "prepare": ["prepare", str(zoo)],
        "embed": ["embed", str(zoo_run[0]), str(zoo)],
        "pretrain": ["pretrain", str(zoo), *TINY],
    }[command]
    assert main([*words, "--out", str(out), "--strict"]) == FAILED
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.splitlines()[-1]
    assert last.startswith(f"soundalike: {zoo}")
    assert any(name in last for name in BROKEN)
    assert not out.is_file(), "nothing is embedded"
    assert not (out / "config.yaml").exists(), "nothing is trained"


def test_only_bad_files_is_an_error(tmp_path, zoo_run, capsys):
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    (sounds / "a.wav").touch()
    for words in (["prepare"], ["embed", str(zoo_run[0])], ["pretrain"]):
        out = tmp_path / (f"{words[0]}.csv" if words[0] == "embed" else words[0])
        assert main([*words, str(sounds), "--out", str(out)]) == FAILED
        last = capsys.readouterr().err.splitlines()[-1]
        assert last.startswith("soundalike: no clip could be read. The first: ")
        assert "a.wav: empty: the file has no bytes" in last
    assert main(["scan", str(sounds)]) == DONE
    assert "1 (0 readable)" in capsys.readouterr().out


@pytest.mark.slow
def test_a_hundred_thousand_files_in_a_folder(tmp_path, capsys):
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for number in range(100_000):
        (sounds / f"{number:06d}.wav").touch()
    for number in range(0, 100_000, 10_000):
        soundfile.write(sounds / f"{number:06d}.wav", noise(0.1, seed=number), RATE)
    assert main(["scan", str(sounds), "--json", str(tmp_path / "scan.json")]) == DONE
    report = json.loads((tmp_path / "scan.json").read_text())
    assert (report["n_clips"], report["n_readable"]) == (100_000, 10)
    assert Counter(each["problem"] for each in report["problems"]) == {"empty": 99_990}


# Files that change while they are read


def cut_short(path, content):
    os.truncate(path, path.stat().st_size // 2)


def grow(path, content):
    with path.open("ab") as file:
        file.write(content[-5000:])


def vanish(path, content):
    path.unlink()


def become_another(path, content):
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)


def become_noise(path, content):
    path.write_bytes(content[-5000:])


CHANGES = [cut_short, grow, vanish, become_another, become_noise]


@contextlib.contextmanager
def changing(folder, seed):
    """Change files of a folder until the context ends: Python's own threads let others work."""
    paths = sorted(folder.iterdir())
    contents = [path.read_bytes() for path in paths]
    is_over, chance = threading.Event(), random.Random(seed)

    def change():
        while not is_over.wait(0.001):
            path = chance.choice(paths)
            if path.exists() or chance.random() < 0.5:
                turn = chance.choice(CHANGES) if path.exists() else become_another
                turn(path, chance.choice(contents))

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.fixture
def many_sounds(tmp_path):
    """A folder of forty sounds."""
    (tmp_path / "sounds").mkdir()
    for number in range(40):
        soundfile.write(tmp_path / "sounds" / f"{number}.wav", noise(1.5, seed=number), RATE)
    return tmp_path / "sounds"


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 20))]
)
def test_an_archive_catches_up_with_files_that_changed_while_they_were_read(
    seed, nursery, run, many_sounds, tmp_path
):
    words = ["-m", "soundalike", "embed", run.path, many_sounds, "--out"]
    with changing(many_sounds, seed):
        for _ in range(2):
            process = nursery.run(*words, tmp_path / "changed")
            assert process.returncode == DONE, process.stderr
    for out in ("changed", "fresh"):
        process = nursery.run(*words, tmp_path / out)
        assert process.returncode == DONE, process.stderr
    changed, fresh = (Archive.open(tmp_path / out).to_pandas() for out in ("changed", "fresh"))
    assert len(fresh)
    changed = changed[changed["path"].isin(fresh["path"])]
    order, columns = ["path", "start_s"], ["path", "recording", "start_s", "end_s", "duration_s"]
    changed, fresh = (table.sort_values(order, ignore_index=True) for table in (changed, fresh))
    pd.testing.assert_frame_equal(changed[columns], fresh[columns])
    np.testing.assert_allclose(np.stack(changed["vector"]), np.stack(fresh["vector"]), atol=1e-5)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 20))]
)
def test_a_store_of_files_that_changed_while_they_were_read_is_whole(
    seed, nursery, many_sounds, tmp_path
):
    """What was read is in it or listed; that a file has changed is said by the next run."""
    words = ["-m", "soundalike", "prepare", many_sounds, "--out", tmp_path / "store"]
    with changing(many_sounds, seed):
        process = nursery.run(*words, "--workers", 2)
    assert process.returncode == DONE, process.stderr
    store, problems = open_store(tmp_path / "store"), read_problems(tmp_path / "store")
    paths = [clip.path for clip in [*store.clips, *problems]]
    assert len(paths) == len(set(paths)) > 5  # files that were there when the folder was listed
    assert np.isfinite(store.frames).all()
    again = nursery.run(*words)
    assert again.returncode in (DONE, WRONG_USE)
    if again.returncode == WRONG_USE:
        assert again.stderr.count("\n") == 1
        assert "changed" in again.stderr


# A full disk


LIMITED = """
import resource, sys
from soundalike.cli.main import main

n_bytes = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture
def limited(nursery):
    """Run a command in a child process with a limit on the size of files."""
    return lambda n_bytes, *words: nursery.run("-c", LIMITED, n_bytes, *words)


def check_plain_failure(child, *words):
    """Check that it failed with one line that contains the words."""
    assert child.returncode == FAILED
    assert "Traceback" not in child.stderr
    last = child.stderr.splitlines()[-1]
    assert last.startswith("soundalike: ")
    for word in words:
        assert word in last
    assert child.stderr.count("soundalike: ") == 1


def files(folder):
    """Return the names of all files below a folder."""
    return {path.name for path in folder.rglob("*") if path.is_file()}


PREPARE_CHILD = """
import resource, sys
from pathlib import Path
from soundalike.datasets import prepare
from soundalike.datasets.source import read_source

prepare.CLIPS_PER_PART = 8
clips = read_source(sys.argv[1])
for n_bytes in map(int, sys.argv[4:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, resource.RLIM_INFINITY))
    try:
        prepare.prepare(clips, Path(sys.argv[2]), n_workers=int(sys.argv[3]), progress=False)
    except OSError as error:
        print(Path(error.filename).name)
    else:
        print("done")
"""


@pytest.mark.parametrize("n_workers", [1, 2])
def test_prepare_resumes_as_disk_space_grows(nursery, store, sound_folder, tmp_path, n_workers):
    """The limit stops each file in turn; none is left half-written, and the store is the same."""
    out, limits = tmp_path / "store", [0, 100, 50_000, 500_000, 10_000_000]
    child = nursery.run("-c", PREPARE_CHILD, sound_folder, out, n_workers, *limits)
    assert child.returncode == 0, child.stderr
    assert child.stdout.split() == [
        "plan.json", "plan.json", "0000000.float16", "frames.npy", "done",
    ]  # fmt: skip
    assert files(out) == files(store.path)
    for name in files(out):
        assert (out / name).read_bytes() == (store.path / name).read_bytes()


@pytest.mark.slow
def test_a_full_disk_in_prepare(limited, sound_folder, tmp_path):
    out = tmp_path / "store"
    child = limited(50_000, "prepare", sound_folder, "--out", out, "--workers", 2)
    check_plain_failure(child, "0000000.float16: file too large: free some")
    assert not is_store(out)
    assert files(out) == {"plan.json"}
    assert main(["prepare", str(sound_folder), "--out", str(out)]) == DONE
    assert files(out) == {"frames.npy", "clips.parquet", "problems.csv", "store.json"}


def test_a_full_disk_in_embed(limited, sound_folder, run, tmp_path):
    out = tmp_path / "new" / "rows.parquet"
    child = limited(5000, "embed", run.path, sound_folder, "--out", out)
    check_plain_failure(child, f"{out}: file too large: free some")
    assert files(tmp_path) == set()
    assert main(["embed", str(run.path), str(sound_folder), "--out", str(out)]) == DONE
    assert files(tmp_path) == {"rows.parquet"}


@pytest.mark.parametrize(
    "n_bytes",
    [
        pytest.param(0, marks=pytest.mark.slow),
        pytest.param(4000, marks=pytest.mark.slow),
        100_000,
    ],
)
def test_a_full_disk_in_pretrain(limited, store, tmp_path, capsys, n_bytes):
    out = tmp_path / "run"
    words = ["pretrain", store.path, "--out", out, *TINY]
    check_plain_failure(limited(n_bytes, *words))
    assert "last.ckpt" not in files(out)
    assert not {name for name in files(out) if name.endswith(".partial")}
    assert main([str(word) for word in words]) == DONE
    assert capsys.readouterr().out.startswith("trained for 6 steps")
    assert pd.read_csv(out / "metrics.csv")["step"].tolist() == list(range(1, 7))


@pytest.fixture
def full_device(tmp_path):
    """A device without space: a copy of /dev/full if one can be made."""
    if os.getuid() != 0:
        return Path("/dev/full")  # which an ordinary user cannot replace
    try:
        os.mknod(tmp_path / "full", 0o020666, os.makedev(1, 7))
        (tmp_path / "full").write_text("")
    except OSError as error:
        pytest.skip(f"no device can be made here ({error})")
    return tmp_path / "full"


def test_a_file_where_a_folder_is_needed(sound_folder, tmp_path, capsys):
    (tmp_path / "notes").touch()
    words = ["scan", str(sound_folder), "--workers", "1", "--json", str(tmp_path / "notes" / "x")]
    assert main(words) == FAILED
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"soundalike: {tmp_path / 'notes'}")
    assert last.endswith(": choose another path, then run it again")


def test_json_to_a_full_device(full_device, sound_folder, capsys):
    assert main(["scan", str(sound_folder), "--workers", "1", "--json", str(full_device)]) == FAILED
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == (
        "soundalike: no space left on device: free some space or choose another path, then run it "
        "again"
    )
    assert full_device.is_char_device(), "a device is written to, not replaced"


# Permissions


def give_up_root_powers():
    """Make file permissions apply to root too, in a child process before it starts."""
    change_bounding_set, read_and_write_anything, read_anything = 24, 1, 2
    for power in (read_and_write_anything, read_anything):
        if ctypes.CDLL(None).prctl(change_bounding_set, power, 0, 0, 0):
            raise OSError("this root may not give up its powers")


@pytest.fixture
def ordinarily():
    """Run commands without root's right to read and write everything."""

    def run(*words):
        return subprocess.run(
            [sys.executable, *map(str, words)],
            preexec_fn=give_up_root_powers if os.getuid() == 0 else None,
            capture_output=True,
            text=True,
        )

    try:
        run("-c", "pass")
    except subprocess.SubprocessError:
        pytest.skip("root may not give up its powers here, so nothing is forbidden to it")
    return lambda *words: run("-m", "soundalike", *words)


def test_unreadable_clips_and_folders_are_problems(ordinarily, tmp_path):
    sounds = tmp_path / "sounds"
    (sounds / "locked").mkdir(parents=True)
    for name in ("good.wav", "secret.wav", "locked/inside.wav"):
        soundfile.write(sounds / name, noise(1), RATE)
    os.chmod(sounds / "secret.wav", 0)
    os.chmod(sounds / "locked", 0)
    child = ordinarily("scan", sounds, "--workers", 1, "--json", "/dev/stdout")
    os.chmod(sounds / "locked", 0o755)
    assert child.returncode == DONE, child.stderr
    report, _ = json.JSONDecoder().raw_decode(child.stdout)
    assert report["n_readable"] == 1
    assert {problem["path"] for problem in report["problems"]} == {
        str(sounds / "secret.wav"), str(sounds / "locked"),
    }  # fmt: skip
    assert {problem["problem"] for problem in report["problems"]} == {
        "permission denied", "permission",
    }  # fmt: skip


def test_an_unreadable_source_is_refused_in_one_line(ordinarily, tmp_path):
    sounds, manifest = tmp_path / "sounds", tmp_path / "clips.csv"
    sounds.mkdir()
    manifest.write_text("path\na.wav\n")
    for source in (sounds, manifest):
        os.chmod(source, 0)
        child = ordinarily("scan", source)
        os.chmod(source, 0o755)
        assert child.returncode == WRONG_USE
        assert child.stderr.startswith(f"soundalike: {source}: ")
        assert "ermission denied" in child.stderr
        assert child.stderr.count("\n") == 1


def test_a_read_only_folder_is_refused_in_one_line(ordinarily, tmp_path):
    sounds, locked = tmp_path / "sounds", tmp_path / "locked"
    sounds.mkdir()
    locked.mkdir()
    soundfile.write(sounds / "a.wav", noise(1), RATE)
    os.chmod(locked, 0o555)
    child = ordinarily("scan", sounds, "--workers", 1, "--json", locked / "scan.json")
    check_plain_failure(child, f"{locked / 'scan.json'}: permission denied: ")
