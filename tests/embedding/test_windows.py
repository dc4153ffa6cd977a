"""Windows of clips that come in blocks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soundalike.embedding.windows import batches, cut_windows, repeated


def in_blocks(n_frames: int, cuts: list[int]) -> list[np.ndarray]:
    log_mel = np.arange(n_frames, dtype=np.float32)[:, None]
    return np.split(log_mel, sorted(cut % n_frames for cut in cuts))


@given(
    n_frames=st.integers(1, 200),
    cuts=st.lists(st.integers(0, 199), max_size=5),
    window_frames=st.integers(10, 120),
    hop_frames=st.integers(1, 60),
)
def test_windows_are_those_of_the_whole_clip(n_frames, cuts, window_frames, hop_frames):
    found = list(cut_windows(in_blocks(n_frames, cuts), window_frames, hop_frames, 10))
    if n_frames >= window_frames:
        starts = range(0, n_frames - window_frames + 1, hop_frames)
        expected = [(start, window_frames) for start in starts]
    else:
        expected = [(0, n_frames)] if n_frames >= 10 else []
    assert [(start, len(window)) for start, window in found] == expected
    for start, window in found:
        assert np.array_equal(window[:, 0], np.arange(start, start + len(window)))


@given(lengths=st.lists(st.integers(1, 3), max_size=20), batch_size=st.integers(1, 5))
def test_batches_hold_windows_of_one_length_in_order(lengths, batch_size):
    windows = [(clip, 7 * clip, np.full((n, 2), clip)) for clip, n in enumerate(lengths)]
    seen = []
    for clips, starts, log_mels in batches(iter(windows), batch_size):
        assert len(clips) <= batch_size
        assert log_mels.shape == (len(clips), lengths[clips[0]], 2)
        assert (log_mels[:, 0, 0] == clips).all()
        assert (starts == 7 * clips).all()
        seen += clips.tolist()
    assert seen == list(range(len(lengths)))


@given(n_frames=st.integers(1, 60), cuts=st.lists(st.integers(0, 59), max_size=4))
def test_a_short_clip_is_repeated_and_a_long_one_is_left(n_frames, cuts):
    whole = np.concatenate(list(repeated(in_blocks(n_frames, cuts), 40)))[:, 0]
    assert np.array_equal(whole, np.arange(max(n_frames, 40)) % n_frames)
