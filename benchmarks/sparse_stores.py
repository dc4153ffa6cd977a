"""Stores of any size in sparse files: all frames are zero and take no space on the disk."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.store import CLIPS, FORMAT, FRAMES, HEAD


def sparse_store(path: Path, n_frames: np.ndarray, **columns: np.ndarray) -> Path:
    """Make a store of clips with these numbers of frames; its table also has `columns`."""
    path.mkdir()
    front_end = LogMel()
    total = int(n_frames.sum())
    with (path / FRAMES).open("wb") as file:
        header = {"descr": "<f2", "fortran_order": False, "shape": (total, front_end.n_mels)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 2 * total * front_end.n_mels)
    paths = [f"/sounds/{clip // 1000:06d}/{clip:09d}.wav" for clip in range(len(n_frames))]
    rows = pd.DataFrame({"path": paths, "label": "", "split": "", "fold": "", **columns})
    rows = rows.assign(start_s=np.nan, end_s=np.nan)
    audio = [f"{clip:032x}" for clip in range(len(n_frames))]
    rows = rows.assign(offset=np.cumsum(n_frames) - n_frames, n_frames=n_frames, audio=audio)
    rows.to_parquet(path / CLIPS, index=False)
    head = {
        "format": FORMAT,
        "source": path.name,
        "n_clips": len(rows),
        "n_frames": total,
        "n_problems": 0,
        "front_end": dataclasses.asdict(front_end),
        "clips": path.name,
    }
    (path / HEAD).write_text(json.dumps(head))
    return path
