"""An example of an event as recordings would have it: mixed into their background.

A clean example lacks the noise that an event is in, and this is much of the difference between
their embeddings. So the example is mixed into pieces of the recordings. What its windows differ by
from those beside it, on average, is what all windows with such an event should differ by.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import Backgrounds
from soundalike.audio.waveform import read_waveform
from soundalike.search.background_pieces import background_pieces
from soundalike.search.queries import FileQuery, RowQuery

if TYPE_CHECKING:
    from soundalike.embedding.sound_encoder import SoundEncoder
    from soundalike.search.archive import Archive

LEVELS_DB = (6.0, 12.0)  # of the example above the background where it is
SIDE_WINDOWS = 1.5  # of background on both sides of the example
FAINT = 1e-4  # root mean square; background that is digitally silent counts as this loud


def difference_of(
    archive: "Archive", event: Any, backgrounds: Backgrounds
) -> NDArray[np.float32] | None:
    """Return the difference that an event makes in the long recordings of an archive.

    Args:
        archive: the archive.
        event: what `event_of` returns.
        backgrounds: of the archive.

    Returns:
        None for a row of the archive, for what is longer than a window, and if no recording of the
        archive can be read.

    Shape:
        result: [dim].
    """
    if isinstance(event, RowQuery):
        return None
    from soundalike.embedding.sounds import mono_at

    model = archive.model
    rate = model.front_end.sample_rate
    if isinstance(event, FileQuery):
        waveform = read_waveform(event.path, rate, event.start_s, event.end_s)
    else:
        sound, sound_rate = event
        waveform = mono_at(sound, sound_rate, rate)
    event_s = len(waveform) / rate
    if event_s > _window_s(model) + model.front_end.hop_s:
        return None
    pieces = background_pieces(archive, backgrounds, piece_s(model, event_s))
    return difference_in_mixtures(model, waveform, pieces) if pieces else None


def piece_s(model: "SoundEncoder", event_s: float) -> float:
    """Return the length of the pieces of background that an example of some length is mixed into.

    Windows without the example fit in on both sides of it.
    """
    return event_s + 2 * SIDE_WINDOWS * _window_s(model) + _hop_s(model)


def difference_in_mixtures(
    model: "SoundEncoder",
    event: NDArray[np.floating],
    pieces: Sequence[NDArray[np.floating]],
    levels_db: Sequence[float] = LEVELS_DB,
) -> NDArray[np.float32]:
    """Return by what windows with an event differ from those beside it, on average.

    In some mixtures the event is in the middle of a window, in others between two.

    Args:
        model: embeds the mixtures.
        event: waveform at the sample rate of the model, at most as long as a window.
        pieces: waveforms of background, each as long as `piece_s` says, or longer.
        levels_db: level of the event, as a root mean square above that of the background there.

    Shape:
        event: [samples]; pieces: each [samples]; result: [dim].
    """
    from soundalike.embedding.window_embeddings import encode_windows

    rate, window_s, hop_s = model.front_end.sample_rate, _window_s(model), _hop_s(model)
    event_s = len(event) / rate
    mixtures, middles_s = [], []
    for number, piece in enumerate(pieces):
        n_hops = round((len(piece) / rate - window_s) / 2 / hop_s)
        phase = (number + 0.5) / len(pieces) - 0.5
        middle_s = window_s / 2 + (n_hops + phase) * hop_s
        start = max(0, min(round((middle_s - event_s / 2) * rate), len(piece) - len(event)))
        for level_db in levels_db:
            mixtures.append(_mix(piece, event, start, level_db))
            middles_s.append(start / rate + event_s / 2)
    log_mels = ([model.front_end.of_clip(mixture)] for mixture in mixtures)
    batches = list(encode_windows(model, log_mels))
    clips = np.concatenate([batch.clips for batch in batches])
    starts = np.concatenate([batch.starts for batch in batches])
    vectors = np.concatenate([batch.vectors for batch in batches])
    distance_s = np.abs(starts * model.front_end.hop_s + window_s / 2 - np.array(middles_s)[clips])
    is_beside = distance_s >= (window_s + event_s) / 2 - 0.05
    differences = []
    for clip in range(len(mixtures)):
        of_clip = np.flatnonzero(clips == clip)
        with_event = vectors[of_clip[distance_s[of_clip].argmin()]]
        beside = vectors[of_clip[is_beside[of_clip]]]
        difference = with_event - beside.mean(axis=0)
        differences.append(difference / max(float(np.linalg.norm(difference)), 1e-12))
    return np.mean(differences, axis=0).astype(np.float32)


def _mix(
    piece: NDArray[np.floating], event: NDArray[np.floating], start: int, level_db: float
) -> NDArray[np.float32]:
    mixture = np.array(piece, np.float32)
    place = mixture[start : start + len(event)]
    gain = 10 ** (level_db / 20) * max(_rms(place), FAINT) / max(_rms(event), 1e-9)
    place += (gain * event).astype(np.float32)
    return mixture


def _rms(waveform: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(waveform, dtype=np.float64))))


def _window_s(model: "SoundEncoder") -> float:
    return (model.windows.n_frames - 1) * model.front_end.hop_s


def _hop_s(model: "SoundEncoder") -> float:
    return model.windows.hop_frames * model.front_end.hop_s
