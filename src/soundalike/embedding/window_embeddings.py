"""Embed the windows of many clips, batch by batch and in bounded memory."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import threadpoolctl
import torch
from numpy.typing import NDArray

from soundalike.models.evaluation_mode import evaluation_mode
from soundalike.runtime.hardware import release_freed_memory
from soundalike.runtime.prefetch import prefetch
from soundalike.runtime.shared_context import SharedContext

if TYPE_CHECKING:
    from soundalike.embedding.sound_encoder import SoundEncoder

# A log-mel is a small matrix product. numpy's threads would compete with the encoder's for the
# processors and slow it down several times.
one_blas_thread = SharedContext(lambda: threadpoolctl.threadpool_limits(1, user_api="blas"))

# On a CPU, larger batches need memory and save no time: 8 windows of 10 s need 0.4 GB, 64 need
# 1.8 GB.
MOST_FRAMES = 8192
# The vectors of a batch stay where its activations were, so the next ones may need new memory: up
# to 100 MB a full batch. So the free memory is released after every second full batch; after each
# batch of a single short window, that would take a third of the time.
FRAMES_PER_RELEASE = 3 * MOST_FRAMES // 2

Window = tuple[int, int, NDArray[np.float32]]
"""Position of a window's clip, first frame in that clip, and log_mel [frames, bands]."""


@dataclass(frozen=True)
class WindowEmbeddings:
    """The embeddings of some windows.

    Args:
        clips: position of each window's clip.
        starts: first frame of each window in its clip.
        n_frames: length of each window, or of all.
        vectors: their embeddings, float32.

    Shape:
        clips, starts, n_frames: [windows]; vectors: [windows, dim].
    """

    clips: NDArray[np.int64]
    starts: NDArray[np.int64]
    n_frames: NDArray[np.int64] | int
    vectors: NDArray[np.float32]


@torch.inference_mode()
def encode_windows(
    model: "SoundEncoder",
    log_mels: Iterable[Iterable[np.ndarray]],
    batch_size: int = 64,
    skip: Mapping[int, int] = MappingProxyType({}),
    report: Callable[[int], object] | None = None,
) -> Iterator[WindowEmbeddings]:
    """Embed the windows of many clips, cut as `model.windows` says.

    Several threads may embed with the same model.

    Args:
        model: the model, which runs in evaluation mode; its layers get back the mode they had.
        log_mels: for every clip its log_mel in consecutive blocks ``[frames, bands]``. A thread
            computes the next blocks while a batch is encoded. A clip without blocks has no window.
        batch_size: windows that go through the encoder at a time; on a CPU fewer if they are long.
        skip: by position of a clip, how many of its first windows are left out; by default none.
        report: called after every batch with the number of clips that are complete. The clips are
            read a few batches ahead, so this number says how long the rest will take.

    Yields:
        The embeddings of one batch after the other, clips in their order.

    Raises:
        ValueError: `batch_size` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    windows = (
        (clip, start, window)
        for clip, blocks in enumerate(log_mels)
        for start, window in itertools.islice(model.windows.cut(blocks), skip.get(clip, 0), None)
    )
    with evaluation_mode(model), one_blas_thread():
        most_frames = MOST_FRAMES if model.device.type == "cpu" else None
        batches = prefetch(batch_windows(windows, batch_size, most_frames))
        n_frames = 0
        for clips, starts, batch in batches:
            vectors = model(torch.from_numpy(batch).to(model.device)).float().cpu().numpy()
            n_frames += batch.shape[0] * batch.shape[1]
            if n_frames >= FRAMES_PER_RELEASE:
                release_freed_memory()
                n_frames = 0
            yield WindowEmbeddings(clips, starts, batch.shape[1], vectors)
            if report:
                report(int(clips[-1]))  # which may have more windows


def batch_windows(
    windows: Iterator[Window], batch_size: int, most_frames: int | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield clips, starts and log_mels of successive windows of one length.

    Args:
        windows: the windows.
        batch_size: windows in a batch.
        most_frames: maximum number of frames in a batch of several windows; None for no limit.

    Shape:
        clips, starts: [batch]; log_mels: [batch, frames, bands].
    """
    for length, same_length in itertools.groupby(windows, lambda window: len(window[2])):
        n_windows = batch_size
        if most_frames is not None:
            n_windows = max(1, min(batch_size, most_frames // length))
        while batch := list(itertools.islice(same_length, n_windows)):
            clips, starts, log_mels = zip(*batch, strict=True)
            yield np.array(clips), np.array(starts), np.stack(log_mels)


def means_by_clip(
    batches: Iterable[WindowEmbeddings], n_clips: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Average the embeddings of each clip's windows.

    Args:
        batches: embeddings of windows, clips in their order.
        n_clips: number of clips that are yielded at a time; the last time fewer.

    Yields:
        The positions of clips that have windows, in their order, and their embeddings.

    Shape:
        positions: [clips]; embeddings: [clips, dim].
    """
    positions: list[int] = []
    sums: list[NDArray[np.float64]] = []
    n_windows: list[int] = []

    def means(n: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Take the first clips off the lists."""
        result = np.stack(sums[:n]) / np.reshape(n_windows[:n], (-1, 1))
        clips = np.array(positions[:n])
        del positions[:n], sums[:n], n_windows[:n]
        return clips, result.astype(np.float32)

    for batch in batches:
        for clip, vector in zip(batch.clips.tolist(), batch.vectors, strict=True):
            if not positions or positions[-1] != clip:
                if len(positions) >= n_clips:
                    yield means(n_clips)
                positions.append(clip)
                sums.append(np.zeros(batch.vectors.shape[1]))
                n_windows.append(0)
            sums[-1] += vector
            n_windows[-1] += 1
    if positions:
        yield means(len(positions))


def joined(batches: Iterable[WindowEmbeddings], n_windows: int) -> Iterator[WindowEmbeddings]:
    """Join batches to larger ones, of at least so many windows; the last has the rest.

    A batch may be a single window, and a table of rows costs milliseconds however short it is.
    """
    waiting: list[WindowEmbeddings] = []
    for batch in batches:
        waiting.append(batch)
        if sum(len(each.clips) for each in waiting) >= n_windows:
            yield _join(waiting)
            waiting = []
    if waiting:
        yield _join(waiting)


def _join(batches: list[WindowEmbeddings]) -> WindowEmbeddings:
    return WindowEmbeddings(
        np.concatenate([batch.clips for batch in batches]),
        np.concatenate([batch.starts for batch in batches]),
        np.concatenate([np.full(len(batch.clips), batch.n_frames) for batch in batches]),
        np.concatenate([batch.vectors for batch in batches]),
    )
