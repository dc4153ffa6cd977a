"""Writing in committed parts."""

import sys

import numpy as np
import pandas as pd
import pytest
from archives import add_clips, make_records, make_rows, make_vectors

from soundalike.archive import writer as writer_module


def test_rows_without_a_record_are_those_of_an_interrupted_run(archive):
    vectors = add_clips(archive, ["a.wav"])
    with archive.writer() as writer:
        writer.add(make_rows(["b.wav"]), make_vectors(2, 5))
    assert len(archive) == 4
    with archive.writer() as writer:
        assert writer.next_id == 2
    assert archive.rows()["path"].tolist() == ["a.wav", "a.wav"]
    np.testing.assert_array_equal(archive.vectors()[1], vectors)


def test_rows_of_several_adds_are_committed_together(archive):
    parts = [make_rows([name]) for name in ("a.wav", "b.wav")]
    with archive.writer() as writer:
        for rows in parts:
            writer.add(rows, make_vectors(2))
        writer.add(parts[0][:0], make_vectors(0))
        writer.finish(make_records(parts[1])[:0])
        writer.finish(make_records(parts[0]))
    assert archive.rows()["id"].tolist() == [0, 1, 2, 3]
    assert archive.clips()["next_id"].tolist() == [4]


def test_rows_that_are_taken_back_are_gone_and_their_numbers_stay_unused(archive, monkeypatch):
    monkeypatch.setattr(writer_module, "CONDITIONS_AT_ONCE", 1)
    rows = make_rows(["a.wav", "b.wav", "c.wav"])
    with archive.writer() as writer:
        writer.add(rows, make_vectors(6))
        writer.take_back(np.array([], np.int64))
        writer.take_back(np.array([0, 1, 4, 5]))
        writer.finish(make_records(make_rows(["b.wav"])))
        writer.add(make_rows(["d.wav"]), make_vectors(2, 1))
        writer.finish(make_records(make_rows(["d.wav"])))
        assert (writer.n_added, writer.next_id) == (4, 8)
    assert archive.rows()["id"].tolist() == [2, 3, 6, 7]
    np.testing.assert_array_equal(archive.vectors()[1][:2], make_vectors(6)[2:4])


def test_a_changed_file_replaces_its_rows(archive):
    add_clips(archive, ["a.wav", "it's b.wav"])
    new = add_clips(archive, ["it's b.wav"], seed=1, recording="new")
    assert archive.clips()["recording"].tolist() == ["hash of a.wav", "new"]
    with archive.writer():  # whose opening deletes what was replaced
        pass
    rows = archive.rows()
    assert rows["id"].tolist() == [0, 1, 4, 5]  # no number is used twice
    assert rows["recording"].tolist() == ["hash of a.wav"] * 2 + ["new"] * 2
    np.testing.assert_array_equal(archive.vectors()[1][2:], new)


def test_a_file_with_a_new_time_keeps_its_rows(archive):
    rows = make_rows(["a.wav"])
    add_clips(archive, ["a.wav"])
    with archive.writer() as writer:
        writer.finish(make_records(rows, size=7))
        writer.compact()
    assert len(archive) == 2
    assert archive.clips()["size"].tolist() == [7]


def test_a_segment_stays_until_all_of_a_changed_file_is_new(archive):
    rows = make_rows(["a.wav"])
    record = make_records(rows)
    segments = [record.assign(start_s=float(n), end_s=n + 1.0) for n in range(2)]
    with archive.writer() as writer:
        for number, segment in enumerate(segments):
            writer.add(rows[number : number + 1], make_vectors(1))
            writer.finish(segment)
    for number, segment in enumerate(segments):
        with archive.writer() as writer:
            writer.add(rows[number : number + 1].assign(recording="new"), make_vectors(1))
            writer.finish(segment.assign(recording="new"))
            writer.compact()
        assert archive.rows()["recording"].tolist().count("new") == number + 1
        assert len(archive) == (3 if number == 0 else 2)


