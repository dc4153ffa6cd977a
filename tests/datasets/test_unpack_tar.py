"""Tars are unpacked into the user's cache, once, and stay inside their folder."""

import errno
import io
import json
import os
import resource
import shutil
import signal
import sys
import threading
from pathlib import Path

import pytest
import tars
from power_cut import POWER_CUTS

from soundalike.datasets import unpack_tar
from soundalike.datasets.clips import SourceError
from soundalike.datasets.unpack_tar import RECORD, unpack, unpacked_folder

A, B = tars.sound(0), tars.sound(1)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def unpacked(tmp_path, *files):
    """Unpack a tar of these files; return its clips without their sizes, and its messages."""
    result = unpack(tars.write_tar(tmp_path / "a.tar", list(files)))
    clips = [{name: clip[name] for name in clip if name != "size"} for clip in result.clips]
    return clips, [problem.message for problem in result.problems]


@pytest.mark.parametrize(
    ("files", "fields"),
    [
        ({}, {}),
        ({"0.cls": b"3"}, {"label": "3"}),
        ({"0.cls": b"dog\n"}, {"label": "dog"}),
        ({"0.txt": b"\xef\xbb\xbfdog"}, {"label": "dog"}),
        ({"0.json": b'{"label": "dog"}'}, {"label": "dog"}),
        ({"0.json": b'{"Tags": ["dog", "rain"], "Fold": 3, "x": {}}'},
         {"label": "dog;rain", "fold": "3"}),
        ({"0.json": b'{"path": "x", "label": null, "split": "val"}'}, {"split": "val"}),
        ({"0.txt": b"a dog", "0.json": b'{"label": "dog", "fold": 1}', "0.cls": b"3"},
         {"label": "3", "fold": "1"}),
        ({"0.CLS": b"dog"}, {"label": "dog"}),
        ({"x/0.cls": b"dog", "0.seg.cls": b"rain"}, {"label": "rain"}),
        ({"0.txt": b"word " * 100, "0.png": b"x", ".0.cls": b"cat", "cls": b"x"}, {}),
    ],
)  # fmt: skip
def test_a_sound_has_the_label_of_its_sample(tmp_path, files, fields):
    others = list(files.items())
    clips, problems = unpacked(tmp_path, *others[:1], ("0.wav", A), *others[1:])
    assert clips == [{"path": "0.wav", **fields}]
    assert problems == []
    assert (unpacked_folder(tmp_path / "a.tar") / "0.wav").read_bytes() == A


def test_several_sounds_of_a_sample_have_one_label_unless_each_has_its_own(tmp_path):
    sounds = [("0.left.wav", A), ("0.right.FLAC", B), ("1.wav", A)]
    clips, _ = unpacked(tmp_path, *sounds, ("0.cls", b"dog"), ("0.right.cls", b"cat"))
    assert [(clip["path"], clip.get("label")) for clip in clips] == [
        ("0.left.wav", "dog"), ("0.right.FLAC", "cat"), ("1.wav", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("0.cls", b"\x80\x04\x95", "not UTF-8"),
        ("0.cls", b"a\0b", "not a class"),
        ("0.cls", b"x" * 300, "not a class"),
        ("0.json", b"[3]", "not an object"),
        ("0.json", b"{", "Expecting property name"),
        ("0.json", b"[" * 100_000, "maximum recursion depth"),
        ("0.json", b'{"label": "' + b"x" * 2**20 + b'"}', "too long"),
        ("0.json", b'{"x": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
    ],
)
def test_a_label_that_cannot_be_read_is_a_problem(tmp_path, name, content, reason):
    clips, (problem,) = unpacked(tmp_path, ("0.wav", A), (name, content))
    assert clips == [{"path": "0.wav"}]
    assert problem.startswith(f"{tmp_path}/a.tar: the label in {name} is not read ({reason}")
    assert problem.isprintable()


def files_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_written_outside_of_the_folder(tmp_path):
    """Not by names, and not through a link that an earlier member made."""
    bad = [
        ("../out.wav", A), ("/tmp/out.wav", A), ("a/../../out.wav", A), tars.link("d", ".."),
        ("d/out.wav", A), tars.link("e.wav", "/etc/passwd"), tars.link("f.wav", "0.wav", b"1"),
    ]  # fmt: skip
    clips, problems = unpacked(tmp_path, ("0.wav", A), *bad, ("1.wav", B))
    assert [clip["path"] for clip in clips] == ["0.wav", "d/out.wav", "1.wav"]
    assert len(problems) == 6
    folder = unpacked_folder(tmp_path / "a.tar")
    assert files_below(folder) == {"0.wav", "1.wav", "d/out.wav", RECORD}
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert files_below(tmp_path) - {"a.tar"} == {
        path.relative_to(tmp_path).as_posix() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("0.wav", "another file has its name"),
        ("0.wav/1.wav", "another file has its name"),
        ("x" * 300 + ".wav", "file name too long"),
        ((99 * "d" + "/") * 50 + "0.wav", "file name too long"),
    ],
)
def test_a_name_that_the_disk_does_not_take_is_a_problem(tmp_path, name, reason):
    clips, (problem,) = unpacked(tmp_path, ("0.wav", A), (name, B), ("2.wav", B))
    assert [clip["path"] for clip in clips] == ["0.wav", "2.wav"]
    assert problem == f"{tmp_path}/a.tar: {name} is not read: {reason}."
    assert (unpacked_folder(tmp_path / "a.tar") / "0.wav").read_bytes() == A


