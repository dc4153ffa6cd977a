"""prepare writes the same bytes after any interruption, and touches no other folder."""

import contextlib
import hashlib
import json
import os
import random
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import threadpoolctl
from kills import assert_whole, kills

from soundalike.audio.log_mel import LogMel
from soundalike.audio.streaming import read_log_mel, read_log_mel_blocks
from soundalike.datasets import prepare as room
from soundalike.datasets.clips import Clip, ClipTable, Problem, SourceError
from soundalike.datasets.identical import AudioHash
from soundalike.datasets.prepare import (
    BrokenClipsError,
    prepare,
)
from soundalike.datasets.source import read_source
from soundalike.datasets.store import is_store, open_store, read_problems
from soundalike.runtime import lock

RATE = 16000


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Eleven clips and a broken one."""
    root = tmp_path_factory.mktemp("prepare")
    rng = np.random.default_rng(0)
    for number in range(11):
        wave = rng.uniform(-0.5, 0.5, int((0.2 + 0.3 * number) * RATE))
        soundfile.write(root / f"{number:02d}.wav", wave, RATE)
    (root / "05 broken.wav").write_text("no sound")
    return root


@pytest.fixture
def small_parts(monkeypatch):
    """Three clips per part, so that a few clips make several."""
    monkeypatch.setattr(room, "CLIPS_PER_PART", 3)


def quietly(clips, out, **more):
    """Prepare without a progress bar, in this process by default."""
    return prepare(clips, out, **({"n_workers": 1, "progress": False} | more))


def contents(folder: Path) -> dict[str, str]:
    """Return the hash of every file in a folder by its name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def whole(sounds, tmp_path_factory):
    """The store of an uninterrupted run; parts do not affect it."""
    out = tmp_path_factory.mktemp("whole") / "store"
    quietly(read_source(sounds), out)
    return contents(out)


def test_a_store_is_four_files(whole):
    assert set(whole) == {"frames.npy", "clips.parquet", "problems.csv", "store.json"}


def test_frames_are_those_of_the_front_end(sounds, tmp_path):
    front_end = LogMel(n_mels=40, hop_length=300)
    store = quietly(read_source(sounds), tmp_path / "store", front_end=front_end)
    assert store.front_end == front_end
    assert len(store.clips) == 11
    with threadpoolctl.threadpool_limits(1):
        log_mels = [read_log_mel(clip.path, front_end).astype(np.float16) for clip in store.clips]
    for index, log_mel in enumerate(log_mels):
        assert (store.of_clip(index) == log_mel).all()


def test_segments_and_further_columns(sounds, tmp_path):
    path = str(sounds / "10.wav")
    rows = pd.DataFrame({"path": [path, path], "note": ["n", "m"], "start_s": [0.0, 1.5]})
    store = quietly(ClipTable("x", rows.assign(end_s=[1.2, np.nan])), tmp_path / "store")
    assert store.clips.rows["note"].tolist() == ["n", "m"]
    assert list(store.clips) == [
        Clip(path, start_s=0.0, end_s=1.2), Clip(path, start_s=1.5, end_s=None),
    ]  # fmt: skip
    assert np.allclose(store.of_clip(0), read_log_mel(path, LogMel(), 0.0, 1.2), atol=5e-3)
    assert np.allclose(store.of_clip(1), read_log_mel(path, LogMel(), 1.5), atol=5e-3)


def test_a_long_clip_is_written_block_by_block(tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.random.default_rng(1).uniform(-0.1, 0.1, 130 * 8000), 8000)
    front_end = LogMel(sample_rate=8000, fmax=4000.0, n_mels=16)
    with threadpoolctl.threadpool_limits(1):
        blocks = list(read_log_mel_blocks(path, front_end))
    assert len(blocks) > 1
    store = quietly(ClipTable.of("x", [Clip(str(path))]), tmp_path / "store", front_end=front_end)
    assert (store.of_clip(0) == np.concatenate(blocks).astype(np.float16)).all()
    assert store.hours * 3600 == pytest.approx(130, rel=0.001)


