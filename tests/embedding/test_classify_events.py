"""Events in long recordings, in parts that an interrupted run resumes."""

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from kills import assert_whole
from power_cut import POWER_CUTS

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import Clip, ClipTable, Problem, SourceError
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.datasets.source import read_source
from soundalike.embedding import classify_events as module
from soundalike.embedding import event_parts
from soundalike.embedding.classify import classify
from soundalike.embedding.classify_events import classify_events
from soundalike.embedding.known_sounds import KnownSounds
from soundalike.embedding.model_path import ModelError
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import encode_windows
from soundalike.models.encoder import build_encoder

RATE = 22050
QUIET_S = 5.0  # length of a recording without any
TONES_S = [(3.0, 5.5), (9.0, 11.0), (15.0, 18.0)]  # where the recording is louder


SETTINGS = {"name": "audio_ntt", "width": 4, "dim": 16}


@pytest.fixture(scope="module")
def classifier():
    """Two classes that do not exclude each other, of which one is fitted to the tones."""
    torch.manual_seed(0)
    encoder, windows = build_encoder(SETTINGS), Windows(101, 50, 101, align_last=True)
    model = SoundEncoder(encoder, SETTINGS, LogMel(), Standardization(-3.0, 2.0), windows).eval()
    made = SoundClassifier(model, ["loud", "never"], multi_label=True, threshold=0.5).eval()
    sounds = recording(TONES_S), recording([], QUIET_S)
    batches = list(encode_windows(model, [[model.front_end.of_clip(sound)] for sound in sounds]))
    is_loud = np.concatenate([batch.clips for batch in batches]) == 0
    vectors = np.concatenate([batch.vectors for batch in batches])
    starts = np.concatenate([batch.starts for batch in batches])
    middles_s = starts * model.front_end.hop_s + 0.5
    edges_s = np.abs(middles_s[:, None] - np.ravel(TONES_S)).min(axis=1)
    is_tone = np.any([(a <= middles_s) & (middles_s < b) for a, b in TONES_S], axis=0) & is_loud
    clear = (edges_s > 0.2) | ~is_loud
    columns = np.column_stack([vectors, np.ones(len(vectors))])[clear]
    *weights, bias = np.linalg.lstsq(columns, np.where(is_tone[clear], 6.0, -6.0))[0]
    with torch.no_grad():
        made.linear.weight[0] = torch.tensor(weights)
        made.linear.bias[0] = bias
        made.linear.weight[1], made.linear.bias[1] = 0.0, -9.0
    return made


