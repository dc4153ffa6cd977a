"""The sounds of hits as files, and which of them are gone."""

import os
import re
from pathlib import Path, PurePosixPath

import pandas as pd

from soundalike.runtime.atomic import atomic_write
from soundalike.search.archive_paths import full_path


def missing_files(rows: pd.DataFrame, root: str) -> list[str]:
    """Return the paths of rows whose files are not there, each once.

    Args:
        rows: of an archive.
        root: folder that their paths are relative to.
    """
    paths = dict.fromkeys(rows["path"])
    return [path for path in paths if not os.path.exists(full_path(root, path))]


def copy_hits(rows: pd.DataFrame, root: str, folder: Path) -> list[Path]:
    """Write the windows of hits as WAV files, mono at their own sample rates.

    They are named ``RANK_NAME_START.wav``. Hits whose files cannot be read are left out.

    Args:
        rows: hits, the best first.
        root: folder that their paths are relative to.
        folder: created if it does not exist.

    Returns:
        The files.

    Raises:
        OSError: a file cannot be written.
    """
    import soundfile  # which a search that copies nothing need not wait for

    from soundalike.audio.audio_error import AudioError
    from soundalike.audio.sound_file import read_info
    from soundalike.audio.waveform import read_waveform

    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for rank, row in enumerate(rows.itertuples(), start=1):
        source = full_path(root, row.path)
        try:
            rate = read_info(source).sample_rate
            waveform = read_waveform(source, rate, row.start_s, row.end_s)
        except AudioError:
            continue
        name = re.sub(r"[^\w.-]+", "_", PurePosixPath(row.path).stem)[:80]
        files.append(folder / f"{rank:03d}_{name}_{row.start_s:.2f}s.wav")
        with atomic_write(files[-1]) as path:
            soundfile.write(path, waveform, rate, format="WAV")
    return files
