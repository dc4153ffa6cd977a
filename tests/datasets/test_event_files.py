"""Tables of events: what is written is read back, whatever the names."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from soundalike.datasets.clips import SourceError
from soundalike.datasets.event_files import check_event_output, table_paths, write_events
from soundalike.datasets.event_formats import COLUMNS, FORMATS
from soundalike.datasets.source import read_source

PER_RECORDING = [name for name, kind in FORMATS.items() if kind.is_per_recording]
ONE_FILE = [name for name in FORMATS if name not in PER_RECORDING]
SOUNDS = ["plain.wav", "a;b, c.wav", "qu\"ote's.wav", "Пила ü.wav", "two  spaces.x.wav"]
ODD_SOUNDS = [*SOUNDS, "tab\tin.wav", "new\nline.wav"]
LABELS = [
    "dog",
    "owl;rain",
    '"quoted',
    '5" pipe',
    "Wald, nachts",
    "雨 ü",
    "it's #1 100%",
    "x\ny\tz",
]


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    (folder / "sub").mkdir()
    for number, name in enumerate(ODD_SOUNDS):
        place = folder / "sub" / name if number % 2 else folder / name
        soundfile.write(place, np.zeros(160), 16000)
    return folder


def events_of(paths):
    """Return two events of each recording, with all labels in turn."""
    rows = [
        (
            str(path),
            number + 0.25,
            number + 1.5,
            LABELS[(2 * position + number) % len(LABELS)],
            0.75,
        )
        for position, path in enumerate(paths)
        for number in range(2)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def facts(rows):
    rows = rows.assign(label=rows["label"].str.replace(r"\s+", " ", regex=True))
    rows = rows[["path", "start_s", "end_s", "label"]].sort_values(["path", "start_s"])
    return rows.reset_index(drop=True)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_beside_sounds_is_read_back(name, sounds, tmp_path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    odd = [path for path in sounds.rglob("*.wav") if name != "birdnet" or "\n" not in path.name]
    paths = [folder / path.name for path in sorted(odd)]
    for path in paths:
        soundfile.write(path, np.zeros(160), 16000)
    out = folder if FORMATS[name].is_per_recording else folder / "events.csv"
    events = events_of(paths)
    write_events(events, out, name)
    clips = read_source(folder if FORMATS[name].is_per_recording else out)
    assert not clips.problems
    pd.testing.assert_frame_equal(facts(clips.rows), facts(events))


@pytest.mark.parametrize("name", PER_RECORDING)
def test_tables_repeat_the_folders_of_recordings(name, sounds, tmp_path):
    paths = sorted(map(str, sounds.rglob("*.wav")))
    silent, *others = paths
    events = events_of(others)
    write_events([events[:4], events[4:]], tmp_path / "out", name, recordings=paths)
    suffix = FORMATS[name].of_recording
    tables = {p.relative_to(tmp_path / "out").as_posix() for p in tmp_path.rglob(f"*{suffix}")}
    assert tables == {f"{path[len(str(sounds)) + 1 :]}{suffix}" for path in paths}
    of_silent = table_paths(paths, tmp_path / "out", name)[silent].read_text()
    assert len(of_silent.splitlines()) == bool(FORMATS[name].header), "no event, but a table"
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize("name", PER_RECORDING)
def test_a_table_of_one_recording_may_be_a_file(name, sounds, tmp_path):
    events = events_of([sounds / "plain.wav"])
    write_events(events, tmp_path / "one.txt", name)
    assert (tmp_path / "one.txt").is_file()
    with pytest.raises(SourceError, match=r"one.txt: .* a table for each of 2 recordings: name a"):
        write_events(events, tmp_path / "one.txt", name, recordings=["another.wav"])


@pytest.mark.parametrize("name", ONE_FILE)
def test_one_file_has_all_recordings_once_under_one_header(name, sounds, tmp_path):
    events = events_of(sorted(sounds.glob("*.wav")))
    write_events(iter([events[:2], events[2:]]), tmp_path / "in parts.csv", name)
    write_events(events, tmp_path / "whole.csv", name)
    parts, whole = (tmp_path / f"{stem}.csv" for stem in ("in parts", "whole"))
    assert parts.read_bytes() == whole.read_bytes()
    write_events(events[:0], tmp_path / "none.csv", name)
    assert (tmp_path / "none.csv").read_text().splitlines() == [",".join(FORMATS[name].header)]


def test_raven_gets_no_box_above_the_nyquist_frequency(sounds, tmp_path):
    events = events_of([sounds / "plain.wav", sounds / "absent.wav"])
    write_events(events, tmp_path, "raven")
    for name, limit in [("plain.wav", 8000.0), ("absent.wav", 4000.0)]:
        table = pd.read_csv(tmp_path / f"{name}.selections.txt", sep="\t")
        assert set(table["High Freq (Hz)"]) == {limit}


def test_outputs_that_do_not_fit_are_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for name, out, words in [
        ("csv", "folder", "is a folder"),
        ("csv", "x.txt", "name a .csv file"),
        ("birdnet", "x", "name a .csv file"),
        ("raven", "x.csv", "name a folder"),
        ("audacity", "x.txt", "for each of 3 recordings: name a folder"),
        ("audacity", "file", "name a folder"),
    ]:
        with pytest.raises(SourceError, match=words):
            check_event_output(tmp_path / out, name, 3)
    with pytest.raises(SourceError, match="not a regular file"):
        check_event_output(Path("/dev/null"), "raven", 3)
    check_event_output(tmp_path / "x.v2", "raven", 3)
    check_event_output(tmp_path / "x.TXT", "audacity", 1)


def test_tables_lie_below_a_root_that_holds_all_recordings():
    paths, out = ["/s/a/1.wav", "/s/a/2.wav"], Path("/t")
    for root, first in [("", "1.wav.txt"), ("/s", "a/1.wav.txt"), ("/else", "1.wav.txt")]:
        places = table_paths(paths, out, "audacity", root)
        assert places[paths[0]].relative_to(out).as_posix() == first