def test_a_sound_that_is_cut_off_is_not_kept(tmp_path):
    tar = tars.write_tar(tmp_path / "a.tar", [("0.wav", A), ("0.cls", b"dog"), ("1.wav", B)])
    with tar.open("r+b") as file:
        file.truncate(tar.read_bytes().index(B) + 100)
    result = unpack(tar)
    assert result.clips == [{"path": "0.wav", "size": len(A), "label": "dog"}]
    assert files_below(result.folder) == {"0.wav", RECORD}
    (problem,) = result.problems
    assert problem.message.startswith(f"{tar}: damaged after 2 files")
    assert unpack(tar) == result


class FailingFile(io.FileIO):
    """A file on a disk that cannot read what follows its first kilobytes."""

    def read(self, size=-1):
        if self.tell() + size > 20_480:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(size)


def test_a_sound_that_the_disk_cannot_read_is_named_and_not_kept(tmp_path, monkeypatch):
    files = [("0.cls", b"dog"), ("0.wav", tars.sound(0, 1.0)), ("1.wav", B)]
    tar, open_file = tars.write_tar(tmp_path / "a.tar", files), Path.open

    def open_on_the_disk(path, *how, **more):
        return FailingFile(path) if path == tar else open_file(path, *how, **more)

    monkeypatch.setattr(Path, "open", open_on_the_disk)
    result = unpack(tar)
    assert result.clips == []
    assert files_below(result.folder) == {RECORD}
    (problem,) = result.problems
    assert problem.message == (
        f"{tar}: damaged after 1 file (Input/output error in 0.wav): what follows is not read; "
        "copy it again."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of files")
def test_nothing_of_a_failed_unpacking_stays(tmp_path, monkeypatch):
    tar = tars.write_tar(tmp_path / "a.tar", [("0.wav", A), ("1.wav", A * 2)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that it is an OSError
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(A), limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            unpack(tar)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert files_below(unpacked_folder(tar)) == set()
    assert len(unpack(tar).clips) == 2


def test_a_tar_is_unpacked_once_and_again_when_anything_has_changed(tmp_path, monkeypatch):
    n_unpacked = 0

    def count(*arguments):
        nonlocal n_unpacked
        n_unpacked += 1
        return original(*arguments)

    original = unpack_tar._unpack
    monkeypatch.setattr(unpack_tar, "_unpack", count)
    tar = tars.write_tar(tmp_path / "a.tar", [("0.wav", A), ("1.wav", A)])
    first = unpack(tar)
    assert unpack(tar) == first
    assert n_unpacked == 1
    tars.write_tar(tar, [("2.wav", B)])
    assert [clip["path"] for clip in unpack(tar).clips] == ["2.wav"]
    assert files_below(first.folder) == {"2.wav", RECORD}
    for damage in (
        lambda: (first.folder / "2.wav").unlink(),
        lambda: (first.folder / "2.wav").write_bytes(b"short"),
        lambda: (first.folder / RECORD).write_text("{"),
        lambda: (first.folder / RECORD).unlink(),
        lambda: shutil.rmtree(first.folder),
    ):
        damage()
        n_unpacked = 0
        unpack(tar)
        assert n_unpacked == 1
        assert (first.folder / "2.wav").read_bytes() == B


def test_runs_at_the_same_time_unpack_it_once(tmp_path):
    files = [(f"{number}.wav", A) for number in range(200)]
    tar = tars.write_tar(tmp_path / "a.tar", files)
    results = []
    threads = [threading.Thread(target=lambda: results.append(unpack(tar))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(result.clips) for result in results] == [200] * 4
    assert not any(result.problems for result in results)


def test_a_disk_without_room_is_said_before_anything_is_written(tmp_path, monkeypatch):
    tar = tars.write_tar(tmp_path / "a.tar", [("0.wav", A)])
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100))
    with pytest.raises(SourceError, match=r"GB are free in .*: make room, or set XDG_CACHE_HOME"):
        unpack(tar)
    assert files_below(unpacked_folder(tar)) == set()


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "a.tar")
    for name, reason in (("a.tar", "not a file"), ("b.tar", "no such file")):
        with pytest.raises(SourceError, match=f"{name}: {reason}"):
            unpack(tmp_path / name)


def test_the_record_names_no_place_outside(tmp_path):
    """A tar cannot bring its own record: names that begin with a dot are passed over."""
    record = json.dumps({"format": 1, "clips": [{"path": "/etc/passwd", "size": 1}]}).encode()
    clips, _ = unpacked(tmp_path, (RECORD, record), ("0.wav", A))
    assert clips == [{"path": "0.wav"}]
    assert b"/etc" not in (unpacked_folder(tmp_path / "a.tar") / RECORD).read_bytes()


UNPACK = """
from soundalike.datasets.unpack_tar import unpack

def work(folder):
    os.environ["XDG_CACHE_HOME"] = str(folder)
    unpack(Path(*arguments))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="names open files by /proc")
@pytest.mark.parametrize("cut", ["", *POWER_CUTS])
def test_sounds_are_on_the_disk_before_the_tar_counts_as_unpacked(cut, kill_everywhere, tmp_path):
    tar = tars.write_tar(tmp_path / "a.tar", [("a/0.wav", A), ("a/0.cls", b"dog"), ("b/1.wav", B)])
    moments = kill_everywhere(UNPACK, tar, cut=cut)
    expected = moments[-1].after_kill
    assert {Path(name).name for name in expected} == {"0.wav", "1.wav", RECORD}
    for moment in moments:
        assert moment.at_end == expected
        if RECORD in {Path(name).name for name in moment.after_kill}:
            assert moment.after_kill == expected
