"""What is particular to libsndfile."""

import os
import subprocess
import sys
import threading

import pytest

from soundalike.audio.decoder import DecodingError
from soundalike.audio.sndfile import SndfileDecoder, captured_stderr
from soundalike.audio.stream import Stream
from soundalike.audio.waveform import read_waveform


def test_a_stream_whose_length_it_underestimates(corpus, saved):
    samples = corpus.tone(4)
    samples[8000:] = 0
    frames = corpus.without_xing(corpus.mp3(0.1, "VARIABLE", samples))
    n_samples = round(corpus.mp3_seconds(frames) * 44100)
    tag = b"ID3\x04" + bytes(5) + b"\x0a" + bytes(10)
    path = saved(tag + frames)
    pieces = (tag, range(len(tag), len(tag + frames)))
    with path.open("rb") as file:
        assert SndfileDecoder(file, Stream(pieces)).n_samples < 0.9 * n_samples
        decoder = SndfileDecoder(file, Stream(pieces, n_samples, is_estimated=True))
        assert decoder.n_samples == n_samples
        assert len(decoder.read(n_samples)) == n_samples


def test_what_it_does_not_know(saved):
    with saved(b"Dear diary").open("rb") as file, pytest.raises(DecodingError):
        SndfileDecoder(file, Stream())


def test_complaints_of_the_mp3_decoder_are_caught_and_others_passed_on(capfd):
    with captured_stderr() as lines:
        os.write(2, b"[src/libmpg123/layer3.c:1804] error: dequantization failed!\n")
        os.write(2, b"50 %\r\n")
    assert lines == ["[src/libmpg123/layer3.c:1804] error: dequantization failed!"]
    assert capfd.readouterr().err == "50 %\r\n"


def test_an_error_passes_through(capfd):
    def fail():
        with captured_stderr():
            os.write(2, b"before\n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_threads_that_capture_at_a_time_leave_standard_error_as_it_was(capfd):
    """As a server does whose threads decode mp3 files for several requests."""
    first_is_in, second_is_done = threading.Event(), threading.Event()

    def capture_first():
        with captured_stderr():
            first_is_in.set()
            second_is_done.wait(0.2)  # in vain, as the second one waits for its turn

    def capture_second():
        first_is_in.wait()
        with captured_stderr():
            second_is_done.set()
            first.join(0.2)

    first, second = (threading.Thread(target=each) for each in (capture_first, capture_second))
    first.start()
    second.start()
    first.join()
    second.join()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_without_a_standard_error_a_sound_is_read(corpus, saved):
    """As in a service that closed it: the file then gets its number."""
    path = saved(corpus.mp3())
    code = "import sys; from soundalike.audio.waveform import read_waveform as read; "
    code += "print(sys.stderr, len(read(sys.argv[1], 44100)))"
    words = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", code, str(path)]
    n_samples = len(read_waveform(path, 44100))
    assert subprocess.run(words, capture_output=True, text=True).stdout == f"None {n_samples}\n"