@pytest.mark.parametrize("n_workers", [1, 2, 3])
def test_the_bytes_do_not_depend_on_the_number_of_workers(
    sounds, whole, small_parts, tmp_path, n_workers
):
    quietly(read_source(sounds), tmp_path / "store", n_workers=n_workers)
    assert contents(tmp_path / "store") == whole


PREPARE_IN_PARTS = """
from soundalike.datasets import prepare
from soundalike.datasets.source import read_source

prepare.CLIPS_PER_PART = 3

def work(folder):
    prepare.prepare(read_source(arguments[0]), folder, n_workers=1, progress=False)
"""


@kills()
def test_prepare_resumes_after_a_kill_at_any_moment(names, cut, kill_everywhere, sounds, whole):
    moments = kill_everywhere(PREPARE_IN_PARTS, sounds, names=names, cut=cut)
    # the plan; frames and record of four parts; frames, clips, problems and head; the files of the
    # parts, their folder and the plan are deleted; and one unkilled
    # a power cut comes before a file is flushed, and before its folder is
    n_written, n_deleted = (1 + 2 * 4) + 4, 2 * 4 + 1 + 1
    assert len(moments) == (2 * n_written if cut else n_written + n_deleted) + 1
    assert assert_whole(moments, mark="store.json") == whole


def test_finished_parts_are_not_recomputed(sounds, small_parts, tmp_path, monkeypatch):
    """After an interruption, the sounds of finished parts are not read again."""
    copy, out = tmp_path / "sounds", tmp_path / "store"
    shutil.copytree(sounds, copy)
    clips = read_source(copy)
    reference = quietly(clips, tmp_path / "reference")
    with monkeypatch.context() as patch:
        patch.setattr(room, "read_log_mel_blocks", interrupted_at(list(clips)[7].path))
        with pytest.raises(KeyboardInterrupt):
            quietly(clips, out)
    finished = sorted(path.name for path in (out / "parts").glob("*.json"))
    assert finished == ["0000000.json", "0000001.json"]
    for clip in list(clips)[:6]:
        os.remove(clip.path)
    quietly(clips, out)
    assert contents(out) == contents(reference.path)


def interrupted_at(last):
    """Return `read_log_mel_blocks` that is interrupted at one of the clips."""

    def read(path, *more):
        if path == last:
            raise KeyboardInterrupt
        return read_log_mel_blocks(path, *more)

    return read


PREPARE = """
import sys, threading
from pathlib import Path
from soundalike.datasets import prepare
from soundalike.datasets.source import read_source
from soundalike.runtime import lock

sounds, out, name, n_workers = sys.argv[1:]
prepare.CLIPS_PER_PART = 3
lock.PATIENCE_S = 300  # workers of the one that was killed may take a moment to end
read_log_mel_blocks = prepare.read_log_mel_blocks

def held_at_one(path, *more):
    if Path(path).name == name:
        hold()
    return read_log_mel_blocks(path, *more)

prepare.read_log_mel_blocks = held_at_one
if __name__ == "__main__":
    clips = read_source(sounds)
    if not name:
        threading.Thread(target=hold).start()
    prepare.prepare(clips, Path(out), n_workers=int(n_workers), progress=False)
"""


def test_prepare_resumes_after_two_kills_while_workers_read(
    sounds, whole, small_parts, tmp_path, start_held, monkeypatch
):
    out = tmp_path / "store"
    for n_workers in (2, 1):
        # The same clip both times: of the others, any may be done by the time of the first kill.
        program = start_held(PREPARE, sounds, out, "04.wav", n_workers)
        with program.held():
            program.kill()
        assert not is_store(out)
    monkeypatch.setattr(lock, "PATIENCE_S", 300.0)
    quietly(read_source(sounds), out, n_workers=2)
    assert contents(out) == whole


