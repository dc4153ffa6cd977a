"""Sounds that change after their store was prepared."""

import os
import shutil
import time

import numpy as np
import pytest
import soundfile

from soundalike.datasets import prepare as module
from soundalike.datasets.clips import SourceError
from soundalike.datasets.file_stamps import changed_clips
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.store import open_store


@pytest.fixture
def sounds(sound_folder, tmp_path):
    """Three sounds, one of silence and one of noise too quiet to hear, in a folder."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for path in sorted(sound_folder.glob("low/*.wav"))[:3]:
        shutil.copy2(path, folder)
    soundfile.write(folder / "silent.wav", np.zeros(30_000), 22050)
    noise = np.random.default_rng(0).integers(-1, 2, 30_000).astype(np.int16)
    soundfile.write(folder / "too quiet.wav", noise, 22050)
    return folder


def prepared(sounds):
    return prepare(read_source(sounds), sounds.parent / "store", n_workers=1, progress=False)


def doubled(path):
    samples, rate = soundfile.read(path)
    soundfile.write(path, np.concatenate([samples, samples]), rate)


def unreadable(path):
    path.write_bytes(b"no sound any more")


@pytest.mark.parametrize("change", [doubled, unreadable])
def test_a_sound_that_changed_is_named(sounds, change):
    prepared(sounds)
    changed = sorted(sounds.glob("*.wav"))[1]
    change(changed)
    assert [clip.path for clip in changed_clips(open_store(sounds.parent / "store"))] == [
        str(changed)
    ]
    with pytest.raises(SourceError, match=f"^{changed}: changed since .* was prepared"):
        prepared(sounds)


def test_a_sound_is_read_once_no_other_change_can_get_its_time(sounds, monkeypatch):
    (path, *_) = sorted(map(str, sounds.iterdir()))
    read, audio_hash, times_ns = module.read_log_mel_blocks, module.AudioHash, []

    def change(*words):
        if not times_ns:
            times_ns.append(time.time_ns())
            os.utime(path, ns=(0, times_ns[0]))
        return audio_hash(*words)

    def note(*words):
        times_ns.append(time.time_ns())
        return read(*words)

    monkeypatch.setattr(module, "AudioHash", change)  # made just before the stamp is taken
    monkeypatch.setattr(module, "read_log_mel_blocks", note)
    prepared(sounds)
    assert times_ns[1] - times_ns[0] > 20_000_000


def test_another_time_of_the_same_sound_changes_nothing(sounds):
    store = prepared(sounds)
    for path in sounds.iterdir():
        os.utime(path, (0, 0))
    assert not list(changed_clips(store))
    assert len(prepared(sounds).clips) == 5


def test_sounds_that_are_gone_are_not_needed(sounds):
    store, clips = prepared(sounds), read_source(sounds)
    shutil.rmtree(sounds)
    assert not list(changed_clips(store))
    assert len(prepare(clips, sounds.parent / "store", progress=False).clips) == 5
