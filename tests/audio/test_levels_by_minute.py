"""Levels by minute: what moves them and what does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from soundalike.audio.level import measure_peak
from soundalike.audio.levels_by_minute import (
    FLOOR,
    PEAK_TARGET,
    TARGET,
    measure_minute_peak,
    measure_robust_peak,
    robust_peak,
)

RATE, FRAME = 2000, 60  # frames of 30 ms


def noise(duration_s: float, rms: float, seed: int = 0) -> NDArray[np.float32]:
    """Return white noise at 2 kHz."""
    samples = np.random.default_rng(seed).standard_normal(round(duration_s * RATE))
    return (rms * samples).astype(np.float32)


def gains_db(*parts: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the gains of a waveform made of parts."""
    return 20 * np.log10(measure_robust_peak([np.concatenate(parts)], RATE, FRAME).gains)


@pytest.mark.parametrize("peak_db", [0, -30, -50, -60])
def test_a_faint_sound_gets_as_loud_as_a_loud_one(peak_db: float) -> None:
    """The floor of 0.005 of peak normalization leaves a clip at -60 dB 16 dB too faint."""
    waveform = noise(1, 0.25)
    faint = waveform * np.float32(10 ** (peak_db / 20))
    assert gains_db(faint) == pytest.approx(gains_db(waveform) - peak_db, abs=1)
    peak = np.abs(faint).max() * 10 ** (gains_db(faint)[0] / 20)
    assert 0.9 * TARGET < peak < 1.6 * TARGET


def test_near_silence_is_not_amplified_into_noise() -> None:
    dither = noise(1, 1e-5)  # 100 dB below full scale
    assert np.abs(dither).max() * 10 ** (gains_db(dither)[0] / 20) < TARGET / 6
    level = measure_robust_peak([np.zeros(RATE, np.float32)], RATE, FRAME)
    assert level.gains == pytest.approx([TARGET / FLOOR**0.5])