@pytest.mark.slow
def test_prepare_resumes_after_kills_at_many_moments(
    sounds, whole, small_parts, tmp_path, start_held, monkeypatch
):
    """Two kills at random times after the start, possibly after the end."""
    monkeypatch.setattr(lock, "PATIENCE_S", 300.0)
    for seed in range(100, 160):
        chance, out = random.Random(seed), tmp_path / str(seed)
        for _ in range(2):
            program = start_held(PREPARE, sounds, out, "", chance.choice([1, 2]))
            with program.held():
                time.sleep(chance.uniform(0, 0.15))
                program.kill()
        quietly(read_source(sounds), out, n_workers=2)
        assert contents(out) == whole


def test_a_finished_store_is_returned_at_once(sounds, whole, tmp_path):
    copy = tmp_path / "sounds"
    shutil.copytree(sounds, copy)
    clips, out = read_source(copy), tmp_path / "store"
    quietly(clips, out)
    shutil.rmtree(copy)
    before = {path: path.stat().st_mtime_ns for path in [out, *out.iterdir()]}
    store = quietly(clips, out)
    assert len(store.clips) == 11
    assert {path: path.stat().st_mtime_ns for path in [out, *out.iterdir()]} == before


@pytest.mark.parametrize("is_finished", [True, False])
def test_another_front_end_is_refused_naming_the_key(sounds, tmp_path, is_finished):
    out = tmp_path / "store"
    clips = read_source(sounds)
    begin(clips, out, is_finished)
    with pytest.raises(SourceError, match=r"another front end \(n_mels is 96 there and 64 here\)"):
        quietly(clips, out, front_end=LogMel(n_mels=64))


@pytest.mark.parametrize("is_finished", [True, False])
def test_other_clips_are_refused(sounds, tmp_path, is_finished):
    out = tmp_path / "store"
    clips = read_source(sounds)
    begin(clips, out, is_finished)
    with pytest.raises(SourceError, match="were added, removed or changed"):
        quietly(clips.where(np.arange(3)), out)
    assert len(quietly(clips, out).clips) == 11, "the store has not changed"


def begin(clips, out, is_finished):
    """Make a store, or begin one that fails because no part can be written."""
    if is_finished:
        quietly(clips, out)
        return
    out.mkdir()
    source = {"source": clips.name, "root": clips.root}
    plan = {"front_end": vars(LogMel()), "clips": clips.fingerprint(), **source}
    (out / room.PLAN).write_text(json.dumps(plan))


def test_a_run_that_waited_for_another_does_not_write_to_its_store(sounds, tmp_path, monkeypatch):
    """The other run claims the folder after this one has looked at it."""
    out, clips = tmp_path / "store", read_source(sounds)

    @contextlib.contextmanager
    def locked_by_another_before(folder):
        monkeypatch.undo()
        begin(clips.where(np.arange(3)), out / "other", is_finished=False)
        (out / "other" / room.PLAN).rename(out / room.PLAN)
        (out / "other").rmdir()
        with lock.locked(folder):
            yield

    monkeypatch.setattr(room, "locked", locked_by_another_before)
    with pytest.raises(SourceError, match="were added, removed or changed"):
        quietly(clips, out)
    assert list(contents(out)) == ["plan.json"]
    assert len(quietly(clips.where(np.arange(3)), out).clips) == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [("thesis.doc", "years of work"), ("parts/mine.txt", "mine"), ("plan.json", '{"goal": 1}'),
     ("store.json", "[]"), ("store.json", "not json"), ("plan.json", "")],
)  # fmt: skip
def test_a_folder_that_is_not_a_store_is_refused_and_unchanged(sounds, tmp_path, name, text):
    out = tmp_path / "mine"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text(text)
    with pytest.raises(SourceError, match="name a new folder") as error:
        quietly(read_source(sounds), out)
    assert str(out) in str(error.value)
    assert "\n" not in str(error.value)
    assert contents(out) == {name: hashlib.sha256(text.encode()).hexdigest()}


