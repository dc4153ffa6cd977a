"""What a scan reports, on sounds whose facts are known."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import soundfile

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.prepare import prepare
from soundalike.datasets.scan import scan
from soundalike.datasets.source import read_source
from soundalike.datasets.splits import training_clips

RATE = 8000


def noise(duration_s, seed, level=0.1):
    """Return noise, float64 at 8 kHz."""
    return np.random.default_rng(seed).uniform(-level, level, int(duration_s * RATE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with one of everything that a scan reports."""
    root = tmp_path_factory.mktemp("scan")
    for split in ("train", "test"):
        (root / split / "dog").mkdir(parents=True)

    def write(name, wave, rate=RATE):
        soundfile.write(root / name, wave, rate, subtype="PCM_16")

    write("train/dog/1s.wav", noise(1, 1))
    write("train/dog/2s.wav", noise(2, 2))
    write("train/dog/copy of 2s.wav", noise(2, 2))
    write("train/dog/stereo.wav", np.stack([noise(3, 3), noise(3, 4)], axis=1), 16000)
    write("train/dog/clipped.wav", np.clip(noise(1, 5, level=3), -1, 1))
    write("train/dog/one peak.wav", np.append(noise(1, 6)[:-1], 1))
    write("train/silent.wav", np.zeros(RATE))
    write("test/silent too.wav", np.zeros(RATE))
    write("test/dog/copy of 1s.wav", noise(1, 1))
    (root / "test" / "broken.wav").write_text("no sound")
    (root / "test" / "empty.wav").touch()
    return root


@pytest.fixture(scope="module")
def report(folder):
    """The scan of the folder."""
    return scan(read_source(folder), n_workers=1, progress=False)


def names(folder, *names):
    """Return the paths of files below the folder."""
    return [str(folder / name) for name in names]


def test_clips_durations_and_formats_are_counted(report, folder):
    assert (report.source, report.n_clips, report.n_readable) == (folder.name, 11, 9)
    assert report.hours * 3600 == pytest.approx(1 + 2 + 2 + 1.5 + 1 + 1 + 1 + 1 + 1)
    assert report.duration_s == {
        "shortest": 1.0, "quarter": 1.0, "median": 1.0, "three_quarters": 1.5, "longest": 2.0,
    }  # fmt: skip
    assert report.sample_rates == {8000: 8, 16000: 1}
    assert report.channels == {1: 8, 2: 1}
    assert report.labels == {"dog": 7}
    assert report.splits == {"train": 7, "test": 2}, "readable clips"
    assert report.folds == {}


def test_silent_and_clipped_clips_are_listed(report, folder):
    assert sorted(report.silent) == names(folder, "test/silent too.wav", "train/silent.wav")
    assert report.clipped == names(folder, "train/dog/clipped.wav")


def test_an_offset_and_a_faint_hiss_are_silent_and_a_faint_tone_is_not(tmp_path):
    """As for `prepare`, so that all commands count the same clips."""
    for name, wave in {
        "offset": np.full(2 * RATE, 0.5),
        "hiss": noise(2, 1, level=0.9e-4),
        "hiss again": noise(2, 1, level=0.9e-4),
        "tone": 1.1e-4 * np.sin(np.arange(2 * RATE) / 4),
    }.items():
        soundfile.write(tmp_path / f"{name}.wav", wave, RATE, subtype="FLOAT")
    clips = read_source(tmp_path)
    report = scan(clips, n_workers=1, progress=False)
    assert report.silent == names(tmp_path, "hiss again.wav", "hiss.wav", "offset.wav")
    assert report.identical == []
    store = prepare(clips, tmp_path / "store", n_workers=1, progress=False)
    assert (store.audio == b"").tolist() == [True, True, True, False]


def test_clips_that_are_repeated_are_listed(report, tmp_path):
    assert report.short == [], "a second is long enough"
    for name, duration_s in {"a": 0.99, "b": 1.0}.items():
        soundfile.write(tmp_path / f"{name}.wav", noise(duration_s, 1), RATE)
    clips = read_source(tmp_path)
    assert scan(clips, n_workers=1, progress=False).short == names(tmp_path, "a.wav")
    longer = scan(clips, LogMel(min_duration_s=2), n_workers=1, progress=False)
    assert longer.short == names(tmp_path, "a.wav", "b.wav")