def recording(times, duration_s=20.0):
    """Return quiet noise with a tone at some times."""
    waveform = 0.01 * np.random.default_rng(0).standard_normal(round(duration_s * RATE))
    time_s = np.arange(len(waveform)) / RATE
    for start_s, end_s in times:
        is_tone = (time_s >= start_s) & (time_s < end_s)
        waveform[is_tone] += 0.5 * np.sin(2 * np.pi * 3000 * time_s[is_tone])
    return waveform.astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two recordings with the same events, one of them in a sub-folder, and one without any."""
    folder = tmp_path_factory.mktemp("nights")
    (folder / "b").mkdir()
    for name in ("a.wav", "b/a.wav"):
        soundfile.write(folder / name, recording(TONES_S), RATE)
    soundfile.write(folder / "quiet.wav", recording([], QUIET_S), RATE)
    return folder


def test_events_are_where_the_sounds_are(classifier, folder, tmp_path):
    result = classify_events(classifier, read_source(folder), tmp_path / "x.csv", progress=False)
    rows = pd.read_csv(tmp_path / "x.csv")
    assert result.classes == {"loud": 6}
    assert (result.n_clips, result.n_events, result.n_problems) == (3, 6, 0)
    assert result.hours == pytest.approx(45 / 3600, abs=1e-3)
    for path in ("a.wav", "b/a.wav"):
        of_path = rows[rows["path"] == str(folder / path)]
        np.testing.assert_allclose(of_path[["start_s", "end_s"]], TONES_S, atol=0.75)
    assert rows["score"].between(0.5, 1).all()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv"], "no parts are left"


def test_tables_per_recording(classifier, folder, tmp_path):
    result = classify_events(
        classifier, read_source(folder), tmp_path / "out", format="audacity", progress=False
    )
    tables = {p.relative_to(tmp_path / "out").as_posix(): p for p in tmp_path.rglob("*.txt")}
    assert {name: len(p.read_text().splitlines()) for name, p in tables.items()} == {
        "a.wav.txt": 3, "b/a.wav.txt": 3, "quiet.wav.txt": 0,
    }  # fmt: skip
    assert result.n_events == 6


def test_segments_of_a_recording_are_in_one_table(classifier, folder, tmp_path):
    """Also if the source names another recording in between; times are those of the file."""
    one, two = str(folder / "a.wav"), str(folder / "b" / "a.wav")
    some = [Clip(one, start_s=8.0, end_s=12.0), Clip(two, start_s=0.0), Clip(one, end_s=7.0)]
    clips = ClipTable.of("x", some)
    classify_events(classifier, clips, tmp_path / "out", format="raven", progress=False)
    (table,) = (tmp_path / "out").glob("*.txt")
    starts_s = pd.read_csv(table, sep="\t")["Begin Time (s)"]
    np.testing.assert_allclose(starts_s, [9.0, 3.0], atol=0.75)


def test_windows_that_classify_would_not_name_are_no_event(classifier, folder, tmp_path):
    """Unsure, silent, and none of these."""
    clips = read_source(folder / "a.wav")
    single = SoundClassifier(classifier.model, classifier.classes, threshold=0.5)
    single.linear = classifier.linear
    single.eval()
    out, csv = tmp_path / "x.csv", tmp_path / "windows.csv"
    for held_out, false_alarms in [([0.9] * 19, 0.05), ([0.0] * 19, 0.05), ([0.9] * 19, 0)]:
        single.known = KnownSounds(single.model.dim, 2, 19)
        single.known.held_out.copy_(torch.tensor(held_out))
        single.known.linear.load_state_dict(classifier.linear.state_dict())
        arguments = {"false_alarms": false_alarms, "progress": False}
        classify(single, clips, csv, windows=True, **arguments)
        windows = pd.read_csv(csv)
        names = windows["class"].isin(["loud", "never"])
        result = classify_events(single, clips, out, **arguments)
        rows = pd.read_csv(out)
        middles = (windows["start_s"] + windows["end_s"])[names] / 2
        for middle, name in zip(middles, windows["class"][names], strict=True):
            is_around = (rows["start_s"] <= middle) & (middle <= rows["end_s"])
            assert (rows["label"][is_around] == name).any()
        assert result.n_events == len(rows) <= names.sum()
    soundfile.write(tmp_path / "zero.wav", np.zeros(5 * RATE), RATE)
    always = SoundClassifier(classifier.model, ["a"], multi_label=True, threshold=0.0).eval()
    zero = ClipTable.of("x", [Clip(str(tmp_path / "zero.wav"))])
    assert classify_events(always, zero, out, progress=False).n_events == 0


def test_broken_recordings_are_listed(classifier, folder, tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    some = [Clip(str(tmp_path / "broken.wav")), Clip(str(folder / "a.wav"))]
    clips = ClipTable.of("x", some, [Problem("gone.wav", "missing", "gone.wav: no such file")])
    result = classify_events(classifier, clips, tmp_path / "x.csv", progress=False)
    assert (result.n_clips, result.n_problems, result.n_events) == (1, 2, 3)
    assert pd.read_csv(result.problems)["problem"].tolist()[0] == "missing"
    with pytest.raises(BrokenClipsError, match=r"gone\.wav"):
        classify_events(classifier, clips, tmp_path / "y.csv", strict=True, progress=False)
    broken = ClipTable.of("x", some[:1])
    with pytest.raises(BrokenClipsError, match="no clip could be read"):
        classify_events(classifier, broken, tmp_path / "z.csv", progress=False)
    assert not list(tmp_path.glob("[yz].csv*"))


def test_wrong_outputs_and_classifiers_are_refused_before_any_work(classifier, folder, tmp_path):
    clips = read_source(folder)
    with pytest.raises(SourceError, match="a table for each of 3 recordings"):
        classify_events(classifier, clips, tmp_path / "x.txt", format="raven", progress=False)
    new = SoundClassifier(classifier.model, ["a"])
    with pytest.raises(ModelError, match="no threshold"):
        classify_events(new, clips, tmp_path / "x.csv", progress=False)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_run_resumes_and_says_so(classifier, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(event_parts, "CLIPS_PER_PART", 1)
    clips = read_source(folder)
    classify_events(classifier, clips, tmp_path / "whole.csv", progress=False)
    classify_part, n_calls = module.classify_part, []

    def interrupted(*arguments):
        n_calls.append(1)
        if len(n_calls) == 3:
            raise KeyboardInterrupt
        classify_part(*arguments)

    monkeypatch.setattr(module, "classify_part", interrupted)
    with pytest.raises(KeyboardInterrupt):
        classify_events(classifier, clips, tmp_path / "x.csv", progress=False)
    assert not (tmp_path / "x.csv").exists()
    classify_events(classifier, clips, tmp_path / "x.csv")
    assert len(n_calls) == 4
    assert "classify: resumes after 2 of 3 clips" in capsys.readouterr().err
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


CLASSIFY = """
from soundalike.datasets.source import read_source
from soundalike.embedding import event_parts
from soundalike.embedding.classify_events import classify_events
from soundalike.embedding.sound_classifier import SoundClassifier

event_parts.CLIPS_PER_PART = 1

def work(folder):
    classifier, sounds = arguments
    clips = read_source(sounds)
    classifier = SoundClassifier.load(classifier)
    classify_events(classifier, clips, folder / "a", format="audacity", progress=False)
"""


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["", *POWER_CUTS])
def test_a_kill_at_any_moment_makes_no_difference(cut, classifier, kill_everywhere, tmp_path):
    classifier.save(tmp_path / "classifier")
    (tmp_path / "sounds").mkdir()
    for name, times in [("loud", [(0, 1)]), ("quiet", [])]:
        soundfile.write(tmp_path / "sounds" / f"{name}.wav", recording(times, 1.2), RATE)
    moments = kill_everywhere(CLASSIFY, tmp_path / "classifier", tmp_path / "sounds", cut=cut)
    # the lock, two records, two tables, the problems, both records and their folder, the lock, and
    # one unkilled
    assert cut or len(moments) == 11
    expected = assert_whole(moments, growing=("a.parts",))
    assert set(expected) == {"a/loud.wav.txt", "a/quiet.wav.txt"}
