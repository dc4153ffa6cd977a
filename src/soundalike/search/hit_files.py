"""The sounds of hits as files, and which of them are gone."""

import os
import re
from pathlib import Path, PurePosixPath

import pandas as pd

from soundalike.runtime.atomic import PARTIAL, atomic_write
from soundalike.search.archive_paths import full_path

NAME_OF_COPY = re.compile(r"\d{3,}_.+_\d+\.\d\ds\.wav", re.DOTALL)


class ResultsFolderError(Exception):
    """Results cannot be copied into a folder; the one-line message says what to do."""

    exit_code = 2


def missing_files(rows: pd.DataFrame, root: str) -> list[str]:
    """Return the paths of rows whose files are not there, each once.

    Args:
        rows: of an archive.
        root: folder that their paths are relative to.
    """
    paths = dict.fromkeys(rows["path"])
    return [path for path in paths if not os.path.exists(full_path(root, path))]


def earlier_copies(folder: Path) -> list[Path]:
    """Return the sounds that an earlier search has copied into a folder, which may be missing.

    Raises:
        ResultsFolderError: it is a file, or something else is in it.
    """
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise ResultsFolderError(f"{folder}: is a file: name a folder for the sounds.")
    copies = [each for each in folder.iterdir() if not each.name.endswith(PARTIAL)]
    for each in copies:
        if not (each.is_file() and NAME_OF_COPY.fullmatch(each.name)):
            raise ResultsFolderError(
                f"{folder}: holds something else than results of a search, such as {each.name}: "
                "name a new folder."
            )
    return copies


def copy_hits(rows: pd.DataFrame, root: str, folder: Path) -> list[Path]:
    """Write the windows of hits as WAV files, mono at their own sample rates.

    They are named ``RANK_NAME_START.wav``. Hits whose files cannot be read are left out. Those of
    an earlier search are deleted.

    Args:
        rows: hits, the best first.
        root: folder that their paths are relative to.
        folder: created if it does not exist; it holds nothing but results of earlier searches.

    Returns:
        The files.

    Raises:
        ResultsFolderError: something else is in the folder, or it holds the sounds of the hits.
        OSError: a file cannot be written.
    """
    import soundfile  # which a search that copies nothing need not wait for

    from soundalike.audio.audio_error import AudioError
    from soundalike.audio.sound_file import read_info
    from soundalike.audio.waveform import read_waveform

    earlier = earlier_copies(folder)
    folder.mkdir(parents=True, exist_ok=True)
    sources = {os.path.realpath(full_path(root, path)) for path in rows["path"]}
    if sources & {os.path.realpath(each) for each in earlier}:
        raise ResultsFolderError(f"{folder}: holds the sounds of the results: name a new folder.")
    for each in earlier:
        each.unlink()
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