def test_a_file_in_its_place_is_refused(sounds, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SourceError, match="exists and is not a store"):
        quietly(read_source(sounds), tmp_path / "file")


def test_an_empty_or_missing_folder_is_accepted(sounds, tmp_path):
    for out in (tmp_path, tmp_path / "a" / "b" / "store"):
        assert len(quietly(read_source(sounds).where(np.arange(2)), out).clips) == 2


def test_broken_clips_are_left_out_and_listed(sounds, tmp_path):
    gone = Problem("gone.wav", "missing", 'gone.wav: a "quoted", long\nmessage')
    clips = ClipTable("x", read_source(sounds).rows, [gone])
    store = quietly(clips, tmp_path / "store")
    assert [Path(clip.path).name for clip in store.clips] == [f"{n:02d}.wav" for n in range(11)]
    assert store.n_problems == 2
    first, second = read_problems(store.path)
    assert first == gone
    assert (Path(second.path).name, second.problem) == ("05 broken.wav", "not audio")
    assert "convert it" in second.message


def test_more_problems_than_clips_is_no_error_while_a_clip_remains(sounds, tmp_path):
    missing = [Problem(f"{n}.wav", "missing", f"{n}.wav: no such file") for n in range(5)]
    clips = ClipTable.of("x", [Clip(str(sounds / "01.wav"))], missing)
    store = quietly(clips, tmp_path / "store")
    assert (len(store.clips), store.n_problems) == (1, 5)


@pytest.fixture
def leaking(sounds, tmp_path):
    """Two training clips are copies of test clips, and one of a validation clip."""

    def copy(name, of):
        return str(shutil.copy(sounds / of, tmp_path / name))

    return ClipTable.of(
        "x",
        [
            Clip(copy("a.wav", "00.wav"), split="train"),
            Clip(copy("a2.wav", "01.wav"), split="train"),
            Clip(copy("b.wav", "02.wav"), split="train"),
            Clip(copy("b2.wav", "02.wav"), split="train"),
            Clip(copy("c.wav", "02.wav"), split="validation"),
            Clip(copy("d.wav", "03.wav"), split="validation"),
            Clip(copy("e.wav", "00.wav"), split="test"),
            Clip(copy("f.wav", "01.wav"), split="test"),
        ],
    )


def test_training_clips_that_are_also_in_test_are_left_out_and_listed(leaking, tmp_path):
    store = quietly(leaking, tmp_path / "store", strict=True)
    assert [Path(clip.path).name for clip in store.clips] == ["c.wav", "d.wav", "e.wav", "f.wav"]
    problems = read_problems(store.path)
    assert store.n_problems == len(problems) == 4
    assert [(Path(each.path).name, each.problem) for each in problems] == [
        ("a.wav", "also in test"), ("a2.wav", "also in test"),
        ("b.wav", "also in validation"), ("b2.wav", "also in validation"),
    ]  # fmt: skip
    assert problems[0].message == (
        f"{tmp_path / 'a.wav'}: the same audio as {tmp_path / 'e.wav'}, which is in the split "
        "test: left out of training."
    )
    with threadpoolctl.threadpool_limits(1):
        for index, clip in enumerate(store.clips):
            assert (
                store.of_clip(index) == read_log_mel(clip.path, LogMel()).astype(np.float16)
            ).all()


def test_a_store_holds_the_hash_of_every_clip(sounds, tmp_path):
    store = quietly(read_source(sounds), tmp_path / "store")
    for clip, of_clip in enumerate(store.audio):
        audio = AudioHash()
        audio.add(store.frames[store.offsets[clip] :][: store.n_frames[clip]])
        assert of_clip == audio.digest().encode()
    assert store.select(np.array([2, 0])).audio.tolist() == store.audio[[2, 0]].tolist()


