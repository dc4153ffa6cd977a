"""Sounds as `encode` takes them: paths, and waveforms as arrays or tensors of many types."""

import logging
import math
import numbers
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundalike.audio.channels import Mixer
from soundalike.audio.waveform import BLOCK_S
from soundalike.runtime.counts import counted

logger = logging.getLogger(__name__)

Sound = str | os.PathLike[str] | np.ndarray | Tensor | tuple[np.ndarray | Tensor, float]
MAX_CHANNELS = 64
# In Hz; another one is a mistake. From a lower one, resampling would fill the memory; from a higher
# one, it would take hours.
MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 1000, 100_000_000


def split_sounds(sounds: Any) -> tuple[Iterable[Any], bool]:
    """Return the sounds one by one, and whether there is only one and it is not in a list.

    Args:
        sounds: a path, an array or tensor ``[samples]`` or ``[samples, channels]``, one of these
            waveforms with its sample rate, or an iterable of sounds.

    Raises:
        ValueError: it is none of these, or it may be several sounds or several channels.
    """
    if is_path(sounds):
        return [sounds], True
    if split_pair(sounds):
        return [sounds], True
    array = _as_array(sounds)
    if array is None:
        if isinstance(sounds, bytes | Mapping) or not isinstance(sounds, Iterable):
            raise _not_a_sound(sounds)
        return sounds, False
    if array.ndim == 2 and array.dtype.kind in "OUT":
        raise ValueError(
            "encode takes paths, not a table: pass a column of it, such as list(table['path'])."
        )
    if array.ndim == 1 and array.dtype.kind in "OUT":  # an array of paths, or of arrays
        return list(array), False
    if array.ndim == 2 and len(array) > 1 and not len(array) > array.shape[1] <= MAX_CHANNELS:
        raise ValueError(
            f"encode cannot tell if an array {list(array.shape)} holds "
            f"{counted(len(array), 'sound')} or {counted(len(array), 'channel')}: pass list(array) "
            "for sounds, or [array] for one sound."
        )
    return [array], True


def is_path(sound: Any) -> bool:
    """Return whether a sound is the path of a file."""
    return isinstance(sound, str | os.PathLike)


def split_pair(sound: Any) -> tuple[Any, float] | None:
    """Return a waveform and its sample rate from a tuple of both, None for anything else."""
    if not (isinstance(sound, tuple) and len(sound) == 2):
        return None
    waveform, rate = sound
    is_pair = isinstance(rate, numbers.Real) and _as_array(waveform) is not None
    return (waveform, rate) if is_pair else None


def mono_at(sound: Any, sample_rate: float | None, new_rate: int) -> NDArray[np.float32]:
    """Return a waveform as mono at another sample rate.

    The shorter axis holds the channels. Integers are scaled by the range of their type, as a sound
    file's are. Channels are mixed as a sound file's are: if they cancel each other, only the
    loudest is used.

    Args:
        sound: an array or tensor.
        sample_rate: of the sound, in Hz.
        new_rate: of the result, in Hz.

    Shape:
        sound: [samples], [samples, channels] or [channels, samples]; result: [samples], never
        empty.

    Raises:
        ValueError: it is not a waveform, or its sample rate is missing or cannot be right.
    """
    array = _as_array(sound)
    if array is None:
        raise _not_a_sound(sound)
    if not array.size or array.ndim not in (1, 2):
        raise ValueError(
            "encode needs waveforms [samples] or [samples, channels], got an array "
            f"{list(array.shape)}."
        )
    samples = _as_float(_channels_last(array))
    rate = _checked_rate(sample_rate)
    mono = _mixed(samples, round(BLOCK_S * rate))
    if not np.isfinite(mono).all():
        raise ValueError("encode needs finite waveforms: this one has NaN or infinite samples.")
    resampled = soxr.resample(mono, rate, new_rate)
    return resampled if len(resampled) else mono[:1]  # shorter than half a sample of the new rate


def _mixed(samples: NDArray[np.float32], n_block: int) -> NDArray[np.float32]:
    """Mix [samples, channels] to [samples], in the blocks of a sound file."""
    mix = Mixer("a waveform", is_logged=False)
    blocks = range(0, len(samples), n_block)
    mono = np.concatenate([mix(samples[start : start + n_block]) for start in blocks])
    if mix.channel is not None:
        logger.warning(
            "the channels of a waveform cancel each other: only channel %d is used", mix.channel + 1
        )
    return mono


def _as_array(sound: Any) -> np.ndarray | None:
    """Return an array with the numbers of an array-like object, None if it is not one."""
    try:
        if isinstance(sound, Tensor):
            sound = sound.detach().cpu()
            return (sound.float() if sound.dtype == torch.bfloat16 else sound).numpy()
        return np.asarray(sound) if hasattr(sound, "__array__") else None
    except (TypeError, ValueError, RuntimeError):  # such as a sparse tensor
        return None


def _channels_last(array: np.ndarray) -> np.ndarray:
    """Return a waveform as [samples, channels]."""
    if array.ndim == 1:
        return array[:, None]
    n_rows, n_columns = array.shape
    if min(n_rows, n_columns) > MAX_CHANNELS or n_rows == n_columns > 1:
        raise ValueError(
            f"encode cannot tell samples from channels in an array {list(array.shape)}: pass "
            f"[samples, channels], with at most {MAX_CHANNELS} channels."
        )
    return array if n_columns <= n_rows else array.T


def _as_float(array: np.ndarray) -> NDArray[np.float32]:
    """Return samples as float32; integers of up to 32 bits are scaled to the range from -1 to 1."""
    kind, n_bits = array.dtype.kind, 8 * array.dtype.itemsize
    if kind == "f":
        with np.errstate(over="ignore"):  # what becomes infinite is refused
            return array.astype(np.float32)
    if kind not in "iu" or n_bits > 32:
        raise ValueError(
            f"encode cannot scale samples of type {array.dtype}: pass floats from -1 to 1, or "
            "integers of 8 to 32 bits."
        )
    half = 2.0 ** (n_bits - 1)
    silence = half if kind == "u" else 0.0
    return ((array - silence) / half).astype(np.float32)


def _checked_rate(sample_rate: Any) -> float:
    if sample_rate is None:
        raise ValueError("encode needs the sample_rate of a waveform.")
    if not isinstance(sample_rate, numbers.Real) or not math.isfinite(sample_rate):
        raise ValueError(f"encode needs a sample_rate in Hz, got {sample_rate!r}.")
    if sample_rate < MIN_SAMPLE_RATE:
        raise ValueError(
            f"encode needs a sample_rate of at least {MIN_SAMPLE_RATE} Hz, got {sample_rate}."
        )
    if float(sample_rate) > MAX_SAMPLE_RATE:
        raise ValueError(
            f"encode needs a sample_rate of at most {MAX_SAMPLE_RATE:,} Hz, got {sample_rate:g}."
        )
    return float(sample_rate)


def _not_a_sound(sound: Any) -> ValueError:
    return ValueError(
        f"encode takes paths, arrays and tensors, not {type(sound).__name__}: pass the samples as "
        "a numpy array, and sample_rate; or a tuple of both."
    )