def test_the_same_samples_at_another_rate_are_another_sound(tmp_path):
    for name, rate in {"a": RATE, "b": RATE, "c": 2 * RATE}.items():
        soundfile.write(tmp_path / f"{name}.wav", noise(2, 1), rate)
    report = scan(read_source(tmp_path), n_workers=1, progress=False)
    assert report.identical == [names(tmp_path, "a.wav", "b.wav")]


def test_identical_clips_are_grouped_and_groups_across_splits_listed(report, folder):
    across = sorted(names(folder, "test/dog/copy of 1s.wav", "train/dog/1s.wav"))
    within = names(folder, "train/dog/2s.wav", "train/dog/copy of 2s.wav")
    assert sorted(map(sorted, report.identical)) == [across, within], "silence is no copy"
    assert list(map(sorted, report.identical_across_splits)) == [across]


def test_broken_clips_and_problems_of_the_source_are_listed(report, folder):
    assert sorted(problem.path for problem in report.problems) == names(
        folder, "test/broken.wav", "test/empty.wav"
    )
    assert {problem.problem for problem in report.problems} == {"not audio", "empty"}
    missing = Problem("gone.wav", "missing", "gone.wav: no such file")
    table = ClipTable.of("x", [Clip(str(folder / "train/dog/1s.wav"))], [missing])
    assert scan(table, n_workers=1, progress=False).problems == [missing]


def test_a_report_can_be_written_as_json(report):
    assert json.loads(json.dumps(asdict(report)))["sample_rates"] == {"8000": 8, "16000": 1}


def test_the_report_does_not_depend_on_the_number_of_processes(report, folder):
    assert scan(read_source(folder), n_workers=2, progress=False) == report


def test_copies_across_folds_are_listed(folder):
    clips = [
        Clip(str(folder / "train/dog/2s.wav"), fold="1"),
        Clip(str(folder / "train/dog/copy of 2s.wav"), fold="2"),
    ]
    report = scan(ClipTable.of("x", clips), n_workers=1, progress=False)
    assert report.folds == {"1": 1, "2": 1}
    assert len(report.identical_across_splits) == 1


def test_each_class_of_a_clip_is_counted(folder):
    path = str(folder / "train/dog/1s.wav")
    clips = [Clip(path, "dog;rain"), Clip(path, "rain"), Clip(path), Clip(path, "rain; dog; wind")]
    report = scan(ClipTable.of("x", clips), n_workers=1, progress=False)
    assert list(report.labels.items()) == [("rain", 3), ("dog", 2), ("wind", 1)]


def test_segments_count_as_clips(folder):
    path = str(folder / "train/dog/2s.wav")
    clips = [Clip(path, start_s=0.5, end_s=1.0), Clip(path, start_s=1.0), Clip(path, start_s=5.0)]
    report = scan(ClipTable.of("x", clips), n_workers=1, progress=False)
    assert (report.duration_s["shortest"], report.duration_s["longest"]) == (0.5, 1.0)
    assert report.identical == []
    assert [problem.problem for problem in report.problems] == ["segment outside the clip"]


def test_a_source_without_readable_clips_has_a_report(folder):
    clips = [Clip(str(folder / "test/broken.wav"))]
    report = scan(ClipTable.of("x", clips), n_workers=1, progress=False)
    assert (report.n_readable, report.hours, report.duration_s) == (0, 0.0, {})
    json.dumps(asdict(report))


def test_floats_beyond_full_scale_are_not_clipped(tmp_path):
    loud = 3 * np.sin(np.arange(RATE) / 9)
    soundfile.write(tmp_path / "float.wav", loud, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "clipped float.wav", np.clip(loud, -1, 1), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "clipped.wav", loud, RATE, subtype="PCM_16")
    report = scan(read_source(tmp_path), n_workers=1, progress=False)
    assert sorted(report.clipped) == names(tmp_path, "clipped float.wav", "clipped.wav")


def test_channels_that_cancel_are_listed_and_not_silent(tmp_path, caplog):
    left = noise(1, 7)
    soundfile.write(tmp_path / "opposite.wav", np.stack([left, -left], axis=1), RATE)
    soundfile.write(tmp_path / "right.wav", np.stack([0 * left, left], axis=1), RATE)
    report = scan(read_source(tmp_path), n_workers=1, progress=False)
    assert (report.silent, report.cancelling) == ([], names(tmp_path, "opposite.wav"))
    assert not caplog.records, "the report says it"


