"""Windows that suit a source: whole clips of short sounds, short windows of long recordings."""

import numpy as np

from soundalike.audio.audio_error import AudioError
from soundalike.audio.sound_file import read_info
from soundalike.datasets.clips import ClipTable
from soundalike.embedding.sound_encoder import SoundEncoder

# An event of a second is lost in a window of ten, so recordings that are longer than any single
# sound are cut into windows of 2 s.
LONG_S, WINDOW_S, HOP_S = 30.0, 2.0, 1.0
N_SAMPLED = 32


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
    positions = np.unique(np.linspace(0, len(clips) - 1, N_SAMPLED, dtype=int))
    durations = []
    for clip in clips.where(positions if len(clips) else np.zeros(0, int)):
        try:
            end_s = read_info(clip.path).duration_s if clip.end_s is None else clip.end_s
        except AudioError:
            continue
        durations.append(end_s - (clip.start_s or 0.0))
    return float(np.median(durations)) if durations else 0.0
