"""Windows that suit a source: whole clips of short sounds, short windows of long recordings.

An archive has one window length, so the clips of a source are cut alike.
"""

import numpy as np

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.durations import MOST_READ, durations_s
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.runtime.counts import counted

# An event of a second is lost in a window of ten, so recordings that are longer than any single
# sound are cut into windows of 2 s.
LONG_S, WINDOW_S, HOP_S = 30.0, 2.0, 1.0
N_SAMPLED = 32  # headers that are read


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
    durations = durations_s(clips, N_SAMPLED)
    return 0.0 if np.isnan(durations).all() else float(np.nanmedian(durations))


def note_on_long_clips(model: SoundEncoder, clips: ClipTable) -> str | None:
    """Return what to say if some clips are too long for the windows of a model; None if none are.

    Args:
        model: the model, with the windows that the clips are cut into.
        clips: the clips; the headers of at most 4,096 files are read.
    """
    frame_s = model.front_end.hop_s
    window_s = (model.windows.n_frames - 1) * frame_s
    durations = durations_s(clips, MOST_READ)
    n_long, n_read = int((durations > LONG_S).sum()), int((~np.isnan(durations)).sum())
    if not n_long or window_s <= WINDOW_S + frame_s:
        return None
    patch_s = (model.windows.min_frames - 1) * frame_s
    options = f"--window_s {max(WINDOW_S, patch_s):.3g}"
    options += f" --hop_s {HOP_S:g}" if patch_s <= WINDOW_S else ""
    of = f"{n_long:,} of {counted(n_read, 'clip')}"
    of += " looked at" if n_read < len(clips) else ""
    return (
        f"{of} {'is' if n_long == 1 else 'are'} longer than {LONG_S:g} s, and cut into windows of "
        f"{window_s:.3g} s like the others, in which short events are hard to find. An archive has "
        f"one window length: to find them, make one with `soundalike embed SOURCE --out ARCHIVE "
        f"{options}`"
    )