def test_joined_files_are_scanned_to_the_end(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1, 8), RATE)
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content + content)
    assert scan(read_source(tmp_path), n_workers=1, progress=False).hours * 3600 == 2


def tones(frequency, rate, duration_s=0.5):
    """Return a tone in a little noise."""
    time_s = np.arange(int(duration_s * rate)) / rate
    noise = np.random.default_rng(int(frequency)).uniform(-0.01, 0.01, len(time_s))
    return 0.5 * np.sin(2 * np.pi * frequency * time_s) + noise


def test_bat_calls_and_infrasound_are_listed_with_the_options_that_cover_them(tmp_path):
    """Both are silence to the default front end, and nothing said so."""
    for frequency in (25000, 50000):
        soundfile.write(tmp_path / f"bat {frequency}.wav", tones(frequency, 384000), 384000)
    soundfile.write(tmp_path / "dog.wav", tones(1000, 44100), 44100)
    soundfile.write(tmp_path / "silent.wav", np.zeros(4410), 44100)
    soundfile.write(tmp_path / "whale.wav", tones(20, 1000, 3), 1000)
    report = scan(read_source(tmp_path), n_workers=1, progress=False)
    assert sorted(report.above_band) == names(tmp_path, "bat 25000.wav", "bat 50000.wav")
    assert report.below_band == names(tmp_path, "whale.wav")
    bats, whale = report.advice
    assert "bat 25000.wav and 1 more: 100% of the energy is above 10,500 Hz" in bats
    assert "--front_end.sample_rate 192000 --front_end.fmax 5" in bats
    assert "whale.wav: 100%" in whale
    assert "below 50 Hz" in whale
    front_end = LogMel(sample_rate=192000, fmax=90000.0)
    assert scan(read_source(tmp_path), front_end, n_workers=1, progress=False).above_band == []


@pytest.mark.parametrize("has_splits", [False, True])
def test_scan_and_training_count_the_same_clips(has_splits, tmp_path):
    """Of the readable clips, those that prepare leaves out are not trained on."""
    tree = {f"{kind}/{number}.wav": number for kind in ("train", "test") for number in range(4)}
    sounds = tmp_path / "sounds"
    for name, seed in tree.items():
        path = sounds / (name if has_splits else name.replace("t", "class t", 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        is_copy = seed == 3
        sound = noise(0.2, seed if is_copy else seed + 10 * name.startswith("test"))
        soundfile.write(path, sound * (seed > 0), 22050)
    (sounds / "train" / "broken.wav").parent.mkdir(exist_ok=True)
    (sounds / "train" / "broken.wav").write_text("no sound")
    clips = read_source(sounds)
    store = prepare(clips, tmp_path / "store", n_workers=1, progress=False)
    report = scan(clips, n_workers=1, progress=False)
    assert report.n_training == len(training_clips(store.clips)) == (3 if has_splits else 8)
    assert len(training_clips(clips)) == (5 if has_splits else 9)  # as `views` lists them


def test_clips_without_a_label_are_listed_if_others_have_one(tmp_path):
    for name in "abc":
        soundfile.write(tmp_path / f"{name}.wav", noise(1, 1), RATE)
    paths = names(tmp_path, "a.wav", "b.wav", "c.wav", "broken.wav")
    (tmp_path / "broken.wav").write_text("no sound")
    clips = [Clip(path, "dog" if path.endswith("a.wav") else "") for path in paths]
    report = scan(ClipTable.of("x", clips), n_workers=1, progress=False)
    assert report.unlabeled == names(tmp_path, "b.wav", "c.wav"), "those that others would score"
    assert not scan(ClipTable.of("x", clips[1:]), n_workers=1, progress=False).unlabeled


def test_segments_that_end_after_their_files_are_listed(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(2, 1), RATE)
    path = str(tmp_path / "a.wav")
    clips = [Clip(path, start_s=0.5, end_s=2.05), Clip(path, start_s=1.0, end_s=5.0)]
    report = scan(ClipTable.of("x", clips), n_workers=1, progress=False)
    assert report.past_end == [path]
