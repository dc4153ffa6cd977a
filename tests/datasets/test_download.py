"""Data sets in archives: a folder is either complete or missing."""

import hashlib
import io
import resource
import shutil
import subprocess
import sys
import zipfile
from collections import namedtuple

import pytest
from power_cut import POWER_CUTS

from soundalike.datasets import DATASETS, download
from soundalike.datasets.clips import SourceError
from soundalike.datasets.download import DOWNLOADS, Archive, DownloadError, Publication
from soundalike.datasets.source import read_source

FILES = {
    "FSDnoisy18k.audio_train/1.wav": b"first sound" * 2000,
    "FSDnoisy18k.audio_train/2.wav": b"second sound" * 2000,
    "FSDnoisy18k.audio_test/3.wav": b"third sound" * 2000,
    "FSDnoisy18k.meta/train.csv": b"fname,label,manually_verified\n1.wav,Rain,0\n2.wav,Fire,1\n",
    "FSDnoisy18k.meta/test.csv": b"fname,label\n3.wav,Rain\n",
    "FSDnoisy18k.doc/README.md": b"by somebody",
}
FOLDERS = [f"FSDnoisy18k.{part}" for part in ("audio_train", "audio_test", "meta", "doc")]


def zip_of(files: dict[str, bytes]) -> bytes:
    """Return a zip file."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return body.getvalue()


ARCHIVES = {
    folder: zip_of({name: FILES[name] for name in FILES if name.startswith(folder)})
    for folder in FOLDERS
}


@pytest.fixture
def publish(shelf, monkeypatch):
    """Return a function that publishes archives on the server and in the table of downloads.

    The function takes the bytes of each archive by the name of its folder.
    """

    def publish(bodies: dict[str, bytes], unpacked_bytes: int = 1000) -> None:
        archives = []
        for folder, body in bodies.items():
            shelf.files[f"{folder}.zip"] = body
            archives.append(Archive(folder, hashlib.md5(body).hexdigest(), unpacked_bytes))
        monkeypatch.setitem(DOWNLOADS, "fsdnoisy18k", Publication(shelf.url, tuple(archives)))

    return publish


def quietly(root):
    """Download without progress bars."""
    return download.download("fsdnoisy18k", root, progress=False)


def contents(root):
    """Return all files below a folder."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def refusal(root):
    """Return the error message of a download, which must be one line."""
    with pytest.raises(DownloadError) as error:
        quietly(root)
    assert str(error.value).isprintable()
    return str(error.value)


def test_a_downloaded_data_set_can_be_read(shelf, publish, tmp_path, capsys):
    publish(ARCHIVES)
    root = quietly(tmp_path / "new" / "root")
    assert root == tmp_path / "new" / "root"
    assert contents(root) == FILES
    assert [name for name, _ in shelf.asked] == [f"{folder}.zip" for folder in FOLDERS]
    assert {path.name for path in root.iterdir()} == set(FOLDERS)
    assert [clip.split for clip in read_source(f"fsdnoisy18k:{root}")] == [
        "train", "validation", "test",
    ]  # fmt: skip
    assert capsys.readouterr() == ("", "")


def test_a_finished_data_set_is_returned_at_once(shelf, publish, tmp_path):
    publish(ARCHIVES)
    quietly(tmp_path)
    shelf.asked.clear()
    shelf.server_close()
    assert quietly(tmp_path) == tmp_path
    assert shelf.asked == []


def test_a_second_call_fetches_only_what_is_left(shelf, publish, tmp_path):
    publish(ARCHIVES)
    meta = shelf.files.pop("FSDnoisy18k.meta.zip")
    assert "the server answers 404" in refusal(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "FSDnoisy18k.audio_train", "FSDnoisy18k.audio_test", download.WORK,
    }  # fmt: skip
    shelf.files["FSDnoisy18k.meta.zip"] = meta
    shelf.asked.clear()
    quietly(tmp_path)
    assert contents(tmp_path) == FILES
    assert [name for name, _ in shelf.asked] == ["FSDnoisy18k.meta.zip", "FSDnoisy18k.doc.zip"]


