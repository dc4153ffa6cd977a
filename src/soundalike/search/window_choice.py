"""Windows that suit a source: whole clips of short sounds, short windows of long recordings.

An archive has one window length, so the clips of a source are cut alike.
"""

import numpy as np

from soundalike.audio.audio_error import AudioError
from soundalike.audio.sound_file import read_info
from soundalike.datasets.clips import ClipTable
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.runtime.counts import counted

# An event of a second is lost in a window of ten, so recordings that are longer than any single
# sound are cut into windows of 2 s.
LONG_S, WINDOW_S, HOP_S = 30.0, 2.0, 1.0
N_SAMPLED, MOST_READ = 32, 4096  # headers that are read


def with_suitable_windows(model: SoundEncoder, clips: ClipTable) -> SoundEncoder:
    """Return a model with windows that suit a source; its own, unless most clips are long.

    Args:
        model: the model.
        clips: the clips; the headers of a few files are read.
    """
    if median_duration_s(clips) <= LONG_S:
        return model
    patch_s = (model.windows.min_frames - 1) * model.front_end.hop_s
    return model.with_windows(max(WINDOW_S, patch_s), HOP_S if patch_s <= WINDOW_S else None)


def median_duration_s(clips: ClipTable) -> float:
    """Return the median length of some of the clips, in seconds; 0 if none can be read."""
    durations = _durations_s(clips, N_SAMPLED)
    return float(np.median(durations)) if durations else 0.0


def note_on_long_clips(model: SoundEncoder, clips: ClipTable) -> str | None:
    """Return what to say if some clips are too long for the windows of a model; None if none are.

    Args:
        model: the model, with the windows that the clips are cut into.
        clips: the clips; the headers of at most 4,096 files are read.
    """
    frame_s = model.front_end.hop_s
    window_s = (model.windows.n_frames - 1) * frame_s
    durations = _durations_s(clips, MOST_READ)
    n_long = sum(duration_s > LONG_S for duration_s in durations)
    if not n_long or window_s <= WINDOW_S + frame_s:
        return None
    patch_s = (model.windows.min_frames - 1) * frame_s
    options = f"--window_s {max(WINDOW_S, patch_s):.3g}"
    options += f" --hop_s {HOP_S:g}" if patch_s <= WINDOW_S else ""
    of = f"{n_long:,} of {counted(len(durations), 'clip')}"
    of += " looked at" if len(durations) < len(clips) else ""
    return (
        f"{of} {'is' if n_long == 1 else 'are'} longer than {LONG_S:g} s, and cut into windows of "
        f"{window_s:.3g} s like the others, in which short events are hard to find. An archive has "
        f"one window length: to find them, make one with `soundalike embed SOURCE --out ARCHIVE "
        f"{options}`"
    )


def _durations_s(clips: ClipTable, n_read: int) -> list[float]:
    """Return the lengths of at most so many clips, spread over all, without those not readable."""
    positions = np.unique(np.linspace(0, len(clips) - 1, n_read, dtype=int))
    durations = []
    for clip in clips.where(positions if len(clips) else np.zeros(0, int)):
        try:
            end_s = read_info(clip.path).duration_s if clip.end_s is None else clip.end_s
        except AudioError:
            continue
        durations.append(end_s - (clip.start_s or 0.0))
    return durations
