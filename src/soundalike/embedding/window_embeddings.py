"""Embed the windows of many clips, batch by batch and in bounded memory."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import threadpoolctl
import torch
from numpy.typing import NDArray

from soundalike.models.evaluation_mode import evaluation_mode
from soundalike.runtime.prefetch import prefetch
from soundalike.runtime.shared_context import SharedContext

if TYPE_CHECKING:
    from soundalike.embedding.sound_encoder import SoundEncoder

# A log-mel is a small matrix product. numpy's threads would compete with the encoder's for the
# processors and slow it down several times.
one_blas_thread = SharedContext(lambda: threadpoolctl.threadpool_limits(1, user_api="blas"))

Window = tuple[int, int, NDArray[np.float32]]
"""Position of a window's clip, first frame in that clip, and log_mel [frames, bands]."""


@dataclass(frozen=True)
class WindowEmbeddings:
    """The embeddings of some windows of one length.

    Args:
        clips: position of each window's clip.
        starts: first frame of each window in its clip.
        n_frames: length of the windows.
        vectors: their embeddings, float32.

    Shape:
        clips, starts: [windows]; vectors: [windows, dim].
    """

    clips: NDArray[np.int64]
    starts: NDArray[np.int64]
    n_frames: int
    vectors: NDArray[np.float32]


@torch.inference_mode()
def encode_windows(
    model: "SoundEncoder", log_mels: Iterable[Iterable[np.ndarray]], batch_size: int = 64
) -> Iterator[WindowEmbeddings]:
    """Embed the windows of many clips, cut as `model.windows` says.

    Several threads may embed with the same model.

    Args:
        model: the model, which runs in evaluation mode; its layers get back the mode they had.
        log_mels: for every clip its log_mel in consecutive blocks ``[frames, bands]``. A thread
            computes the next blocks while a batch is encoded. A clip without blocks has no window.
        batch_size: windows that go through the encoder at a time.

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
        for start, window in model.windows.cut(blocks)
    )
    with evaluation_mode(model), one_blas_thread():
        for clips, starts, batch in prefetch(batch_windows(windows, batch_size)):
            vectors = model(torch.from_numpy(batch).to(model.device)).float().cpu().numpy()
            yield WindowEmbeddings(clips, starts, batch.shape[1], vectors)


def batch_windows(
    windows: Iterator[Window], batch_size: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield clips, starts and log_mels of successive windows of one length.

    Shape:
        clips, starts: [batch]; log_mels: [batch, frames, bands].
    """
    for _, same_length in itertools.groupby(windows, lambda window: len(window[2])):
        while batch := list(itertools.islice(same_length, batch_size)):
            clips, starts, log_mels = zip(*batch, strict=True)
            yield np.array(clips), np.array(starts), np.stack(log_mels)
