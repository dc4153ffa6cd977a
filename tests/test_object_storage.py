"""Archives whose tables are in object storage, on a real server."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import archives
import numpy as np
import pandas as pd
import pytest
from archives import DIM, add_clips, untrained_model
from object_storage import (
    BUCKET,
    Gateway,
    environment,
    killed_at_every_upload,
    object_storage,
    request,
)

from soundalike.archive.head import ArchiveError, Head
from soundalike.archive.window_archive import WindowArchive
from soundalike.cli import DONE
from soundalike.cli.main import main
from soundalike.runtime.lock import InUseError
from soundalike.search.archive import Archive

PATHS = [f"{number}.wav" for number in range(5)]


@pytest.fixture(scope="module")
def server():
    with object_storage() as address:
        yield address


@pytest.fixture
def address(tmp_path):
    return f"s3://{BUCKET}/{tmp_path.name}"


@pytest.fixture
def archive(server, address, tmp_path):
    return WindowArchive.create(tmp_path / "archive", Head(DIM, "a model", tables=address))


def require_once(archive, paths):
    """Check that the rows of all clips are there, once."""
    archive.refresh()
    rows = archive.rows()
    assert rows["path"].tolist() == [path for path in paths for _ in range(2)]
    assert rows["id"].is_unique
    assert sorted(archive.clips()["path"]) == sorted(paths)


def test_rows_and_vectors_are_those_of_a_folder(archive, tmp_path):
    assert len(archive) == 0
    assert archive.clips().empty
    local = WindowArchive.create(tmp_path / "local", Head(DIM, "a model"))
    for each in (archive, local):
        add_clips(each, PATHS, seed=1)
        add_clips(each, ["more.wav"], seed=2)
        with each.writer() as writer:
            writer.relabel(each.clips("path = '3.wav'").assign(label="dog"))
            writer.remove(each.clips("path = '1.wav'"))
            writer.compact()
    again = WindowArchive.open(archive.path)
    pd.testing.assert_frame_equal(again.rows(), local.rows())
    for ours, theirs in zip(again.vectors(), local.vectors(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert {path.name for path in archive.path.iterdir()} == {"archive.json"}


def test_rows_that_an_interrupted_run_left_are_deleted(archive):
    add_clips(archive, PATHS[:2])
    rows = archives.make_rows(["cut.wav"])
    with archive.writer() as writer:
        writer.add(rows, archives.make_vectors(2))
    assert len(archive) == 6
    add_clips(archive, PATHS[2:])
    require_once(archive, PATHS)


@pytest.mark.parametrize("table", ["rows", "clips"])
@pytest.mark.parametrize("files", ["_versions", "data"])
def test_a_commit_whose_answer_is_lost_is_there_once(server, archive, table, files):
    """LanceDB asks again, and is told that there is such a version already."""
    add_clips(archive, PATHS[:2])
    n_asked = 0

    def loses(method, path):
        nonlocal n_asked
        is_commit = method == "PUT" and f"{table}.lance/{files}/" in path
        n_asked += is_commit
        return is_commit and n_asked == 1

    with Gateway(server, loses).running():
        add_clips(archive, PATHS[2:])
    assert n_asked == 2
    require_once(archive, PATHS)


FILL = """
import sys
from archives import add_clips
from soundalike.archive.window_archive import WindowArchive

archive = WindowArchive.open(sys.argv[1])
for path in sys.argv[2:]:
    if path not in set(archive.clips()["path"]):
        add_clips(archive, [path])