def test_a_partial_download_and_a_partly_unpacked_folder_are_completed(shelf, publish, tmp_path):
    publish(ARCHIVES)
    work = tmp_path / download.WORK
    (work / "unpacked" / "FSDnoisy18k.audio_train").mkdir(parents=True)
    (work / "unpacked" / "FSDnoisy18k.audio_train" / "half.wav").write_bytes(b"ha")
    half = shelf.files["FSDnoisy18k.audio_train.zip"][:300]
    (work / "FSDnoisy18k.audio_train.zip.partial").write_bytes(half)
    shelf.cuts = 1
    quietly(tmp_path)
    assert contents(tmp_path) == FILES
    assert shelf.ranges[0] == "bytes=300-"


def test_an_interrupted_unpacking_resumes_without_downloading_again(
    shelf, publish, tmp_path, monkeypatch
):
    publish(ARCHIVES)
    extract, n_extracted = zipfile.ZipFile.extract, 0

    def interrupted(archive, member, path):
        nonlocal n_extracted
        n_extracted += 1
        if n_extracted == 2:
            raise KeyboardInterrupt
        return extract(archive, member, path)

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "extract", interrupted)
        with pytest.raises(KeyboardInterrupt):
            quietly(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [download.WORK], "no half folder"
    quietly(tmp_path)
    assert contents(tmp_path) == FILES
    assert [name for name, _ in shelf.asked] == [f"{folder}.zip" for folder in FOLDERS]


@pytest.mark.parametrize("name", ["../out.txt", "/tmp/out.txt", "folder/../../out.txt"])
def test_an_archive_with_paths_outside_its_folder_is_refused(publish, tmp_path, name):
    root = tmp_path / "a" / "root"
    publish({"folder": zip_of({"folder/good.txt": b"good", name: b"bad"})})
    assert refusal(root).endswith(f"folder.zip: not safe to unpack: it would write to {name}.")
    assert not list(tmp_path.rglob("*.txt"))


def test_files_outside_the_expected_folder_are_not_unpacked(publish, tmp_path):
    publish({"folder": zip_of({"folder/a": b"a", "__MACOSX/folder/._a": b"?", ".DS_Store": b"?"})})
    quietly(tmp_path)
    assert contents(tmp_path) == {"folder/a": b"a"}


def test_an_archive_without_the_expected_folder_is_refused(publish, tmp_path):
    publish({"folder": zip_of({"other/a": b"a"})})
    assert refusal(tmp_path).endswith("folder.zip: contains no folder folder: unpack it by hand.")


def test_a_file_that_is_not_an_archive_is_refused(publish, tmp_path):
    publish({"folder": b"no zip"})
    assert "folder.zip: damaged (File is not a zip file): delete it" in refusal(tmp_path)


Usage = namedtuple("Usage", "total used free")


def test_a_disk_too_small_is_refused_before_downloading(publish, tmp_path, monkeypatch):
    publish(ARCHIVES, unpacked_bytes=10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0, 0, 10**9))
    assert "FSDnoisy18k.audio_train.zip needs 1.00 GB and 1.00 GB are free" in refusal(tmp_path)
    assert contents(tmp_path) == {}


def test_a_disk_too_small_is_refused_before_unpacking(publish, shelf, tmp_path, monkeypatch):
    publish(ARCHIVES, unpacked_bytes=0)
    n_bytes = len(shelf.files["FSDnoisy18k.audio_train.zip"])
    room = iter([n_bytes, n_bytes // 10])
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0, 0, next(room)))
    assert "FSDnoisy18k.audio_train needs 0.00 GB and 0.00 GB are free" in refusal(tmp_path)
    assert list(contents(tmp_path)) == [f"{download.WORK}/FSDnoisy18k.audio_train.zip"]


