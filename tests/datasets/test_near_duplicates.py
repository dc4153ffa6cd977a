"""Copies are found however they were made; unrelated clips of one kind are not reported."""

import numpy as np
import pytest
import soundfile
import soxr
from scipy.signal import lfilter

from soundalike.audio.landmark_index import Candidate
from soundalike.datasets import near_duplicates, shared_parts
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.near_duplicates import find_near_duplicates
from soundalike.datasets.shared_parts import Recording
from soundalike.datasets.source import read_source

RATE = 16000


def rain(seed, duration_s=4.0):
    """Return noise in which low frequencies dominate, with a slow envelope."""
    rng = np.random.default_rng(seed)
    n_samples = int(duration_s * RATE)
    envelope = 1.5 + np.sin(np.arange(n_samples) / RATE * rng.uniform(1, 3))
    return 0.02 * envelope * lfilter([1], [1, -0.9], rng.standard_normal(n_samples))


def tone(seed, frequency=440.0):
    """Return a tone at a random phase, in a little noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(4 * RATE) / RATE
    wave = np.sin(2 * np.pi * frequency * time_s + rng.uniform(0, 6))
    return 0.4 * wave + 0.02 * rng.standard_normal(len(time_s))


def buzz(seed):
    """Return the harmonics of 50 Hz at random phase, in a little noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(4 * RATE) / RATE + rng.uniform()
    return (50 * time_s % 1 - 0.5) + 0.01 * rng.standard_normal(len(time_s))


def ticks(seed):
    """Return clicks at regular times, in a little noise: a clock."""
    rng = np.random.default_rng(seed)
    time_s = (np.arange(4 * RATE) / RATE + rng.uniform()) % 0.5
    return np.exp(-time_s / 0.004) * np.sin(9000 * time_s) + 1e-3 * rng.standard_normal(4 * RATE)


