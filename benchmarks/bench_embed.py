"""Embedding from wav files, end to end: against a plain pipeline, windows that overlap, and a roof.

The plain pipeline decodes to float64, resamples with a long polyphase filter, computes librosa's
log-mel, and runs ResNet-18 as trained, in float32, on one batch per clip. Both write one row per
window of 1 s, half a window apart. The difference is the lowest cosine similarity between the two
vectors of a window.

The shipped model embeds a long recording in windows that overlap and in windows that do not. The
difference is the median cosine similarity to windows that are embedded one by one, with padded
ends. Its roof is what one large float32 product would take for the operations of the convolutions,
and the front end, one after the other on one thread; both count processor time.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from bench_front_end import polyphase, reference, write_clips
from measure import Row, fastest, table
from torch.utils.flop_counter import FlopCounterMode

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.streaming import read_log_mel, read_log_mel_blocks
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.embed import embed
from soundalike.embedding.inference import for_inference
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import encode_windows
from soundalike.models.resnet import ResNet18
from soundalike.runtime.freed_memory import keep_freed_memory
from soundalike.runtime.hardware import choose_hardware
from soundalike.search.archive import Archive
from soundalike.search.fill import fill

N_CLIPS, DURATION_S, N_CHANNELS, RATE = 24, 10.0, 1, 44100
N_RUNS = 3
LONG_S, N_LONG = 300.0, 4
WINDOWS_S = [(3.0, 1.0), (2.0, 1.0)]  # length and hop
PRODUCT = 2048  # rows and columns


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
    """Yield audio seconds per second."""
    hardware = choose_hardware()
    with tempfile.TemporaryDirectory() as folder:
        yield from against_clip_by_clip(Path(folder), hardware.dtype)
        (path,) = write_clips(Path(folder) / "long", 1, LONG_S, N_CHANNELS, RATE)
        model = SoundEncoder.from_pretrained("default")
        for window_s, hop_s in WINDOWS_S:
            yield of_overlapping_windows(model, path, hardware.dtype, window_s, hop_s)
        yield against_the_roof(model, path)
        paths = write_clips(Path(folder) / "recordings", N_LONG, LONG_S, N_CHANNELS, RATE)
        clips = ClipTable.of("recordings", [Clip(str(each)) for each in paths])
        yield into_an_archive(model, clips, Path(folder) / "archive")


def against_clip_by_clip(folder: Path, native: torch.dtype) -> Iterator[Row]:
    """Yield rows in the machine's precision and in float32."""
    model = trained_ear()
    paths = write_clips(folder / "clips", N_CLIPS, DURATION_S, N_CHANNELS, RATE)
    clips = ClipTable.of("noises", [Clip(str(path)) for path in paths])
    plain_work = partial(plain, model, paths)
    exact, (plain_s,) = plain_work(), fastest(plain_work, n_runs=1)
    keep_freed_memory()  # from here on, for ours
    for dtype in dict.fromkeys([native, torch.float32]):
        fast = for_inference(model, dtype)
        work = partial(embedded, fast, clips, folder / "vectors.parquet")
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


def of_overlapping_windows(
    model: SoundEncoder, path: Path, dtype: torch.dtype, window_s: float, hop_s: float
) -> Row:
    """Return the rate of overlapping windows beside that of windows without overlap."""
    clips, out = ClipTable.of("long", [Clip(str(path))]), path.with_suffix(".parquet")
    overlapping = for_inference(model.with_windows(window_s, hop_s), dtype)
    disjoint = for_inference(model.with_windows(window_s, window_s), dtype)
    works = [partial(embedded, each, clips, out) for each in (overlapping, disjoint)]
    ours_s, disjoint_s = fastest(*works, n_runs=N_RUNS)
    log_mel = read_log_mel(path, model.front_end)
    with torch.inference_mode():
        alone = [
            overlapping(torch.from_numpy(window[None]))[0].numpy()
            for _, window in overlapping.windows.cut([log_mel])
        ]
    cosines = np.diag(SoundEncoder.similarity(works[0](), np.stack(alone)))
    return Row(
        f"embed, {LONG_S / 60:g} min, default, {window_s:g} s windows every {hop_s:g} s",
        LONG_S / ours_s,
        "audio s/s",
        LONG_S / disjoint_s,
        f"every {window_s:g} s",
        times=False,
        difference=f"median cosine {np.median(cosines):.3f} to windows one by one",
    )


def against_the_roof(model: SoundEncoder, path: Path) -> Row:
    """Return the rate in float32 beside that of one product and the front end."""
    clips, out = ClipTable.of("long", [Clip(str(path))]), path.with_suffix(".parquet")
    fast = for_inference(model.with_windows(3.0, 1.0), torch.float32)
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ours_s = least_processor_s(partial(embedded, fast, clips, out))
        front_end_s = least_processor_s(
            lambda: list(read_log_mel_blocks(path, model.front_end)),
        )
        matrix = torch.randn(PRODUCT, PRODUCT)
        product_s = least_processor_s(lambda: matrix @ matrix)
    finally:
        torch.set_num_threads(n_threads)
    roof_s = front_end_s + n_operations(model, path) * product_s / (2 * PRODUCT**3)
    return Row(
        f"embed, {LONG_S / 60:g} min, default, float32, one thread, processor time",
        LONG_S / ours_s,
        "audio s/s",
        LONG_S / roof_s,
        f"one product, and the front end ({LONG_S / front_end_s:,.0f} audio s/s)",
        times=False,
    )


def into_an_archive(model: SoundEncoder, clips: ClipTable, folder: Path) -> Row:
    """Return the rate into a new archive beside that of embedding alone."""
    window_s, hop_s = WINDOWS_S[-1]
    windowed = model.with_windows(window_s, hop_s)
    fast = for_inference(windowed, torch.float32)

    def alone() -> None:
        reader = ClipReader(fast.front_end, clips, strict=True, name="embed", progress=False)
        for _ in encode_windows(fast, reader):
            pass

    def filled() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        fill(Archive.open_for(folder, windowed), fast, clips, progress=False)

    ours_s, alone_s = fastest(filled, alone, n_runs=1)
    duration_s = LONG_S * len(clips)
    return Row(
        f"embed, {duration_s / 60:g} min, default, into an archive (aim: a ratio of 0.9)",
        duration_s / ours_s,
        "audio s/s",
        duration_s / alone_s,
        "embedded alone",
        times=False,
    )


def least_processor_s(work: Callable[[], object]) -> float:
    """Return the processor seconds, of all threads, of the fastest of several runs."""
    seconds = []
    for _ in range(N_RUNS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def n_operations(model: SoundEncoder, path: Path) -> int:
    """Return the floating point operations of the encoder, were the recording one patch."""
    n_frames = sum(map(len, read_log_mel_blocks(path, model.front_end)))
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model.encoder(torch.zeros(1, 1, 1600, model.front_end.n_mels))
    return counter.get_total_flops() * n_frames // 1600


if __name__ == "__main__":
    print(table(rows()))
