"""Rows, records and vectors of made-up windows, and a model for real ones."""

import numpy as np
import pandas as pd

DIM = 8


def make_rows(paths, n_windows=2, label="", recording=None, split="", peak_db=-6.0):
    """Return the rows of clips of `n_windows` seconds, without ids."""
    return pd.DataFrame(
        [
            {
                "recording": recording or f"hash of {path}",
                "path": path,
                "start_s": float(window),
                "end_s": window + 1.0,
                "label": label,
                "split": split,
                "duration_s": float(n_windows),
                "peak_db": peak_db,
            }
            for path in paths
            for window in range(n_windows)
        ]
    )


def make_records(rows, size=1):
    """Return the records of the clips that rows belong to, which are whole files."""
    clips = rows.groupby("path", sort=False).agg(
        recording=("recording", "first"),
        label=("label", "first"),
        split=("split", "first"),
        n_rows=("path", "size"),
    )
    return clips.reset_index().assign(
        start_s=np.nan, end_s=np.nan, size=size, mtime_ns=2, is_complete=True
    )


def make_vectors(n, seed=0, dim=DIM):
    """Return random vectors, float32 [n, dim]."""
    return np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)


def add_clips(archive, paths, seed=0, **settings):
    """Add clips with random vectors to an archive in one commit; return the vectors."""
    rows = make_rows(paths, **settings)
    vectors = make_vectors(len(rows), seed, archive.head.dim)
    with archive.writer() as writer:
        writer.add(rows, vectors)
        writer.finish(make_records(rows))
    return vectors


def untrained_model():
    """Return a small model with windows of a second."""
    import torch

    from soundalike.audio.log_mel import LogMel
    from soundalike.audio.standardization import Standardization
    from soundalike.audio.windows import Windows
    from soundalike.embedding.sound_encoder import SoundEncoder
    from soundalike.models.encoder import build_encoder

    torch.manual_seed(0)
    settings = {"name": "resnet18", "width": 4}
    encoder, windows = build_encoder(settings), Windows.half_overlapping(101, align_last=True)
    statistics = Standardization(-3.0, 2.0)
    return SoundEncoder(encoder, settings, LogMel(), statistics, windows).eval()


def embedded_archive(path, sounds):
    """Return an archive of a folder of sounds by the untrained model."""
    from soundalike.datasets.source import read_source
    from soundalike.search.archive import Archive
    from soundalike.search.fill import fill

    model = untrained_model()
    archive = Archive.open_for(path, model, str(sounds))
    fill(archive, model, read_source(sounds), progress=False)
    return archive


def replace_clip(path, clip, seed=9):
    """Have another writer replace the rows of a clip in the archive at a path, as `embed` does."""
    from soundalike.archive.window_archive import WindowArchive

    archive = WindowArchive.open(path)
    add_clips(archive, [clip], seed, recording=f"another hash of {clip}")
    with archive.writer() as writer:
        writer.compact()