def test_many_commits_leave_few_files(archive, monkeypatch):
    monkeypatch.setattr(writer_module, "COMMITS_PER_COMPACTION", 4)
    with archive.writer() as writer:
        for number in range(9):
            rows = make_rows([f"{number}.wav"])
            writer.add(rows, make_vectors(2, number))
            writer.finish(make_records(rows))
        assert sum(path.is_file() for path in archive.path.rglob("*")) < 25
    assert len(archive) == 18
    assert archive.clips()["next_id"].tolist() == list(range(2, 20, 2))


def test_many_changed_files_are_deleted_in_several_steps(archive, monkeypatch):
    monkeypatch.setattr(writer_module, "CONDITIONS_AT_ONCE", 2)
    names = [f"{number}.wav" for number in range(5)]
    for recording in ("old", "new"):
        add_clips(archive, names, recording=recording)
    with archive.writer() as writer:
        writer.compact()
    assert archive.rows()["recording"].tolist() == ["new"] * 10


def segment(start_s, end_s, label, length_s=None):
    """Return the rows and the record of a segment of a file, in windows of a second."""
    length_s = end_s - start_s if length_s is None else length_s
    rows = make_rows(["a.wav"], round(length_s), label=label)
    record = make_records(rows).assign(start_s=start_s, end_s=end_s)
    return rows.assign(start_s=rows["start_s"] + start_s, end_s=rows["end_s"] + start_s), record


def test_new_labels_are_those_of_a_clip_and_not_of_others_that_overlap(archive):
    """A whole file, and segments of it: one in another, one that ends after the file."""
    segments = [
        segment(np.nan, np.nan, "file", 9.0),
        segment(0.0, 5.0, "long"),
        segment(1.0, 3.0, "short"),
        segment(0.0, 2.0, "first"),
        segment(4.0, 20.0, "last", 5.0),
    ]
    segments[0][0][["start_s", "end_s"]] = make_rows(["a.wav"], 9)[["start_s", "end_s"]]
    with archive.writer() as writer:
        for rows, _ in segments:
            writer.add(rows, make_vectors(len(rows)))
        writer.finish(pd.concat(record for _, record in segments))
    labels = ["file", "long", "short", "first", "last"]
    n_rows = [len(rows) for rows, _ in segments]
    for number, (_, record) in enumerate(segments):
        with archive.writer() as writer:
            new = record.assign(label=f"new {number}", split="train")
            writer.relabel(new)
            writer.finish(new)
        labels[number] = f"new {number}"
        rows = archive.rows()
        assert rows["label"].tolist() == np.repeat(labels, n_rows).tolist()
        assert (rows["split"] == "train").sum() == sum(n_rows[: number + 1])


def test_other_files_keep_their_labels(archive):
    add_clips(archive, ["a.wav", "it's b.wav"], label="dog")
    with archive.writer() as writer:
        clips = archive.clips()
        writer.relabel(clips[clips["path"] == "it's b.wav"].assign(label="cat"))
        writer.relabel(clips[:0])
    assert archive.rows()["label"].tolist() == ["dog", "dog", "cat", "cat"]


MEMORY_OF_A_WRITER = """
import sys
from pathlib import Path
from archives import make_records, make_rows, make_vectors
from soundalike.archive import writer as module
from soundalike.archive.head import Head
from soundalike.archive.window_archive import WindowArchive

module.COMMITS_PER_COMPACTION = 8
archive = WindowArchive.create(Path(sys.argv[1]), Head(512, "a model"))
with archive.writer() as writer:
    for number in range(32):
        rows = make_rows([f"{number}.wav"], n_windows=2048)
        writer.add(rows, make_vectors(len(rows), number, 512))
        writer.finish(make_records(rows))
        if number % 8 == 7:
            lines = Path("/proc/self/status").read_text().splitlines()
            print(*[line.split()[1] for line in lines if line.startswith("RssAnon")])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_archive(nursery, tmp_path):
    """The vectors have 128 MB, three quarters of them after the first time it is measured."""
    process = nursery.run("-c", MEMORY_OF_A_WRITER, tmp_path / "archive")
    assert process.returncode == 0, process.stderr
    first, *_, last = (int(number) / 1024 for number in process.stdout.split())
    assert last - first < 32
