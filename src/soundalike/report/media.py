"""Pictures and sounds as data URIs, so that a page needs no other file."""

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import soundfile
import soxr
from matplotlib.image import imsave
from numpy.typing import NDArray

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True)
class PlayablePicture:
    """A picture of a log-mel that is a button to play its sound.

    Args:
        name: what it shows, as plain text.
        picture: the picture, as a data URI.
        sound: position of its sound in the sounds of the page.
        marks: where vertical lines are drawn over the picture, as shares of its width.
    """

    name: str
    picture: str
    sound: int
    marks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Media:
    """The pictures and sounds of a page.

    Args:
        sample_rate: of all waveforms.
        colors: log-mel values of the darkest and the brightest color.
        sounds: data URIs of the sounds so far.
    """

    sample_rate: int
    colors: tuple[float, float]
    sounds: list[str] = field(default_factory=list)

    def add(
        self,
        name: str,
        log_mel: NDArray[np.floating],
        waveform: NDArray[np.floating],
        marks: Iterable[float] = (),
    ) -> PlayablePicture:
        """Add a log-mel and its sound.

        Args:
            name: what it is, as plain text.
            log_mel: what to show.
            waveform: what to play.
            marks: where vertical lines are drawn, as shares of the width.

        Shape:
            log_mel: [frames, bands]; waveform: [samples].
        """
        self.sounds.append(sound_of_waveform(waveform, self.sample_rate))
        picture = picture_of_log_mel(log_mel, *self.colors)
        return PlayablePicture(name, picture, len(self.sounds) - 1, tuple(marks))


def data_uri(content: bytes, media_type: str) -> str:
    """Return a URI that contains a file."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def picture_of_log_mel(
    log_mel: NDArray[np.floating], low: float, high: float, colors: str = "magma"
) -> str:
    """Draw a log-mel: time to the right, low bands at the bottom, one pixel per value.

    Args:
        log_mel: log10 mel energies.
        low: value of the darkest color; use the same range for pictures to compare.
        high: value of the brightest color.
        colors: a color map of matplotlib; the default is perceptually uniform.

    Shape:
        log_mel: [frames, bands].
    """
    png = io.BytesIO()
    imsave(png, log_mel.T, vmin=low, vmax=high, cmap=colors, origin="lower", format="png")
    return data_uri(png.getvalue(), "image/png")


def sound_of_waveform(waveform: NDArray[np.floating], sample_rate: int) -> str:
    """Encode a sound that browsers play: MP3, or WAV where this libsndfile cannot write MP3.

    Sounds are normalized to the same peak, so that all are audible and none is too loud. They are
    resampled to the next rate that MP3 has, and above its highest to that: ultrasound is left out.

    Args:
        waveform: mono samples.
        sample_rate: of the waveform.

    Shape:
        waveform: [samples].
    """
    waveform = 0.8 * waveform / max(float(np.abs(waveform).max(initial=0)), 1e-6)
    rate = min((each for each in MP3_RATES if each >= sample_rate), default=MP3_RATES[-1])
    if rate != sample_rate:
        waveform = soxr.resample(waveform, sample_rate, rate)
    sound = io.BytesIO()
    if "MP3" in soundfile.available_formats():
        soundfile.write(
            sound, waveform, rate, format="MP3",
            bitrate_mode="VARIABLE", compression_level=0.6,
        )  # fmt: skip
        return data_uri(sound.getvalue(), "audio/mpeg")
    soundfile.write(sound, waveform, rate, format="WAV", subtype="PCM_16")
    return data_uri(sound.getvalue(), "audio/wav")


def color_range(log_mels: Iterable[NDArray[np.floating]]) -> tuple[float, float]:
    """Return the values of the darkest and the brightest color for pictures to compare.

    Shape:
        each log_mel: [frames, bands].
    """
    values = np.concatenate([log_mel.ravel() for log_mel in log_mels])
    low, high = np.quantile(values, [0.02, 0.999])
    return float(low), float(high)
