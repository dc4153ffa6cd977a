"""Log-mels of files, computed in blocks."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from soundalike.audio.level import normalize_peak
from soundalike.audio.log_mel import LogMel
from soundalike.audio.streaming import read_log_mel, read_log_mel_blocks, stream_log_mel
from soundalike.audio.waveform import read_waveform


def sounds(n_samples: int) -> NDArray[np.float32]:
    """Colored noise with a tone and bursts, peak-normalized."""
    noise = np.random.default_rng(0).standard_normal(n_samples)
    time = np.arange(n_samples)
    bursts = (1 + np.sin(time / 3000)) ** 3 * (0.2 * noise + 0.1 * np.cumsum(noise) / 30)
    return normalize_peak((bursts + np.sin(time / 7)).astype(np.float32))


@given(
    n_fft=st.integers(1, 600),
    share=st.floats(0, 1),
    hop_length=st.integers(1, 300),
    n_samples=st.integers(1, 20000),
    ends=st.lists(st.integers(0, 20000), max_size=8),
)
def test_blocks_concatenate_to_the_log_mel_of_the_clip(
    n_fft: int, share: float, hop_length: int, n_samples: int, ends: list[int]
) -> None:
    win_length = max(1, round(share * n_fft))
    front_end = LogMel(n_fft=n_fft, win_length=win_length, hop_length=hop_length)
    waveform = sounds(n_samples)
    blocks = np.split(waveform, sorted(min(end, n_samples) for end in ends))
    log_mel = np.concatenate(list(stream_log_mel(blocks, front_end)))
    np.testing.assert_allclose(log_mel, front_end(waveform), atol=1e-5)


@pytest.mark.parametrize("level", ["peak", "minute_peak"])
def test_blocks_of_a_long_file_concatenate_to_its_log_mel(tmp_path: Path, level: str) -> None:
    """With one gain, and with several: the second half is 40 dB fainter, with a click in it."""
    path = tmp_path / "long.wav"
    waveform = 0.3 * sounds(200 * 2000)
    waveform[len(waveform) // 2 :] /= 100
    waveform[300_000:300_100] = 0.05
    soundfile.write(path, waveform + 0.2, 2000, subtype="FLOAT")
    front_end = LogMel(sample_rate=4000, fmax=2000.0, level=level)
    blocks = list(read_log_mel_blocks(path, front_end))
    assert len(blocks) > 2
    whole = front_end.of_clip(read_waveform(path, 4000))
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-4)
    segment = front_end.of_clip(read_waveform(path, 4000, 10.0, 175.5))
    np.testing.assert_allclose(read_log_mel(path, front_end, 10.0, 175.5), segment, atol=1e-4)


def test_one_gunshot_does_not_make_the_rest_of_a_recording_inaudible(tmp_path: Path) -> None:
    """With one gain for all, what is a minute away from a shot is much fainter than without."""
    waveform = 0.001 * sounds(300 * 2000)
    soundfile.write(tmp_path / "quiet.wav", waveform, 2000, subtype="FLOAT")
    waveform[200_000:201_000] = sounds(1000)
    soundfile.write(tmp_path / "shot.wav", waveform, 2000, subtype="FLOAT")

    def difference(level: str) -> float:
        front_end = LogMel(sample_rate=2000, fmax=1000.0, level=level)
        names = (tmp_path / "quiet.wav", tmp_path / "shot.wav")
        quiet, shot = (read_log_mel(name, front_end)[1600:] for name in names)
        return float(np.abs(quiet - shot).mean())

    assert difference("peak") > 1.5, "in log10 of energies: more than 15 dB"
    assert difference("minute_peak") < 1e-3


@pytest.mark.parametrize("level", ["peak", "minute_peak"])
def test_loudness_and_offset_of_a_clip_do_not_matter(tmp_path: Path, level: str) -> None:
    waveform = sounds(30000)
    soundfile.write(tmp_path / "a.wav", 0.9 * waveform, 22050, subtype="FLOAT")
    soundfile.write(tmp_path / "b.wav", 20 * waveform + 5, 22050, subtype="FLOAT")
    front_end = LogMel(level=level)
    loud, louder = (read_log_mel(tmp_path / name, front_end) for name in ("a.wav", "b.wav"))
    assert np.abs(loud - louder).mean() < 0.01  # the 0.005 beside the peak


def test_a_faint_clip_has_the_log_mel_of_the_clip(tmp_path: Path) -> None:
    """At a peak of -60 dB in 16 bits; with the peak's floor of 0.005 it is 16 dB fainter."""
    waveform = sounds(30000)
    soundfile.write(tmp_path / "loud.wav", 0.9 * waveform, 22050, subtype="FLOAT")
    soundfile.write(tmp_path / "faint.wav", 0.001 * waveform, 22050, subtype="PCM_16")

    def difference(level: str) -> float:
        paths = (tmp_path / "loud.wav", tmp_path / "faint.wav")
        loud, faint = (read_log_mel(path, LogMel(level=level)) for path in paths)
        return float(np.median(np.abs(loud - faint)))

    assert difference("peak") > 1
    assert difference("minute_peak") < 0.1


@pytest.mark.parametrize("n_samples", [1, 2, 441, 22050, 44099])
def test_a_short_clip_is_repeated_to_a_second(tmp_path: Path, n_samples: int) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, sounds(n_samples), 44100, subtype="FLOAT")
    clip = normalize_peak(read_waveform(path, 22050))
    repeated = np.tile(clip, -(-22050 // len(clip)))[:22050]
    log_mel = read_log_mel(path, LogMel())
    assert log_mel.shape == (101, 96)
    np.testing.assert_array_equal(log_mel, LogMel()(repeated))


def test_a_clip_is_repeated_up_to_minutes(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "clip.wav", sounds(80 * 1000), 1000)
    front_end = LogMel(sample_rate=1000, fmax=500.0, min_duration_s=90.0)
    assert len(read_log_mel(tmp_path / "clip.wav", front_end)) == 1 + 90_000 // 220


def test_silence_is_the_logarithm_of_the_offset(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(44100), 44100)
    assert np.all(read_log_mel(tmp_path / "silence.wav", LogMel()) == np.log10(np.float32(1.1e-8)))


PEAK_MEMORY = """
import resource, sys
import numpy as np
from soundalike.audio.log_mel import LogMel
from soundalike.audio.streaming import read_log_mel_blocks
LogMel()(np.zeros(22050, np.float32))  # imports what it needs
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
n_frames = sum(len(block) for block in read_log_mel_blocks(sys.argv[1], LogMel()))
print(n_frames, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads resident memory in kilobytes")
def test_half_an_hour_needs_no_more_memory_than_minutes(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 44100, 1) as file:
        minute = 0.5 * sounds(60 * 44100)
        for _ in range(30):
            file.write(minute)
    run = subprocess.run(
        [sys.executable, "-c", PEAK_MEMORY, str(path)], capture_output=True, text=True, check=True
    )
    n_frames, n_kilobytes = map(int, run.stdout.split())
    assert n_frames == 1 + 30 * 60 * 22050 // 220
    # The waveform alone would be 159 MB.
    assert n_kilobytes < 100_000