def write(path, waveform, rate=RATE, **options):
    """Write a sound file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, waveform, rate, **options)


def search(folder, others=None, **options):
    """Search folders for near-duplicates in this process."""
    tables = [read_source(str(source)) for source in (folder, others) if source]
    return find_near_duplicates(*tables, n_workers=1, progress=False, **options)


ORIGINAL = rain(0)
STEADY = 0.4 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
MP3 = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.99}
COPIES = {  # file, waveform, sample rate, options of the file, start and end in the original
    "ogg": ("copy.ogg", ORIGINAL, RATE, {"compression_level": 1.0}, (0, 4)),
    "mp3": ("copy.mp3", ORIGINAL, RATE, MP3, (0, 4)),
    "cut": ("copy.wav", ORIGINAL[RATE // 3 : -RATE], RATE, {}, (1 / 3, 3)),
    "cut mp3": ("copy.mp3", ORIGINAL[RATE:-RATE], RATE, MP3, (1, 3)),
    "resampled": ("copy.wav", soxr.resample(ORIGINAL, RATE, 11025), 11025, {}, (0, 4)),
    "telephone": (
        "copy.wav",
        soxr.resample(ORIGINAL, RATE, 8000),
        8000,
        {"subtype": "ULAW"},
        (0, 4),
    ),
    "quiet": ("copy.wav", 0.01 * ORIGINAL, RATE, {}, (0, 4)),
    "inverted": ("copy.wav", -ORIGINAL, RATE, {}, (0, 4)),
    "delayed": ("copy.wav", np.concatenate([np.zeros(777), ORIGINAL]), RATE, {}, (0, 4)),
    "stereo": ("copy.wav", np.stack([ORIGINAL, 0.5 * ORIGINAL], 1), RATE, {}, (0, 4)),
    "mixed": ("copy.wav", ORIGINAL + 0.5 * rain(7), RATE, {}, (0, 4)),
    "in a longer one": ("copy.wav", np.concatenate([rain(8), ORIGINAL, rain(9)]), RATE, {}, (0, 4)),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_found_at_its_place(name, tmp_path):
    file, waveform, rate, options, (start_s, end_s) = COPIES[name]
    write(tmp_path / "a" / "original.wav", ORIGINAL)
    write(tmp_path / "a" / "another.wav", rain(1))
    write(tmp_path / "b" / file, waveform, rate, **options)
    write(tmp_path / "b" / "other.wav", rain(2))
    (pair,) = search(tmp_path / "a", tmp_path / "b").pairs
    assert (pair.path, pair.other_path) == (
        str(tmp_path / "a" / "original.wav"),
        str(tmp_path / "b" / file),
    )
    assert (pair.start_s, pair.end_s) == pytest.approx((start_s, end_s), abs=0.2)
    delay_s = {"delayed": 777 / RATE, "in a longer one": 4.0}.get(name, -start_s)
    tolerance_s = 0.1 if file == "copy.mp3" else 0.001  # an encoder may add a delay
    assert pair.other_start_s - pair.start_s == pytest.approx(delay_s, abs=tolerance_s)
    assert (pair.correlation < 0) == (name == "inverted")
    assert abs(pair.correlation) > 0.85


@pytest.mark.parametrize("kind", [rain, tone, buzz, ticks])
def test_two_takes_of_a_kind_are_not_reported(kind, tmp_path):
    for seed in range(4):
        write(tmp_path / f"{seed}.wav", kind(seed))
    assert search(tmp_path).pairs == []


def test_nearby_tones_are_not_reported(tmp_path):
    for seed, frequency in enumerate([440.0, 440.1, 441.0, 466.2]):
        write(tmp_path / f"{seed}.wav", tone(seed, frequency))
    assert search(tmp_path).pairs == []


def test_another_speed_is_not_a_copy(tmp_path):
    write(tmp_path / "a.wav", ORIGINAL)
    write(tmp_path / "b.wav", ORIGINAL, round(1.06 * RATE))
    assert search(tmp_path).pairs == []


def test_short_and_silent_clips_are_not_reported(tmp_path):
    for name, gain in {"a": 1.0, "b": 0.7}.items():
        write(tmp_path / f"short {name}.wav", gain * ORIGINAL[: int(0.4 * RATE)])
        write(tmp_path / f"silent {name}.wav", np.zeros(RATE))
    assert search(tmp_path).pairs == []


@pytest.mark.parametrize("waveform", [STEADY, ORIGINAL[: int(0.2 * RATE)]])
def test_identical_clips_are_pairs_although_their_kind_correlates_by_chance(waveform, tmp_path):
    for name in ("one/a", "one/b", "one/c", "two/z"):
        write(tmp_path / f"{name}.wav", waveform)
    duration_s = len(waveform) / RATE
    pairs = search(tmp_path / "one").pairs
    assert [(pair.clip, pair.other) for pair in pairs] == [(0, 1), (0, 2)]
    assert (pairs[0].start_s, pairs[0].end_s, pairs[0].correlation) == (0, duration_s, 1)
    one, two = tmp_path / "one", tmp_path / "two"
    assert [pair.clip for pair in search(one, two).pairs] == [0, 1, 2]
    assert [pair.other for pair in search(two, one).pairs] == [0, 1, 2]


def test_within_a_source_each_pair_is_reported_once_from_the_shorter_clip(tmp_path):
    for name, waveform in {"a": ORIGINAL, "b": rain(1), "c": ORIGINAL[RATE:-RATE]}.items():
        write(tmp_path / f"{name}.wav", waveform)
    (pair,) = search(tmp_path).pairs
    assert (pair.clip, pair.other) == (2, 0)
    assert (pair.start_s, pair.end_s, pair.other_start_s) == pytest.approx((0, 2, 1), abs=0.01)
    assert (
        str(pair) == f"{tmp_path}/c.wav 0.0-2.0 s is in {tmp_path}/a.wav at 1.0 s, correlation 1.00"
    )


def test_a_long_copy_is_one_pair(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_parts, "IN_MEMORY_S", 10.0)
    long = rain(0, duration_s=25)
    write(tmp_path / "a.wav", long)
    write(tmp_path / "b.wav", np.concatenate([rain(1), long[5 * RATE :]]))
    (pair,) = search(tmp_path).pairs
    assert (pair.start_s, pair.end_s, pair.other_start_s) == pytest.approx((4, 24, 5), abs=0.2)


def test_two_parts_of_a_clip_are_two_pairs(tmp_path):
    first, second = ORIGINAL[: int(1.5 * RATE)], ORIGINAL[int(2.5 * RATE) :]
    write(tmp_path / "a" / "a.wav", np.concatenate([second, rain(1), first]))
    write(tmp_path / "b" / "b.wav", ORIGINAL)
    pairs = search(tmp_path / "a", tmp_path / "b").pairs
    starts = [(pair.start_s, pair.other_start_s) for pair in pairs]
    assert np.array(starts) == pytest.approx(np.array([(0, 2.5), (5.5, 0)]), abs=0.2)


def test_segments_have_the_times_of_their_files(tmp_path):
    write(tmp_path / "a.wav", np.concatenate([rain(1), ORIGINAL]))
    write(tmp_path / "b.wav", np.concatenate([ORIGINAL, rain(2)]))
    clips = ClipTable.of("a", [Clip(str(tmp_path / "a.wav"), start_s=4.5, end_s=6.5)])
    others = ClipTable.of("b", [Clip(str(tmp_path / "b.wav"), start_s=0.25)])
    (pair,) = find_near_duplicates(clips, others, n_workers=1, progress=False).pairs
    assert (pair.start_s, pair.end_s, pair.other_start_s) == pytest.approx(
        (4.5, 6.5, 0.5), abs=0.01
    )


def test_segments_of_one_file_are_compared_with_other_files_only(tmp_path):
    write(tmp_path / "a.wav", ORIGINAL)
    clips = [Clip(str(tmp_path / "a.wav"), end_s=3.0), Clip(str(tmp_path / "a.wav"), start_s=1.0)]
    table = ClipTable.of("a", clips)
    assert find_near_duplicates(table, n_workers=1, progress=False).pairs == []
    assert len(find_near_duplicates(table, table, n_workers=1, progress=False).pairs) == 4


def test_pairs_across_splits_and_folds_are_marked(tmp_path):
    clips = []
    for number, place in enumerate([("train", ""), ("test", ""), ("train", "")]):
        write(tmp_path / f"{number}.wav", ORIGINAL)
        clips.append(Clip(str(tmp_path / f"{number}.wav"), "", *place))
    pairs = find_near_duplicates(ClipTable.of("a", clips), n_workers=1, progress=False).pairs
    assert {(pair.clip, pair.other): pair.is_across_splits for pair in pairs} == {
        (0, 1): True, (0, 2): False, (1, 2): True,
    }  # fmt: skip


def test_broken_clips_are_problems_and_the_rest_is_compared(tmp_path):
    write(tmp_path / "a.wav", ORIGINAL)
    write(tmp_path / "z.wav", ORIGINAL)
    (tmp_path / "m.wav").write_text("no sound")
    missing = Problem("gone.wav", "missing", "gone.wav: no such file")
    paths = [Clip(str(tmp_path / f"{name}.wav")) for name in "amz"]
    results = find_near_duplicates(ClipTable.of("a", paths, [missing]), n_workers=1, progress=False)
    assert [problem.problem for problem in results.problems] == ["missing", "not audio"]
    assert [(pair.clip, pair.other) for pair in results.pairs] == [(0, 2)]


def test_a_file_that_is_gone_in_the_meantime_is_a_problem(tmp_path):
    write(tmp_path / "a.wav", ORIGINAL)
    there, gone = (Recording(Clip(str(tmp_path / name)), 4.0) for name in ("a.wav", "gone.wav"))
    problem = near_duplicates._compare(
        near_duplicates._Comparison(there, gone, [Candidate(0, 0, 50, 200)])
    )
    assert (problem.path, problem.problem) == (str(tmp_path / "gone.wav"), "missing")


def test_sources_without_clips_have_no_pairs(tmp_path):
    write(tmp_path / "a.wav", ORIGINAL)
    nothing, one = ClipTable.of("none", []), read_source(str(tmp_path))
    for tables in ([nothing], [nothing, one], [one, nothing]):
        assert find_near_duplicates(*tables, n_workers=1, progress=False).pairs == []


def test_the_pairs_do_not_depend_on_the_number_of_processes(tmp_path):
    write(tmp_path / "a.wav", ORIGINAL)
    write(tmp_path / "b.ogg", ORIGINAL)
    table = read_source(str(tmp_path))
    results = [find_near_duplicates(table, n_workers=n, progress=False) for n in (1, 2)]
    assert results[0] == results[1]
    assert len(results[0].pairs) == 1
