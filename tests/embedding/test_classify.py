"""Classifying files: rows of the CSV, and broken clips."""

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from kills import assert_whole, kills

from soundalike.datasets.clips import Clip, ClipTable, SourceError
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.datasets.source import read_source
from soundalike.datasets.splits import Split
from soundalike.downstream.features import embeddings
from soundalike.downstream.linear import fit_linear
from soundalike.embedding.classify import classify, why_never_none
from soundalike.embedding.known_sounds import KnownSounds
from soundalike.embedding.model_path import ModelError
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder


@pytest.fixture(scope="module")
def classifier(run, store):
    """A linear classifier of the three kinds of tones."""
    model = SoundEncoder.from_pretrained(run.path)
    nothing = np.zeros(0, dtype=int)
    split = Split("x", np.arange(24), nothing, nothing)
    linear = fit_linear(embeddings(model, store), split)
    return linear.copy_to(SoundClassifier(model, store.clips.classes, threshold=0.0)).eval()


@pytest.fixture
def clips(sound_folder):
    return read_source(sound_folder)


def read(path):
    return pd.read_csv(path, keep_default_na=False)


def test_a_row_for_every_clip(classifier, clips, store, tmp_path):
    classifier.threshold = 0.0
    result = classify(classifier, clips, tmp_path / "out.csv", progress=False)
    rows = read(tmp_path / "out.csv")
    assert list(rows) == [
        "path", "start_s", "end_s", "class",
        "class_1", "probability_1", "class_2", "probability_2", "class_3", "probability_3",
        "known",
    ]  # fmt: skip
    assert rows["path"].tolist() == clips.rows["path"].tolist()
    assert (rows["class"] == clips.rows["label"]).mean() > 0.9
    assert rows["class"].tolist() == rows["class_1"].tolist()
    assert set(rows["start_s"]) == {0.0}
    assert set(rows["end_s"]) == {""}
    probabilities = classifier.clip_probabilities(store)
    for row, expected in zip(rows.itertuples(), probabilities, strict=True):
        best = expected.argsort()[::-1]
        classes = [classifier.classes[index] for index in best]
        assert [row.class_1, row.class_2, row.class_3] == classes
        of_row = [row.probability_1, row.probability_2, row.probability_3]
        assert of_row == pytest.approx(expected[best], abs=2e-3)
    assert (result.n_clips, result.n_rows, result.n_unsure) == (24, 24, 0)
    assert set(rows["known"]) == {""}
    assert result.known_threshold is None
    assert sum(result.classes.values()) == 24


def test_no_row_ends_after_its_file(classifier, tmp_path):
    durations = {"short": 0.3, "long": 2.3456}
    for name, duration_s in durations.items():
        soundfile.write(tmp_path / f"{name}.wav", np.full(round(22050 * duration_s), 0.1), 22050)
    table = ClipTable.of(
        "x",
        [
            Clip(str(tmp_path / "short.wav")),
            Clip(str(tmp_path / "short.wav"), end_s=7.0),
            Clip(str(tmp_path / "long.wav"), start_s=0.5, end_s=7.0),
        ],
    )
    for windows in (False, True):
        classify(classifier, table, tmp_path / "out.csv", windows=windows, progress=False)
        rows = pd.read_csv(tmp_path / "out.csv")
        for row in rows.itertuples():
            if windows or not np.isnan(row.end_s):
                duration_s = durations["short" if row.path.endswith("short.wav") else "long"]
                assert row.start_s < row.end_s <= duration_s
    assert rows["end_s"].iloc[0] == 0.3


def test_below_the_threshold_a_clip_is_unsure_with_its_best_guess(classifier, clips, tmp_path):
    classifier.threshold = 0.0
    classify(classifier, clips, tmp_path / "sure.csv", progress=False)
    sure = read(tmp_path / "sure.csv")
    classifier.threshold = float(sure["probability_1"].median())
    result = classify(classifier, clips, tmp_path / "out.csv", progress=False)
    rows = read(tmp_path / "out.csv")
    unsure = rows["class"] == "unsure"
    assert 6 <= result.n_unsure == unsure.sum() <= 18
    assert (rows["probability_1"][unsure] <= classifier.threshold).all()
    assert rows["class_1"].tolist() == sure["class"].tolist()


def test_a_detector_that_does_not_find_its_sound_has_no_answer(classifier, clips, tmp_path):
    detector = SoundClassifier(classifier.model, ["low"], multi_label=True, threshold=0.5).eval()
    low = classifier.classes.index("low")
    with torch.no_grad():
        for layer, theirs in zip(
            detector.linear.parameters(), classifier.linear.parameters(), strict=True
        ):
            layer[0] = 3 * theirs[low] - theirs.sum(dim=0)
    result = classify(detector, clips, tmp_path / "out.csv", progress=False)
    rows = read(tmp_path / "out.csv")
    assert set(rows["class"]) == {"low", ""}
    assert (result.n_unsure, result.n_rows) == (0, 24)
    assert result.classes == {"low": int((rows["class"] == "low").sum())}
    assert ((rows["class"] == "low") == (clips.rows["label"] == "low")).mean() > 0.7


