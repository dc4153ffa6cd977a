"""The head of an archive."""

import json
from pathlib import Path

import pytest

from soundalike.archive.head import (
    FORMAT,
    HEAD,
    ArchiveError,
    Head,
    read_head,
    require_new,
    write_head,
)


def test_a_head_is_read_as_it_was_written(tmp_path):
    head = Head(512, "abc", {"n_frames": 3}, "/sounds/ü #%", half=True, version="0.1")
    write_head(tmp_path, head)
    assert read_head(tmp_path) == head


def test_a_newer_format_is_refused_with_a_sentence(tmp_path):
    write_head(tmp_path, Head(4, "abc"))
    content = json.loads((tmp_path / HEAD).read_text())
    (tmp_path / HEAD).write_text(json.dumps({**content, "format": FORMAT + 1, "new": 1}))
    with pytest.raises(ArchiveError, match=f"of format {FORMAT + 1}.*update soundalike") as error:
        read_head(tmp_path)
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": "x"}', '{"format": 1}', '{"format": 1, "dim": 0, "model": "m"}',
     '{"format": 1, "dim": 4, "model": "m", "color": 1}'],
    ids=["empty", "list", "no format", "format", "no dim", "dim", "key"],
)  # fmt: skip
def test_a_damaged_head_is_refused(content, tmp_path):
    (tmp_path / HEAD).write_text(content)
    with pytest.raises(ArchiveError, match=r"damaged.*embed the sounds again"):
        read_head(tmp_path)


def test_another_folder_is_no_archive(tmp_path):
    with pytest.raises(ArchiveError, match="no archive there: make one with `soundalike embed"):
        read_head(tmp_path)


def test_an_archive_needs_a_place_of_its_own(tmp_path):
    require_new(tmp_path / "new")
    require_new(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "archive.json.12.partial").touch()
    require_new(tmp_path)  # an interrupted creation
    (tmp_path / "chapter").touch()
    with pytest.raises(ArchiveError, match="exists and is not an archive"):
        require_new(tmp_path)
    with pytest.raises(ArchiveError, match="is a file"):
        require_new(tmp_path / "chapter")
    write_head(tmp_path, Head(4, "abc"))
    require_new(tmp_path)


def test_other_places_of_tables_are_refused(tmp_path):
    address = "s3://bucket/birds"
    for tables, archive in (("", "here"), (address, "there")):
        (tmp_path / archive).mkdir()
        write_head(tmp_path / archive, Head(4, "abc", tables=tables))
        require_new(tmp_path / archive, tables)
        require_new(tmp_path / archive, "")
    require_new(tmp_path / "new", address)
    for archive, tables, reason in (
        ("new", "birds", "'birds': expected an address for the tables such as s3://bucket/birds"),
        ("here", address, f"--tables: those of {tmp_path}/here are in its folder: leave it out"),
        ("there", "s3://a/b", f"--tables: those of {tmp_path}/there are at {address}: leave it"),
    ):
        with pytest.raises(ArchiveError) as error:
            require_new(tmp_path / archive, tables)
        assert str(error.value).startswith(reason)


def test_addresses_are_told_from_folders(tmp_path):
    with pytest.raises(ArchiveError, match=r"^s3://bucket/birds: an archive is a folder, and only"):
        read_head(Path("s3://bucket/birds"))
    (tmp_path / "archive.json").write_text('{"format": 1, "dim": 2, "model": "m", "tables": "x"}')
    with pytest.raises(ArchiveError, match=r"damaged \(tables is x\)"):
        read_head(tmp_path)
