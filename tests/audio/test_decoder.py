"""Every decoder has what a decoder needs, and reads the same."""

import numpy as np
import pytest

from soundalike.audio.decoder import Decoder
from soundalike.audio.pyav import AvDecoder
from soundalike.audio.sndfile import SndfileDecoder
from soundalike.audio.stream import Stream

DECODERS = {
    "libsndfile": lambda file: SndfileDecoder(file, Stream()),
    "PyAV": lambda file: AvDecoder(file, Stream(), "wav"),
}


@pytest.mark.parametrize("name", DECODERS)
def test_it_reads_blocks_from_anywhere(corpus, saved, name):
    if name == "PyAV":
        pytest.importorskip("av")
    samples = corpus.tone(1, 2).astype(np.float32)
    with saved(corpus.encoded("WAV", "FLOAT", samples)).open("rb") as file:
        decoder: Decoder = DECODERS[name](file)
        assert set(Decoder.__annotations__) <= set(dir(decoder))
        assert (decoder.sample_rate, decoder.n_channels) == (44100, 2)
        assert decoder.n_samples in (None, 44100)
        decoder.seek(1000)
        blocks = [decoder.read(n) for n in (1, 3000, 7, 100_000, 5)]
        decoder.close()
    assert [len(block) for block in blocks] == [1, 3000, 7, 44100 - 4008, 0]
    assert {block.dtype for block in blocks} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(np.concatenate(blocks), samples[1000:])