CHILD = """
import sys
from soundalike.datasets.download import DOWNLOADS, Archive, DownloadError, Publication, download

url, md5, root = sys.argv[1:]
DOWNLOADS["fsdnoisy18k"] = Publication(url, (Archive("folder", md5, 0),))
try:
    download("fsdnoisy18k", root, progress=False)
except DownloadError as error:
    print(error)
"""


def test_a_disk_that_fills_up_while_unpacking_is_an_error(shelf, publish, tmp_path):
    body = zip_of({"folder/a": b"a", "folder/b": bytes(100_000)})
    publish({"folder": body})
    child = subprocess.run(
        [sys.executable, "-c", CHILD, shelf.url, hashlib.md5(body).hexdigest(), tmp_path],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
        capture_output=True,
        text=True,
    )
    assert child.stderr == ""
    assert child.stdout == (
        f"{tmp_path}: file too large: make room or name another folder, then run it again.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == [download.WORK], "no half folder"
    quietly(tmp_path)
    assert contents(tmp_path) == {"folder/a": b"a", "folder/b": bytes(100_000)}
    assert len(shelf.asked) == 1


def test_a_root_that_cannot_be_created_is_an_error(publish, tmp_path):
    publish(ARCHIVES)
    (tmp_path / "file").write_text("mine")
    assert refusal(tmp_path / "file").startswith(f"{tmp_path / 'file'}")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.usefixtures("every_update_is_shown")
def test_bars_are_shown_on_stderr(publish, tmp_path, capsys):
    publish(ARCHIVES)
    download.download("fsdnoisy18k", tmp_path)
    out, errors = capsys.readouterr()
    assert out == ""
    assert "FSDnoisy18k.audio_train.zip: " in errors
    assert "unpack: 1/1 files" in errors


def test_an_unknown_data_set_is_refused():
    with pytest.raises(SourceError, match=r"fsdnoisy: no data set .*; did you mean 'fsdnoisy18k'"):
        download.download("fsdnoisy", ".")
    with pytest.raises(SourceError, match=r"esc50: no data set .*; choose from fsdnoisy18k"):
        download.download("esc50", ".")


def test_every_downloadable_data_set_has_an_adapter():
    assert set(DOWNLOADS) <= set(DATASETS)
    for source in DOWNLOADS.values():
        assert source.url.startswith("https://")
        assert source.url.format("x.zip") != source.url
        sizes = [archive.unpacked_bytes for archive in source.archives]
        assert sizes == sorted(sizes, reverse=True)
        for archive in source.archives:
            assert len(bytes.fromhex(archive.md5)) == 16


DOWNLOAD = """
import hashlib
from soundalike.datasets import download

url, *bodies = arguments
archives = [
    download.Archive(Path(body).stem, hashlib.md5(Path(body).read_bytes()).hexdigest(), 1000)
    for body in bodies
]
download.DOWNLOADS["fsdnoisy18k"] = download.Publication(url, tuple(archives))

def work(folder):
    download.download("fsdnoisy18k", folder, progress=False)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="names open files by /proc")
@pytest.mark.parametrize("cut", ["", *POWER_CUTS])
def test_every_folder_is_complete_or_missing_at_any_moment(cut, shelf, kill_everywhere, tmp_path):
    bodies = [tmp_path / f"{folder}.zip" for folder in FOLDERS[:2]]
    for path in bodies:
        path.write_bytes(ARCHIVES[path.stem])
        shelf.files[path.name] = path.read_bytes()
    moments = kill_everywhere(DOWNLOAD, shelf.url, *bodies, cut=cut)
    expected = moments[-1].at_end
    assert set(expected) == {name for name in FILES if name.startswith(tuple(FOLDERS[:2]))}
    assert expected.items() <= moments[-1].after_kill.items()
    for moment in moments:
        assert moment.at_end == expected
        for folder in FOLDERS[:2]:
            whole = {name: value for name, value in expected.items() if name.startswith(folder)}
            there = {
                name: value for name, value in moment.after_kill.items() if name.startswith(folder)
            }
            assert there in ({}, whole)
