"""Which clips belong together: those of one file, and those with the same audio."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.clips import Clip
from soundalike.datasets.identical import HASH
from soundalike.datasets.recordings import recordings_of

clips = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 9)), max_size=25)


@given(clips)
def test_equals_the_definition_in_loops(clips):
    paths = np.array([path for path, _ in clips], dtype=object)
    hashes = np.array([str(audio) if audio else "" for _, audio in clips], dtype=HASH)
    expected = list(range(len(clips)))
    for _ in clips:  # as often as a chain can be long
        for i, j in np.ndindex(len(clips), len(clips)):
            same_audio = hashes[i] == hashes[j] and hashes[i] != b""
            if paths[i] == paths[j] or same_audio:
                expected[i] = expected[j] = min(expected[i], expected[j])
    assert recordings_of(paths, hashes).tolist() == expected


def test_silent_clips_of_different_files_are_different_recordings(make_store):
    store = make_store([Clip("a"), Clip("b"), Clip("b", start_s=1.0)], [-1, -1, -1])
    assert store.recordings.tolist() == [0, 1, 1]
