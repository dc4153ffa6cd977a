"""Pictures of sounds: time to the right, high frequencies at the top."""

import functools
import io

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.log_mel import LogMel

LOWEST_HZ = 50.0
RANGE = 4.0  # in log10 of energy, from the darkest to the brightest color: 40 dB
MOST_FRAMES = 1200
COLORS = "magma"


def spectrogram(waveform: NDArray[np.float32], rate: int, n_bands: int, n_frames: int) -> bytes:
    """Return the log-mel spectrogram of a waveform as a PNG file.

    Args:
        waveform: of any length above zero.
        rate: its sample rate; the spectrogram reaches up to half of it.
        n_bands: height of the picture.
        n_frames: greatest width of the picture.

    Shape:
        waveform: [samples].
    """
    from matplotlib.image import imsave  # half a second, for which the map does not wait

    hop_length = max(1, len(waveform) // n_frames)
    log_mel = _front_end(rate, hop_length, n_bands)(waveform)[:n_frames]
    brightest = float(np.quantile(log_mel, 0.999))
    png = io.BytesIO()
    imsave(
        png, log_mel.T, vmin=brightest - RANGE, vmax=brightest, cmap=COLORS, origin="lower",
        format="png",
    )  # fmt: skip
    return png.getvalue()


@functools.lru_cache(maxsize=64)
def _front_end(rate: int, hop_length: int, n_bands: int) -> LogMel:
    """Return a front end with windows of about 40 ms, which separate the lowest bands."""
    n_fft = 2 ** int(np.ceil(np.log2(rate * 0.04)))
    return LogMel(
        sample_rate=rate, n_fft=n_fft, win_length=n_fft, hop_length=hop_length, n_mels=n_bands,
        fmin=min(LOWEST_HZ, rate / 8), fmax=rate / 2, log_offset=1e-10,
    )  # fmt: skip
