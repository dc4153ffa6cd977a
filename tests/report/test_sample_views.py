"""Sampled views equal those of training, and their sounds match."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import SourceError
from soundalike.datasets.prepare import BrokenClipsError, prepare
from soundalike.datasets.source import read_source
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.recipe import read_recipe
from soundalike.report.sample_views import N_BACKGROUND_CLIPS, sample_views, spread
from soundalike.training.pretraining_recipe import PRETRAINING

pytestmark = pytest.mark.usefixtures("rough_sounds")
RATE = 22050


def settings(**changes):
    """The section `views` of a recipe with mix-back and no augmentation."""
    nothing = {"views.resized_crop": None, "views.compression": None, "views.noise": None}
    changes = {f"views.{key}": value for key, value in changes.items()}
    return read_recipe("tiny", PRETRAINING, nothing | changes)["views"]


def rhythm(duration_s, seed, rate=RATE):
    """Noise whose level varies all the time, so that every moment is different."""
    rng = np.random.default_rng(seed)
    n_samples = round(duration_s * rate)
    steps = np.linspace(0, n_samples, max(2, round(duration_s * 20)))
    loudness = np.interp(np.arange(n_samples), steps, rng.uniform(0.02, 0.9, len(steps)))
    return (loudness * rng.uniform(-1, 1, n_samples)).astype(np.float32)


@pytest.fixture(scope="module")
def rhythms(tmp_path_factory):
    """Long, short (repeated), resampled and cut clips."""
    root = tmp_path_factory.mktemp("rhythms")
    rows = []
    for number in range(4):
        soundfile.write(root / f"long {number}.wav", rhythm(4, number), RATE)
        soundfile.write(root / f"short {number}.wav", rhythm(0.6, number), RATE)
        soundfile.write(root / f"rate {number}.flac", rhythm(3, number, 44100), 44100)
        for kind, suffix in {"long": "wav", "short": "wav", "rate": "flac"}.items():
            rows.append({"path": root / f"{kind} {number}.{suffix}"})
        rows.append({"path": root / f"long {number}.wav", "start_s": 1.3, "end_s": 3.1})
    pd.DataFrame(rows).to_csv(root / "clips.csv", index=False)
    return root / "clips.csv"


@pytest.fixture(scope="module")
def rhythm_store(rhythms, tmp_path_factory):
    """The store of these clips."""
    out = tmp_path_factory.mktemp("rhythm store") / "store"
    return prepare(read_source(rhythms), out, n_workers=1, progress=False)


@given(st.integers(0, 500), st.integers(1, 60), st.integers(0, 99))
def test_clips_are_spread_over_the_source(n_clips, n_wanted, seed):
    indices = spread(n_clips, n_wanted, seed)
    assert len(indices) == min(n_clips, n_wanted)
    assert (np.diff(indices) > 0).all()
    assert ((indices >= 0) & (indices < n_clips)).all()
    if len(indices):
        stretch = n_clips / len(indices)
        assert (
            np.abs(indices - stretch * (np.arange(len(indices)) + 0.5)) <= stretch / 2 + 1
        ).all()


def test_a_view_is_its_patch_mixed_with_its_background(store):
    samples = sample_views(str(store.path), store.front_end, settings(mix_back={"alpha": 0.5}), 3)
    assert len(samples.pairs) == 3
    for first, second in samples.pairs:
        assert first.weight == second.weight
        assert len({cut.clip.path for cut in (first.patch, first.background)}) == 2
        assert first.background.clip.path != second.background.clip.path
        for view in (first, second):
            patch = 10 ** view.patch.log_mel.astype(np.float64)
            background = 10 ** view.background.log_mel.astype(np.float64)
            background *= patch.sum() / background.sum()
            mixture = (1 - view.weight) * patch + view.weight * background
            np.testing.assert_allclose(view.log_mel, np.log10(mixture), atol=1e-4)


def test_a_patch_is_the_stated_part_of_its_clip(store):
    samples = sample_views(str(store.path), store.front_end, settings(), 3)
    index = {path: place for place, path in enumerate(store.clips.relative_paths())}
    for cut in samples.cuts:
        start = round(cut.start_s / store.front_end.hop_s)
        frames = store.of_clip(index[cut.clip.path])[start : start + 101]
        assert np.array_equal(cut.log_mel, frames)


def test_the_sound_of_a_patch_matches_its_picture(rhythms):
    """The log-mel of each sound equals the picture, except for its level and edges."""
    samples = sample_views(str(rhythms), LogMel(), settings(), 8)
    kinds = {(cut.clip.path.split()[0], cut.clip.start_s) for cut in samples.cuts}
    assert kinds == {("long", None), ("long", 1.3), ("short", None), ("rate", None)}
    for cut in samples.cuts:
        assert cut.is_recorded
        assert cut.is_repeated == cut.clip.path.startswith("short")
        assert len(cut.waveform) == 100 * 220 + 1
        inside = slice(2, -2)
        difference = LogMel()(cut.waveform)[inside] - cut.log_mel[inside]
        assert np.std(difference) < 0.1, cut.clip


def test_both_patches_of_a_pair_are_of_one_segment_as_in_training(rhythm_store):
    """Segments of at most 2.1 s: clips of 4 s have two, and each may be shown."""
    halves, source = set(), str(rhythm_store.path)
    for seed in range(2):
        samples = sample_views(source, LogMel(), settings(mix_back=None), 16, seed, segment_s=2.1)
        assert samples.segment_s == 2.1
        for first, second in samples.pairs:
            clip, starts = first.patch.clip, (first.patch.start_s, second.patch.start_s)
            if "long" in clip.path and clip.start_s is None:
                assert max(starts) + 1 < 2.03 or min(starts) > 1.98
                halves.add(min(starts) > 1.98)
        for cut in samples.cuts:
            assert np.std((LogMel()(cut.waveform) - cut.log_mel)[2:-2]) < 0.1
    assert halves == {False, True}
    with pytest.raises(RecipeError, match="segment_s must be at least as long as two patches"):
        sample_views(source, LogMel(), settings(), 8, segment_s=1.5)


def test_without_recordings_sounds_are_inverted_from_log_mels(sound_folder, tmp_path):
    sounds = shutil.copytree(sound_folder / "low", tmp_path / "sounds")
    store = prepare(read_source(sounds), tmp_path / "store", n_workers=1, progress=False)
    before = sample_views(str(store.path), store.front_end, settings(), 2)
    shutil.rmtree(sounds)
    after = sample_views(str(store.path), store.front_end, settings(), 2)
    assert all(cut.is_recorded for cut in before.cuts)
    assert not any(cut.is_recorded for cut in after.cuts)
    for cut, same in zip(before.cuts, after.cuts, strict=True):
        assert np.array_equal(cut.log_mel, same.log_mel)
        assert len(cut.waveform) == len(same.waveform)
    for pair, same in zip(before.pairs, after.pairs, strict=True):
        assert np.array_equal(pair[0].waveform, same[0].waveform)


def test_a_store_and_its_source_give_the_same_views(store, sound_folder):
    views = [
        sample_views(source, store.front_end, settings(), 4, seed=3).pairs[-1][1].log_mel
        for source in (str(store.path), str(sound_folder))
    ]
    assert np.array_equal(*views)


def test_the_views_depend_on_the_seed_alone(sound_folder):
    def log_mels(seed):
        settings = read_recipe("tiny", PRETRAINING)["views"]
        samples = sample_views(str(sound_folder), LogMel(), settings, 1, seed)
        return np.stack([view.log_mel for pair in samples.pairs for view in pair])

    assert np.array_equal(log_mels(1), log_mels(1))
    assert not np.array_equal(log_mels(1), log_mels(2))


def test_silent_patches_are_marked(tmp_path):
    """In the pause after a knock and in a silent recording, but not in noise."""
    pause = np.zeros(60 * RATE, np.float32)
    pause[: RATE // 2] = rhythm(0.5, 0)
    soundfile.write(tmp_path / "pause.wav", pause, RATE)
    soundfile.write(tmp_path / "nothing.wav", np.zeros(2 * RATE), RATE)
    soundfile.write(tmp_path / "noise.wav", rhythm(2, 1), RATE)
    samples = sample_views(str(tmp_path), LogMel(), settings(mix_back=None), 3)
    silent = {
        pair[0].patch.clip.path: [view.patch.is_silent for view in pair] for pair in samples.pairs
    }
    assert silent == {
        "noise.wav": [False, False],
        "nothing.wav": [True, True],
        "pause.wav": [True, True],
    }
    assert samples.n_silent_patches == 4


def test_the_activity_threshold_of_the_recipe_avoids_silence(tmp_path):
    """For three clips whose second half is silent."""
    for number in range(3):
        halves = np.concatenate([rhythm(4, number), np.zeros(4 * RATE, np.float32)])
        soundfile.write(tmp_path / f"{number}.wav", halves, RATE)
    unaware, aware = (
        sample_views(
            str(tmp_path),
            LogMel(),
            settings(mix_back=None, activity_threshold_db=activity_threshold_db),
            3,
        )
        for activity_threshold_db in (None, 30)
    )
    assert unaware.n_silent_patches > 0
    assert (aware.activity_threshold_db, aware.n_silent_patches) == (30, 0)


@pytest.mark.parametrize("mix_back", [None, {"source": "none"}, {"alpha": 0.0}])
def test_without_mix_back_there_is_no_background(store, mix_back):
    samples = sample_views(str(store.path), store.front_end, settings(mix_back=mix_back), 2)
    for pair in samples.pairs:
        for view in pair:
            assert view.background is None
            np.testing.assert_allclose(view.log_mel, view.patch.log_mel, atol=1e-5)


def test_draws_are_in_the_order_of_use(store):
    changes = {"reversal": {"probability": 1.0}, "time_shift": {"frames": [7, 7]}}
    samples = sample_views(str(store.path), store.front_end, settings(mix_back=None, **changes), 1)
    view = samples.pairs[0][0]
    assert list(view.draws) == ["time_shift", "reversal"]
    assert view.draws["time_shift"]["shift"] == 7
    expected = np.roll(view.patch.log_mel, 7, axis=0)[::-1]
    np.testing.assert_allclose(view.log_mel, expected, atol=1e-6)


def test_only_training_clips_are_shown(sound_folder, tmp_path):
    rows = [
        {"path": path, "split": ("train", "validation", "test")[number % 3]}
        for number, path in enumerate(sorted(sound_folder.rglob("*.wav")))
    ]
    table = pd.DataFrame(rows)
    table.to_csv(tmp_path / "clips.csv", index=False)
    samples = sample_views(str(tmp_path / "clips.csv"), LogMel(), settings(), 8)
    assert samples.n_training_clips == 8
    assert {cut.clip.split for cut in samples.cuts} == {"train"}
    table[table["split"] != "train"].to_csv(tmp_path / "rest.csv", index=False)
    with pytest.raises(SourceError, match="no clip to train on in its split 'train'"):
        sample_views(str(tmp_path / "rest.csv"), LogMel(), settings())


def test_broken_clips_are_skipped(sound_folder, tmp_path):
    few = shutil.copytree(sound_folder / "low", tmp_path / "low")
    (few / "broken.wav").write_text("no sound")
    samples = sample_views(str(few), LogMel(), settings(), 3)
    assert (samples.n_training_clips, samples.n_sampled, samples.n_unreadable) == (9, 9, 1)


def test_only_the_sampled_clips_are_read(tmp_path):
    for number in range(500):
        (tmp_path / f"{number}.wav").touch()
    with pytest.raises(BrokenClipsError) as refused:
        sample_views(str(tmp_path), LogMel(), settings(), 8)
    assert f"of {8 + N_BACKGROUND_CLIPS} clips, none could be read. The first: " in str(
        refused.value
    )
    assert "problems.csv" not in str(refused.value)


def test_unusable_sources_and_settings_are_refused(store, sound_folder, tmp_path):
    with pytest.raises(
        RecipeError, match=r"is 400 \(3\.98 s\) and .*\.wav has 101 frames \(1\.00 s\)"
    ):
        sample_views(str(store.path), store.front_end, settings(patch_frames=400))
    with pytest.raises(RecipeError, match="alpha of at least 0 and below 1"):
        sample_views(str(store.path), store.front_end, settings(mix_back={"alpha": 2}))
    with pytest.raises(SourceError, match="n_mels is 96 there and 64 here"):
        sample_views(str(store.path), dataclasses.replace(store.front_end, n_mels=64), settings())
    for number in range(2):
        shutil.copy(sound_folder / "low" / f"{number}.wav", tmp_path)
    with pytest.raises(RecipeError, match="at least 3 clips"):
        sample_views(str(tmp_path), LogMel(), settings())
