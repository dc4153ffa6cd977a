"""Embedding from wav files, end to end: `soundalike embed` against a plain pipeline, clip by clip.

The plain pipeline decodes to float64, resamples with a long polyphase filter, computes librosa's
log-mel, and runs ResNet-18 as trained, in float32, on one batch per clip. Both write one row per
window of 1 s, half a window apart. The difference is the lowest cosine similarity between the two
vectors of a window.
"""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from bench_front_end import polyphase, reference, write_clips
from measure import Row, fastest, table

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.embedding.embed import embed
from soundalike.embedding.inference import for_inference
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.resnet import ResNet18
from soundalike.runtime.hardware import choose_hardware, keep_freed_memory

N_CLIPS, DURATION_S, N_CHANNELS, RATE = 24, 10.0, 1, 44100
N_RUNS = 3


def trained_ear() -> SoundEncoder:
    """Return a model whose batch norms have statistics of patches."""
    torch.manual_seed(0)
    model = SoundEncoder(
        ResNet18(),
        {"name": "resnet18"},
        LogMel(),
        Standardization(-4.0, 1.5),
        Windows.half_overlapping(101),
    )
    with torch.no_grad():
        for _ in range(10):
            model.train()(torch.randn(32, 101, 96) * 1.5 - 4)
    return model.eval()


@torch.inference_mode()
def plain(model: SoundEncoder, paths: list[Path]) -> np.ndarray:
    """Return a vector for every window, by the plain pipeline."""
    vectors = []
    for path in paths:
        log_mel = reference(path, polyphase).astype(np.float32)
        windows = np.stack([window for _, window in model.windows.cut([log_mel])])
        vectors.append(model.encoder(model.standardize(torch.from_numpy(windows))).numpy())
    return np.concatenate(vectors)


def embedded(model: SoundEncoder, clips: ClipTable, out: Path) -> np.ndarray:
    """Return the vectors that `embed` writes."""
    embed(model, clips, out, progress=False)
    return np.stack(pq.read_table(out)["vector"].to_numpy())


def rows() -> Iterator[Row]:
    """Yield audio seconds per second, in the machine's precision and in float32."""
    model, hardware = trained_ear(), choose_hardware()
    with tempfile.TemporaryDirectory() as folder:
        paths = write_clips(Path(folder) / "clips", N_CLIPS, DURATION_S, N_CHANNELS, RATE)
        clips = ClipTable.of("noises", [Clip(str(path)) for path in paths])
        plain_work = partial(plain, model, paths)
        exact, (plain_s,) = plain_work(), fastest(plain_work, n_runs=1)
        keep_freed_memory()  # from here on, for ours
        for dtype in dict.fromkeys([hardware.dtype, torch.float32]):
            fast = for_inference(model, dtype)
            work = partial(embedded, fast, clips, Path(folder) / "vectors.parquet")
            (ours_s,) = fastest(work, n_runs=N_RUNS)
            cosine = np.diag(SoundEncoder.similarity(work(), exact)).min()
            speeds = (N_CLIPS * DURATION_S / seconds for seconds in (ours_s, plain_s))
            yield Row(
                f"embed, {N_CLIPS} x {DURATION_S:g} s, ResNet-18, {str(dtype).split('.')[1]}",
                next(speeds),
                "audio s/s",
                next(speeds),
                "clip by clip, float32",
                times=False,
                difference=f"lowest cosine {cosine:.6f}",
            )


if __name__ == "__main__":
    print(table(rows()))