"""


@pytest.mark.slow
@pytest.mark.parametrize("reaches", [True, False], ids=["after", "before"])
def test_a_run_that_is_killed_at_any_upload_loses_nothing(server, nursery, archive, reaches):
    n_runs = killed_at_every_upload(server, nursery, reaches, FILL, archive.path, *PATHS)
    assert n_runs > 10
    require_once(archive, PATHS)


def test_a_second_writer_on_another_machine_is_noticed(archive, tmp_path):
    """Its folder is a copy, so the lock of the first one does not keep it out."""
    add_clips(archive, PATHS[:1])
    shutil.copytree(archive.path, tmp_path / "copy")
    other = WindowArchive.open(tmp_path / "copy")
    ours, theirs = archives.make_rows(["a.wav"]), archives.make_rows(["b.wav"])
    vectors = archives.make_vectors(2)
    with archive.writer() as first, other.writer() as second:
        first.add(ours, vectors)
        with pytest.raises(InUseError, match="another run writes to it, on another machine"):
            second.add(theirs, vectors)
        with pytest.raises(InUseError, match="run this again when that one has ended"):
            first.finish(archives.make_records(ours))
    for path in PATHS[1:]:
        add_clips(archive, [path])
    require_once(archive, PATHS)


def test_a_server_that_is_gone_is_said_in_a_line(archive, monkeypatch):
    add_clips(archive, PATHS)
    again = WindowArchive.open(archive.path)
    uses = (lambda: len(again), again.clips, lambda: add_clips(again, ["x.wav"]))
    monkeypatch.setenv("OBJECT_STORE_CLIENT_MAX_RETRIES", "1")  # LanceDB's own 3 take 5 s
    with environment("http://127.0.0.1:9"), ThreadPoolExecutor() as threads:
        errors = [used.exception() for used in [threads.submit(use) for use in uses]]
    for error in errors:
        assert isinstance(error, ArchiveError)
        assert str(error).startswith(f"{archive.head.tables}: cannot be read or written")
        assert "check the address, the network, AWS_ENDPOINT_URL" in str(error)
        assert "\n" not in str(error)
    require_once(archive, PATHS)


def test_an_address_has_one_archive(archive, address, tmp_path):
    add_clips(archive, PATHS)
    with pytest.raises(ArchiveError, match="has the tables of another archive"):
        WindowArchive.create(tmp_path / "other", Head(DIM, "a model", tables=address))
    assert not (tmp_path / "other" / "archive.json").exists()


def test_tables_lie_at_the_address(server, archive, tmp_path):
    add_clips(archive, PATHS)
    listing = request("GET", server, f"/{BUCKET}?list-type=2&prefix={tmp_path.name}/").decode()
    assert f"{tmp_path.name}/rows.lance/_versions/" in listing
    assert f"{tmp_path.name}/clips.lance/data/" in listing


@pytest.fixture
def model(tmp_path):
    untrained_model().save(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def last_line(capsys):
    def run(*words):
        assert main([str(word) for word in words]) == DONE, capsys.readouterr().err
        return capsys.readouterr().out.splitlines()[-1]

    return run


def test_commands_take_an_archive_whose_tables_are_elsewhere(
    server, address, model, sound_folder, tmp_path, last_line
):
    out, local, query = tmp_path / "archive", tmp_path / "local", sound_folder / "low" / "1.wav"
    words = ["embed", model, sound_folder, "--precision", 32, "--out"]
    added = last_line(*words, local)
    assert " of 24 clips; " in added
    assert last_line(*words, out, "--tables", address) == added.replace(str(local), str(out))
    nothing = f"nothing new; {added.rpartition('; ')[2]}".replace(str(local), str(out))
    assert last_line(*words, out, "--tables", address) == nothing
    assert last_line(*words, out) == nothing
    assert not (out / "rows.lance").exists()
    assert last_line("search", out, query) == last_line("search", local, query)
    last_line("embed", out, "--out", tmp_path / "rows.parquet")
    last_line("embed", local, "--out", tmp_path / "local.parquet")
    rows, expected = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("rows", "local"))
    pd.testing.assert_frame_equal(rows, expected)

    for number in (1, 2):
        last_line(*words, tmp_path / "shards", "--shard", f"{number}/2")
    merged = tmp_path / "merged"
    last_line("merge", tmp_path / "shards", "--out", merged, "--tables", f"{address}/merged")
    pd.testing.assert_frame_equal(
        Archive.open(merged).rows().drop(columns="id").sort_values("path", ignore_index=True),
        Archive.open(local).rows().drop(columns="id").sort_values("path", ignore_index=True),
    )


@pytest.mark.slow
def test_a_page_shows_such_an_archive(server, address, model, sound_folder, tmp_path, last_line):
    out = tmp_path / "archive"
    last_line("embed", model, sound_folder, "--out", out, "--tables", address)
    last_line("explore", out, "--static", tmp_path / "map.html")
    assert (tmp_path / "map.html").stat().st_size > 10_000