def with_known(classifier, held_out):
    """Return the classifier with scores of known sounds that differ, all by the class "low"."""
    known = KnownSounds(classifier.model.dim, 3, len(held_out))
    known.held_out.copy_(torch.tensor(held_out))
    known.linear.weight.data.zero_()
    known.linear.weight.data[1] = 0.1 * (classifier.linear.weight[1] - classifier.linear.weight[0])
    known.linear.bias.data[:] = torch.tensor([-30.0, 0.0, -30.0])
    layers = SoundClassifier(classifier.model, classifier.classes, threshold=0.0, known=known)
    layers.linear = classifier.linear
    return layers.eval()


def known_scores(classifier, store):
    """Return the score of each clip: the highest of its mean probabilities over windows."""
    scores = []
    for clip in range(len(store.clips)):
        windows = classifier.window_probabilities([store.blocks(clip)])
        scores.append(max(windows.known.mean(axis=0)))
    return np.array(scores)


def test_clips_below_the_threshold_of_known_sounds_are_none_of_these(
    classifier, clips, store, tmp_path
):
    scores = known_scores(with_known(classifier, [0.0]), store)
    threshold = (np.sort(scores)[7] + np.sort(scores)[8]) / 2
    of_three = with_known(classifier, [threshold] * 19)
    result = classify(of_three, clips, tmp_path / "out.csv", progress=False)
    rows = read(tmp_path / "out.csv")
    assert result.n_none == 8
    assert (rows["class"] == "none of these").tolist() == (scores < threshold).tolist()
    assert rows["known"].to_numpy(float) == pytest.approx(scores, abs=1e-3)
    assert result.known_threshold == pytest.approx(threshold)
    assert set(rows["class_1"]) <= {"high", "low", "middle"}, "the best guess stays"
    classify(of_three, clips, tmp_path / "out.csv", false_alarms=0, progress=False)
    assert "none of these" not in set(read(tmp_path / "out.csv")["class"])
    result = classify(of_three, clips, tmp_path / "o.csv", windows=True, progress=False)
    assert 0 < result.n_none < result.n_rows


def test_it_says_why_no_clip_is_none_of_these(classifier, clips, tmp_path):
    assert "the classifier has no background" in why_never_none(classifier, 0.05)
    few = with_known(classifier, [0.9] * 18)
    assert why_never_none(few, 0.05) == (
        "5% false alarms take 19 clips in the evaluation, which had 18"
    )
    assert classify(few, clips, tmp_path / "out.csv", progress=False).n_none == 0
    assert why_never_none(few, 0.1) is None
    assert why_never_none(few, 0) is None
    several = SoundClassifier(classifier.model, ["a"], multi_label=True)
    assert why_never_none(several, 0.05) is None


def test_silence_is_silent(classifier, tmp_path):
    """Of a clip with sound, and a window of silence; an offset is no sound."""
    tone = 0.5 * np.sin(np.arange(3 * 22050) / 5)
    sounds = {"zero": 0 * tone, "offset": 0 * tone + 0.3, "tone": tone, "half": tone.copy()}
    sounds["half"][25000:] = 0
    for name, waveform in sounds.items():
        soundfile.write(tmp_path / f"{name}.wav", waveform, 22050, subtype="FLOAT")
    table = ClipTable.of("x", [Clip(str(tmp_path / f"{name}.wav")) for name in sounds])
    result = classify(classifier, table, tmp_path / "out.csv", progress=False)
    rows = read(tmp_path / "out.csv")
    assert result.n_silent == 2
    assert (rows["class"] == "silent").tolist() == [True, True, False, False]
    assert (rows["class_1"] == "").tolist() == (rows["probability_1"] == "").tolist()
    assert (rows["class_1"] == "").tolist() == [True, True, False, False]
    classify(classifier, table, tmp_path / "out.csv", windows=True, progress=False)
    rows = read(tmp_path / "out.csv")
    half = rows[rows["path"].str.endswith("half.wav")]
    assert (half["class"] == "silent").tolist() == (half["start_s"] >= 1.2).tolist()


def test_fewer_than_three_classes_leave_columns_blank(classifier, clips, tmp_path):
    two = SoundClassifier(classifier.model, ["a", "b"], threshold=0.0).eval()
    classify(two, clips, tmp_path / "out.csv", progress=False)
    rows = read(tmp_path / "out.csv")
    assert set(rows["class_3"]) == set(rows["probability_3"]) == {""}
    assert set(rows["class_2"]) <= {"a", "b"}


