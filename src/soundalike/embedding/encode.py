"""Sounds in many forms to one embedding each: what `SoundEncoder.encode` does."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError
from soundalike.audio.streaming import read_log_mel_blocks
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.manifest import clips_of_table
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.datasets.source import is_one_sound, read_source
from soundalike.embedding.sounds import is_path, mono_at, split_pair, split_sounds
from soundalike.embedding.window_embeddings import encode_windows, means_by_clip
from soundalike.runtime.progress import progress_bar

if TYPE_CHECKING:
    from soundalike.embedding.sound_encoder import SoundEncoder

OnError = Literal["raise", "skip"]


def encode(
    model: "SoundEncoder",
    sounds: Any,
    sample_rate: float | None,
    *,
    on_error: OnError,
    batch_size: int,
    progress: bool,
) -> tuple[NDArray[np.float32], list[Problem], bool]:
    """Embed sounds; see `SoundEncoder.encode`.

    Returns:
        The embeddings [sounds, dim], the sounds that could not be read, and whether the argument
        was a single sound.
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(f"encode takes on_error 'raise' or 'skip', got {on_error!r}.")
    items, problems, is_single = _items(sounds)
    if problems and on_error == "raise":
        raise BrokenClipsError(f"{problems[0].message} To leave it out, set on_error='skip'.")
    broken: list[int] = []
    n_sounds = 0

    def log_mels() -> Iterator[Iterable[NDArray[np.float32]]]:
        nonlocal n_sounds
        bar = progress_bar(items, name="encode", unit="clips", is_shown=progress)
        for position, sound in enumerate(bar):
            n_sounds += 1
            yield blocks(position, sound)

    def blocks(position: int, sound: Any) -> Iterator[NDArray[np.float32]]:
        try:
            yield from _log_mel(model, sound, sample_rate)
        except (AudioError, ValueError) as error:
            if on_error == "raise":
                raise
            broken.append(position)
            problems.append(_problem(position, error))

    batches = encode_windows(model, log_mels(), batch_size)
    means = list(means_by_clip(batches, n_clips=1024))
    embeddings = np.full((n_sounds, model.dim), np.nan, dtype=np.float32)
    for positions, vectors in means:
        embeddings[positions] = vectors
    embeddings[broken] = np.nan  # a file can turn out to be broken after its first windows
    return embeddings, problems, is_single


def _items(sounds: Any) -> tuple[Iterable[Any], list[Problem], bool]:
    """Return the sounds one by one, problems of their source, and whether there is only one."""
    if isinstance(sounds, pd.DataFrame):
        return clips_of_table(sounds), [], False
    if is_path(sounds) and not is_one_sound(sounds):
        sounds = read_source(sounds)
    if isinstance(sounds, ClipTable):
        return sounds, list(sounds.problems), False
    items, is_single = split_sounds(sounds)
    return items, [], is_single


def unit_length(embeddings: np.ndarray) -> np.ndarray:
    """Scale embeddings to unit length; zeros stay as they are."""
    return embeddings / np.maximum(np.linalg.norm(embeddings, axis=-1, keepdims=True), 1e-12)


def _log_mel(
    model: "SoundEncoder", sound: Any, sample_rate: float | None
) -> Iterable[NDArray[np.float32]]:
    """Return the log_mel of a sound in blocks [frames, bands]."""
    front_end = model.front_end
    if isinstance(sound, Clip):
        return read_log_mel_blocks(sound.path, front_end, sound.start_s, sound.end_s)
    if is_path(sound):
        return read_log_mel_blocks(sound, front_end)
    sound, rate = split_pair(sound) or (sound, sample_rate)
    return [front_end.of_clip(mono_at(sound, rate, front_end.sample_rate))]


def _problem(position: int, error: AudioError | ValueError) -> Problem:
    if isinstance(error, AudioError):
        return Problem(str(error.path), error.problem, str(error))
    return Problem(f"sound {position}", "not a waveform", f"sound {position}: {error}")