def test_copies_in_folds_stay(leaking, tmp_path):
    rows = leaking.rows.assign(fold=leaking.rows["split"], split="")
    store = quietly(ClipTable("x", rows), tmp_path / "store")
    assert (len(store.clips), store.n_problems) == (8, 0)


def test_strict_counts_only_broken_clips(leaking, sounds, tmp_path):
    broken = Clip(str(sounds / "05 broken.wav"), split="train")
    clips = ClipTable.of("x", [*leaking, broken])
    with pytest.raises(BrokenClipsError, match=r"05 broken\.wav: not audio.* \(1 in "):
        quietly(clips, tmp_path / "store", strict=True)
    assert open_store(tmp_path / "store").n_problems == 5


def test_silent_clips_of_several_splits_stay(tmp_path):
    clips = []
    for split in ("train", "test"):
        soundfile.write(tmp_path / f"{split}.wav", np.zeros(RATE), RATE)
        clips.append(Clip(str(tmp_path / f"{split}.wav"), split=split))
    store = quietly(ClipTable.of("x", clips), tmp_path / "store")
    assert (len(store.clips), store.n_problems) == (2, 0)


def test_strict_fails_at_a_broken_clip(sounds, tmp_path):
    out = tmp_path / "store"
    for _ in range(2):
        with pytest.raises(BrokenClipsError, match=r"05 broken\.wav: not audio") as error:
            quietly(read_source(sounds), out, strict=True)
        assert f"(1 in {out / 'problems.csv'})" in str(error.value)
        assert f"delete {out} and run it again" in str(error.value)
    assert len(quietly(read_source(sounds), out).clips) == 11, "without it the store will do"
    good = read_source(sounds).where(np.arange(5))
    assert len(quietly(good, tmp_path / "good", strict=True).clips) == 5


def test_prepare_fails_if_every_clip_is_broken(sounds, tmp_path):
    clips = ClipTable.of("x", [Clip(str(sounds / "05 broken.wav")), Clip("gone.wav")])
    for _ in range(2):
        with pytest.raises(BrokenClipsError, match=r"no clip could be read\. The first: .*broken"):
            quietly(clips, tmp_path / "store")
    assert len(read_problems(tmp_path / "store")) == 2


@pytest.mark.usefixtures("every_update_is_shown")
def test_the_bar_counts_clips_and_hours(sounds, small_parts, tmp_path, capsys):
    quietly(read_source(sounds), tmp_path / "silent")
    assert capsys.readouterr() == ("", "")
    quietly(read_source(sounds), tmp_path / "store", progress=True)
    out, errors = capsys.readouterr()
    assert out == ""
    assert "12/12 clips" in errors
    assert "audio hours/min" in errors


def test_the_fingerprint_includes_clips_that_were_left_out(sounds, tmp_path):
    clips = read_source(sounds)
    assert quietly(clips, tmp_path / "store").fingerprint == clips.fingerprint()
    assert open_store(tmp_path / "store").clips.fingerprint() != clips.fingerprint()


def test_clips_outside_the_band_are_said_when_prepared_and_when_opened(tmp_path, capsys):
    """A 384 kHz recording of bats is silence to the default front end, and nothing said so."""
    rate = 384000
    for frequency in (25000, 50000):
        call = np.sin(2 * np.pi * frequency / rate * np.arange(rate // 8))
        soundfile.write(tmp_path / f"{frequency}.wav", 0.5 * call, rate)
    clips, out = read_source(tmp_path), tmp_path / "store"
    words = "25000.wav and 1 more: 100% of the energy is above 10,500 Hz"
    for _ in range(2):
        quietly(clips, out, progress=True)
        assert words in capsys.readouterr().err
    assert words in open_store(out).clips.notes[0]
    quietly(clips, tmp_path / "hears", front_end=LogMel(sample_rate=192000, fmax=90000.0))
    assert open_store(tmp_path / "hears").clips.notes == []