def test_a_row_for_every_window(classifier, tmp_path):
    """A clip that changes in the middle, and a segment of it whose times are those of the file."""
    classifier.threshold = 0.0
    time_s = np.arange(4 * 22050) / 22050
    frequency = np.where(time_s < 2, 200, 5000)
    path = tmp_path / "both.wav"
    noise = 0.02 * np.random.default_rng(0).standard_normal(len(time_s))
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * frequency * time_s) + noise, 22050)
    clips = ClipTable.of("x", [Clip(str(path)), Clip(str(path), start_s=2.5, end_s=4.0)])
    result = classify(classifier, clips, tmp_path / "out.csv", windows=True, progress=False)
    rows = read(tmp_path / "out.csv")
    assert result.n_rows == len(rows)
    segment = np.flatnonzero(rows["start_s"].diff() < 0)[0]
    whole, part = rows[:segment], rows[segment:]
    lengths_s = (whole["end_s"].astype(float) - whole["start_s"]).round(2)
    assert lengths_s.iloc[:-1].unique().tolist() == [1.0]
    assert whole["end_s"].iloc[-1] == 4.0  # the last window ends with its clip
    assert set(whole["class"][whole["end_s"] < 2]) == {"low"}
    assert set(whole["class"][whole["start_s"] >= 2]) == {"high"}
    assert part["start_s"].iloc[0] == 2.5
    assert part["start_s"].iloc[1] == pytest.approx(3.0, abs=0.01)


def test_several_classes_are_named_together(classifier, clips, tmp_path):
    classifier.multi_label, classifier.threshold = True, 0.0
    classify(classifier, clips, tmp_path / "all.csv", progress=False)
    assert set(read(tmp_path / "all.csv")["class"]) == {"high;low;middle"}
    classifier.threshold = 1.1
    classify(classifier, clips, tmp_path / "none.csv", progress=False)
    assert set(read(tmp_path / "none.csv")["class"]) == {"unsure"}
    classifier.multi_label = False


def test_broken_clips_are_left_out_and_listed(classifier, clips, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    some = [Clip(clips.rows["path"][0]), Clip(str(broken)), Clip(clips.rows["path"][9])]
    result = classify(classifier, ClipTable.of("x", some), tmp_path / "out.csv", progress=False)
    assert (result.n_clips, result.n_problems) == (2, 1)
    assert read(tmp_path / "out.csv")["path"].tolist() == [some[0].path, some[2].path]
    assert str(broken) in read(result.problems)["message"][0]
    with pytest.raises(BrokenClipsError, match=r"broken\.wav"):
        classify(
            classifier, ClipTable.of("x", some), tmp_path / "2.csv", strict=True, progress=False
        )
    with pytest.raises(BrokenClipsError, match="no clip could be read"):
        classify(classifier, ClipTable.of("x", some[1:2]), tmp_path / "3.csv", progress=False)
    assert not (tmp_path / "2.csv").exists()
    assert not (tmp_path / "3.csv").exists()


def test_a_clip_that_breaks_in_the_middle_has_no_row(classifier, clips, tmp_path):
    """Windows before the damage had rows, though the clip was listed as skipped."""
    path = tmp_path / "damaged.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 40 * 22050), 22050)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4000] = bytes(4000)
    path.write_bytes(content)
    some = ClipTable.of("x", [Clip(str(path)), Clip(clips.rows["path"][0])])
    for windows in (False, True):
        out = tmp_path / f"{windows}.csv"
        result = classify(classifier, some, out, windows=windows, progress=False)
        assert (result.n_clips, result.n_problems) == (1, 1)
        assert set(read(out)["path"]) == {clips.rows["path"][0]}


def test_a_folder_as_output_is_refused(classifier, clips, tmp_path):
    with pytest.raises(SourceError, match="is a folder"):
        classify(classifier, clips, tmp_path, progress=False)


def test_a_classifier_that_was_not_calibrated_is_refused(classifier, clips, tmp_path, monkeypatch):
    """As the training leaves it if it is killed before the evaluation ends."""
    monkeypatch.setattr(classifier, "threshold", None)
    with pytest.raises(ModelError, match="no threshold"):
        classify(classifier, clips, tmp_path / "out.csv", progress=False)
    assert not list(tmp_path.iterdir())


CLASSIFY = """
from soundalike.datasets.source import read_source
from soundalike.embedding.classify import classify, why_never_none
from soundalike.embedding.known_sounds import KnownSounds
from soundalike.embedding.sound_classifier import SoundClassifier

def work(folder):
    classifier, sounds = arguments
    folder.mkdir(exist_ok=True)
    clips = read_source(sounds)
    classify(SoundClassifier.load(classifier), clips, folder / "a.csv", progress=False)
"""


@kills()
def test_a_kill_at_any_moment_makes_no_difference(
    names, cut, classifier, sound_folder, kill_everywhere, tmp_path
):
    classifier.save(tmp_path / "classifier")
    moments = kill_everywhere(CLASSIFY, tmp_path / "classifier", sound_folder / "low", cut=cut)
    # the lock, the file, the list of problems, the lock again, and one unkilled
    assert cut or len(moments) == 5
    assert set(assert_whole(moments)) == {"a.csv"}
