"""The peak of every minute: what moves it and what does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from soundalike.audio.level import Level, measure_peak
from soundalike.audio.levels_by_minute import FLOOR, PEAK_TARGET, measure_minute_peak

RATE = 2000


def noise(duration_s: float, rms: float, seed: int = 0) -> NDArray[np.float32]:
    """Return white noise at 2 kHz."""
    samples = np.random.default_rng(seed).standard_normal(round(duration_s * RATE))
    return (rms * samples).astype(np.float32)


def decaying(duration_s: float, peak: float, decay_s: float, seed: int = 0) -> NDArray[np.float32]:
    """Return noise that starts at a peak and falls to 1/e of it in `decay_s`."""
    envelope = np.exp(-np.arange(round(duration_s * RATE)) / (decay_s * RATE))
    event = noise(duration_s, 1, seed) * envelope
    return (peak / np.abs(event).max() * event).astype(np.float32)


def level_of(*parts: NDArray[np.float32]) -> Level:
    """Return the level of a waveform made of parts."""
    return measure_minute_peak([np.concatenate(parts)], RATE)


def gains_db(*parts: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the gains of a waveform made of parts."""
    return 20 * np.log10(level_of(*parts).gains)


@pytest.mark.parametrize("peak", [1.0, 0.3, 0.01, 0.001])
def test_every_minute_gets_the_same_peak(peak: float) -> None:
    minutes = [noise(60, 0.1, seed) for seed in range(3)]
    minutes = [x * (peak / np.abs(x).max() / (2 * index + 1)) for index, x in enumerate(minutes)]
    peaks = np.array([np.abs(x - x.mean()).max() for x in minutes])
    expected = PEAK_TARGET / np.sqrt(peaks**2 + FLOOR)
    assert gains_db(*minutes) == pytest.approx(20 * np.log10(expected), abs=0.01)


@pytest.mark.parametrize("duration_s", [0.2, 59.9, 119])
@pytest.mark.parametrize("offset", [0.0, 0.2])
def test_the_peak_of_an_ordinary_clip_is_that_of_peak_normalization(
    duration_s: float, offset: float
) -> None:
    clip = noise(duration_s, 0.1) + np.float32(offset)
    (gain,), (of_the_paper,) = level_of(clip).gains, measure_peak([clip]).gains
    assert gain == pytest.approx(of_the_paper, rel=0.01)


@pytest.mark.parametrize("peak_db", [0, -30, -50, -60])
def test_a_faint_sound_gets_as_loud_as_a_loud_one(peak_db: float) -> None:
    """The floor of 0.005 of peak normalization leaves a clip at -60 dB 16 dB too faint."""
    waveform = noise(1, 0.25)
    faint = waveform * np.float32(10 ** (peak_db / 20))
    assert gains_db(faint) == pytest.approx(gains_db(waveform) - peak_db, abs=1)


def test_near_silence_is_not_amplified_into_noise() -> None:
    dither = noise(1, 1e-5)  # 100 dB below full scale
    assert np.abs(dither).max() * 10 ** (gains_db(dither)[0] / 20) < PEAK_TARGET / 6
    assert level_of(np.zeros(RATE, np.float32)).gains == pytest.approx([PEAK_TARGET / FLOOR**0.5])


def test_a_gunshot_moves_the_peak_of_its_minute_alone() -> None:
    minutes = [noise(60, 0.001, seed) for seed in range(5)]
    quiet = gains_db(*minutes)
    minutes[1][: 2 * RATE] = noise(2, 0.3)
    shot = gains_db(*minutes)
    assert shot[1] < quiet[1] - 40
    assert np.delete(shot, 1) == pytest.approx(np.delete(quiet, 1), abs=1e-6)


@pytest.mark.parametrize("length_s", [0.0005, 0.01, 0.1, 0.14])
@pytest.mark.parametrize("where_s", [0.3, 2.0, 3.7])
@pytest.mark.parametrize("is_tone", [False, True])
def test_a_click_does_not_move_the_level_and_is_turned_down(
    length_s: float, where_s: float, is_tone: bool
) -> None:
    waveform = noise(4, 0.01)
    start, n_samples = round(where_s * RATE), max(1, round(length_s * RATE))
    click = np.sin(np.arange(n_samples) + 1.5) if is_tone else np.sign(noise(length_s + 1, 1))
    clicked = waveform.copy()
    clicked[start : start + n_samples] += 10 * np.abs(waveform).max() * click[:n_samples]
    (expected,) = level_of(waveform).normalize([waveform])
    (result,) = level_of(clicked).normalize([clicked])
    is_elsewhere = np.ones(len(waveform), bool)
    is_elsewhere[start - 40 : start + n_samples + 40] = False
    np.testing.assert_allclose(result[is_elsewhere], expected[is_elsewhere], rtol=0.05, atol=0.03)
    assert np.abs(result).max() < 1.2