def minute_gains_db(*parts: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the gains by minute of the peak of a waveform made of parts."""
    return 20 * np.log10(measure_minute_peak([np.concatenate(parts)], RATE).gains)


@pytest.mark.parametrize("peak", [1.0, 0.3, 0.01, 0.001])
def test_every_minute_gets_the_same_peak(peak: float) -> None:
    minutes = [noise(60, 0.1, seed) for seed in range(3)]
    minutes = [x * (peak / np.abs(x).max() / (2 * index + 1)) for index, x in enumerate(minutes)]
    peaks = np.array([np.abs(x - x.mean()).max() for x in minutes])
    expected = PEAK_TARGET / np.sqrt(peaks**2 + FLOOR)
    assert minute_gains_db(*minutes) == pytest.approx(20 * np.log10(expected), abs=0.01)


@pytest.mark.parametrize("duration_s", [0.2, 59.9, 119])
@pytest.mark.parametrize("offset", [0.0, 0.2])
def test_the_peak_of_an_ordinary_clip_is_that_of_peak_normalization(
    duration_s: float, offset: float
) -> None:
    clip = noise(duration_s, 0.1) + np.float32(offset)
    (gain,), (of_the_paper,) = (
        measure([clip]).gains for measure in (lambda x: measure_minute_peak(x, RATE), measure_peak)
    )
    assert gain == pytest.approx(of_the_paper, rel=0.01)


def test_a_gunshot_moves_the_peak_of_its_minute_alone() -> None:
    minutes = [noise(60, 0.001, seed) for seed in range(5)]
    quiet = minute_gains_db(*minutes)
    minutes[1][: 2 * RATE] = noise(2, 0.3)
    shot = minute_gains_db(*minutes)
    assert shot[1] < quiet[1] - 40
    assert np.delete(shot, 1) == pytest.approx(np.delete(quiet, 1), abs=1e-6)


@pytest.mark.parametrize("where_s", [0.0, 0.71, 1.9])
def test_a_click_does_not_move_the_robust_peak(where_s: float) -> None:
    waveform = noise(2, 0.01)
    clicked = waveform.copy()
    click = slice(round(where_s * RATE), round((where_s + 0.1) * RATE))
    clicked[click] += 10 * np.abs(waveform).max() * np.sign(clicked[click])
    assert gains_db(clicked) == pytest.approx(gains_db(waveform), abs=1)


@pytest.mark.parametrize("duration_s", [0.03, 0.09, 0.3])
def test_silence_around_an_event_does_not_matter(duration_s: float) -> None:
    """A door knock or a drum hit is as loud alone as with seconds of a quiet room around it."""
    event, room = noise(duration_s, 0.1), noise(3, 1e-4, seed=1)
    assert gains_db(room, event, room) == pytest.approx(gains_db(event), abs=1.5)
    assert gains_db(event, np.zeros(9000, np.float32)) == pytest.approx(gains_db(event), abs=1.5)


def test_an_offset_and_slow_drift_do_not_matter() -> None:
    waveform = noise(2, 0.01)
    drift = np.linspace(-0.1, 0.3, len(waveform), dtype=np.float32)
    assert gains_db(waveform + drift) == pytest.approx(gains_db(waveform), abs=1)


def test_a_gunshot_does_not_make_the_rest_of_a_recording_inaudible() -> None:
    minutes = [noise(60, 0.001, seed) for seed in range(5)]
    quiet = gains_db(*minutes)
    assert len(quiet) == 5
    minutes[1][: 2 * RATE] = noise(2, 0.3)
    shot = gains_db(*minutes)
    assert shot[1] < quiet[1] - 40
    assert np.delete(shot, 1) == pytest.approx(np.delete(quiet, 1), abs=1e-6)


def test_gains_belong_to_the_middle_of_their_stretches() -> None:
    level = measure_robust_peak([noise(60 * 3.5, 0.01)], RATE, FRAME)
    assert level.centers == pytest.approx([30 * RATE, 90 * RATE, 165 * RATE])
    assert measure_robust_peak([noise(119, 0.01)], RATE, FRAME).centers == pytest.approx(
        [59.5 * RATE]
    )


def test_a_silent_minute_does_not_amplify_what_is_around_it() -> None:
    minutes = [noise(60, 0.1), np.zeros(60 * RATE, np.float32), noise(120, 0.1)]
    level = measure_robust_peak([np.concatenate(minutes)], RATE, FRAME)
    assert len(level.gains) == 3
    assert max(level.gains) < 1.2 * min(level.gains)


@settings(max_examples=40, deadline=None)
@given(
    n_samples=st.integers(1, 8000),
    frame_length=st.integers(1, 700),
    ends=st.lists(st.integers(0, 8000), max_size=6),
    scale=st.sampled_from([0.0, 1e-6, 1.0, 1e9]),
)
def test_the_level_does_not_depend_on_where_blocks_end(
    n_samples: int, frame_length: int, ends: list[int], scale: float
) -> None:
    waveform = noise(n_samples / 2000, 1)[:n_samples] * np.float32(scale)
    blocks = np.split(waveform, sorted(min(end, n_samples) for end in ends))
    # At 20 Hz these are up to 400 s.
    whole, level = (measure_robust_peak(x, 20, frame_length) for x in ([waveform], blocks))
    assert level.gains == pytest.approx(whole.gains, rel=1e-5)
    assert level.centers == whole.centers
    assert level.mean == pytest.approx(whole.mean, rel=1e-6, abs=1e-12)
    assert np.isfinite(level.gains).all()


@given(st.lists(st.floats(0, 1e6, width=32), min_size=1, max_size=60), st.integers(1, 20))
def test_the_robust_peak_is_one_of_the_peaks_and_scales_with_them(
    peaks: list[float], n_loud: int
) -> None:
    value = robust_peak(np.array(peaks), n_loud)
    assert value in peaks
    assert robust_peak(4 * np.array(peaks), n_loud) == 4 * value
    assert sum(peak > value for peak in peaks) < n_loud
