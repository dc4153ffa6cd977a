"""Clips with identical audio, and leaks between splits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.clips import Clip
from soundalike.datasets.identical import HASH, AudioHash, first_with_hash, leaks


def leaks_of(store):
    """Return the leaks of a store."""
    return leaks(store.clips.rows, store.audio)


@given(st.lists(st.integers(0, 5), max_size=12))
def test_the_first_of_the_same_audio_is_found(make_store, audio):
    store = make_store([Clip(str(i)) for i in range(len(audio))], audio)
    first = first_with_hash(store.audio)
    assert first.tolist() == [audio.index(number) for number in audio]


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4), st.booleans())
def test_a_hash_does_not_depend_on_the_blocks(lengths, is_silent):
    log_mel = np.arange(3 * sum(lengths)).reshape(-1, 3).astype(np.float16)
    log_mel[:] = -7.96 if is_silent else log_mel
    in_blocks = AudioHash()
    for block in np.split(log_mel, np.cumsum(lengths)[:-1]):
        in_blocks.add(block)
    whole = AudioHash()
    whole.add(log_mel)
    assert in_blocks.digest() == whole.digest()
    assert len(in_blocks.digest()) == (0 if is_silent else 32)


@pytest.mark.parametrize(("row", "band"), [(0, 0), (0, 2), (1, 0), (4, 2)])
def test_one_differing_value_is_not_silence(row, band):
    log_mel = np.full((5, 3), -7.96, np.float16)
    log_mel[row, band] = 0
    for cut in range(1, 5):
        audio = AudioHash()
        for block in np.split(log_mel, [cut]):
            audio.add(block)
        assert audio.digest()


def test_a_longer_clip_with_the_same_start_has_another_hash():
    digests = []
    for n_frames in (2, 3, 2, 2):
        audio = AudioHash()
        audio.add(np.tile(np.arange(3, dtype=np.float16), (n_frames, 1)))
        digests.append(audio.digest())
    assert first_with_hash(np.array(digests, HASH)).tolist() == [0, 1, 0, 0]


def test_silent_clips_are_not_copies_and_a_constant_band_is_not_silence(make_store):
    store = make_store([Clip(str(i)) for i in range(5)], [-1, -1, 4, -1, 4])
    assert first_with_hash(store.audio).tolist() == [0, 1, 2, 3, 2]


def test_the_more_protected_clip_stays(make_store):
    splits = ["train", "train", "validation", "test", "train", "validation", "", "train"]
    audio = [0, 1, 1, 0, 2, 0, 2, 2]
    clips = [Clip(f"{i}.wav", split=split) for i, split in enumerate(splits)]
    problems = leaks_of(make_store(clips, audio))
    assert list(problems) == [0, 1, 5], "copies inside a split and beside the splits may stay"
    assert [problem.problem for problem in problems.values()] == [
        "also in test", "also in validation", "also in test",
    ]  # fmt: skip
    assert problems[0].path == "0.wav"
    assert problems[0].message == (
        "0.wav: the same audio as 3.wav, which is in the split test: left out of training."
    )
    assert problems[5].message == (
        "5.wav: the same audio as 3.wav, which is in the split test: left out of validation."
    )


def test_a_copy_in_every_split_is_reported_for_the_most_protected(make_store):
    splits = ["train", "validation", "test"]
    problems = leaks_of(make_store([Clip(split, split=split) for split in splits], [0, 0, 0]))
    assert [problem.problem for problem in problems.values()] == ["also in test"] * 2


@given(
    st.lists(st.tuples(st.sampled_from(["train", "validation", "test", ""]), st.integers(-1, 4)))
)
def test_the_remaining_splits_share_no_audio(make_store, rows):
    store = make_store([Clip(str(i), split=split) for i, (split, _) in enumerate(rows)],
                 [audio for _, audio in rows])  # fmt: skip
    remaining = [row for i, row in enumerate(rows) if i not in leaks_of(store)]
    of = {
        split: {a for s, a in remaining if s == split and a >= 0}
        for split in ("train", "validation", "test")
    }
    assert not of["test"] & (of["train"] | of["validation"])
    assert not of["validation"] & of["train"]
    assert [row for row in rows if row[0] in ("test", "") or row[1] < 0] == [
        row for row in remaining if row[0] in ("test", "") or row[1] < 0
    ]