ROOM = noise(3, 0.0005, seed=1)
KNOCK = decaying(1, 0.5, 0.03)


@pytest.mark.parametrize(
    "parts",
    [
        (ROOM, KNOCK, ROOM),
        (ROOM, *[KNOCK[: RATE // 4]] * 3, ROOM),
        (KNOCK, ROOM),
        (np.zeros(RATE, np.float32), KNOCK, np.zeros(RATE, np.float32)),
        (ROOM, decaying(1, 0.3, 0.02), ROOM, decaying(1, 0.05, 0.2), ROOM),
        (noise(1, 0.001), *[decaying(1, 0.2, 0.004, seed) for seed in range(5)]),
        (ROOM, noise(0.05, 0.3), ROOM),
        (ROOM, noise(0.3, 0.3), ROOM, noise(1, 0.02), ROOM),
    ],
    ids=[
        "a door knock", "three knocks", "a drum", "a drum in silence", "a clap and a voice",
        "a clock", "a beep in a quiet room", "a bark",
    ],
)  # fmt: skip
def test_an_event_is_not_a_click(parts: tuple[NDArray[np.float32], ...]) -> None:
    """It keeps the level of peak normalization."""
    (gain,), (of_the_paper,) = level_of(*parts).gains, measure_peak([np.concatenate(parts)]).gains
    assert gain == pytest.approx(of_the_paper, rel=0.03)


def test_a_click_in_one_of_several_minutes() -> None:
    minutes = [noise(60, 0.01 / (1 + index), index) for index in range(4)]
    waveform = np.concatenate(minutes)
    clicked = waveform.copy()
    clicked[70 * RATE : 70 * RATE + 100] = 0.3
    level = level_of(clicked)
    assert len(level.gains) == 4 + 4
    (expected,), (result,) = (x.normalize([waveform]) for x in (level_of(waveform), level))
    is_elsewhere = np.abs(np.arange(len(waveform)) - 70 * RATE) > 200
    np.testing.assert_allclose(result[is_elsewhere], expected[is_elsewhere], rtol=0.05, atol=0.02)
    assert np.abs(result[70 * RATE : 70 * RATE + 100]).max() < 0.1


def test_a_click_in_digital_silence_beside_a_sound() -> None:
    silence, click, sound = np.zeros(RATE, np.float32), np.full(100, 0.5), noise(1, 0.01)
    level = level_of(silence, click.astype(np.float32), silence, sound)
    assert np.isfinite(level.gains).all()
    assert max(level.gains) == pytest.approx(measure_peak([sound]).gains[0], rel=0.2)


def test_gains_belong_to_the_middle_of_their_stretches() -> None:
    assert level_of(noise(60 * 3.5, 0.01)).positions == pytest.approx(
        [30 * RATE, 90 * RATE, 165 * RATE]
    )
    assert level_of(noise(119, 0.01)).positions == pytest.approx([59.5 * RATE])


def test_a_silent_minute_does_not_amplify_what_is_around_it() -> None:
    level = level_of(noise(60, 0.1), np.zeros(60 * RATE, np.float32), noise(120, 0.1))
    assert len(level.gains) == 3
    assert max(level.gains) < 1.2 * min(level.gains)


@settings(max_examples=40, deadline=None)
@given(
    n_samples=st.integers(1, 8000),
    ends=st.lists(st.integers(0, 8000), max_size=6),
    scale=st.sampled_from([0.0, 1e-6, 1.0, 1e9]),
    click=st.none() | st.integers(0, 8000),
)
def test_the_level_does_not_depend_on_where_blocks_end(
    n_samples: int, ends: list[int], scale: float, click: int | None
) -> None:
    waveform = noise(n_samples / 2000, 1)[:n_samples] * np.float32(scale)
    if click is not None:
        waveform[click : click + 2] *= 20
    blocks = np.split(waveform, sorted(min(end, n_samples) for end in ends))
    # At 20 Hz these are up to 400 s.
    whole, level = (measure_minute_peak(x, 20) for x in ([waveform], blocks))
    assert level.gains == pytest.approx(whole.gains, rel=1e-5)
    assert level.positions == whole.positions
    assert level.mean == pytest.approx(whole.mean, rel=1e-6, abs=1e-12)
    assert np.isfinite(level.gains).all()
