"""Embed the windows of many clips, batch by batch and in bounded memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import threadpoolctl
import torch
from numpy.typing import NDArray

from soundalike.embedding.pieces import Piece, batch_pieces, cut_pieces, pooling_encoder
from soundalike.embedding.window_pooler import WindowPooler
from soundalike.models.evaluation_mode import evaluation_mode
from soundalike.runtime.freed_memory import release_freed_memory
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
            Blocks that overlapping windows are pooled from have as many frames.
        skip: by position of a clip, how many of its first windows are left out; by default none.
            It is asked once the clip has been taken from `log_mels`.
        report: called after every batch with the number of clips that are complete. The clips are
            read a few batches ahead, so this number says how long the rest will take.

    Yields:
        The embeddings of one batch after the other, clips in their order.

    Raises:
        ValueError: `batch_size` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    most_frames = batch_size * model.windows.n_frames
    if model.device.type == "cpu":
        most_frames = min(most_frames, MOST_FRAMES)
    pieces = (
        piece
        for clip, log_mel in enumerate(log_mels)
        for piece in cut_pieces(model, clip, log_mel, most_frames, skip.get(clip, 0))
    )
    embed = _embedder(model, skip, max(1, most_frames // model.windows.n_frames))
    with evaluation_mode(model), one_blas_thread():
        n_frames = 0
        for batch, log_mels_of_batch in prefetch(batch_pieces(pieces, batch_size, most_frames)):
            windows = embed(batch, torch.from_numpy(log_mels_of_batch).to(model.device))
            n_frames += log_mels_of_batch.shape[0] * log_mels_of_batch.shape[1]
            if n_frames >= FRAMES_PER_RELEASE:
                release_freed_memory()
                n_frames = 0
            if len(windows.vectors):
                yield windows
            if report:
                report(batch[-1].clip)  # which may have more windows


def _embedder(
    model: "SoundEncoder", skip: Mapping[int, int], most_windows: int
) -> Callable[[list[Piece], torch.Tensor], WindowEmbeddings]:
    """Return a function from successive pieces, and their log_mels, to the embeddings of windows.

    Args:
        model: the model.
        skip: by position of a clip, how many of its first windows are left out.
        most_windows: windows that are pooled at a time.
    """
    encoder = pooling_encoder(model)
    pooler = WindowPooler(model, encoder, skip, most_windows) if encoder else None

    def embed(pieces: list[Piece], log_mels: torch.Tensor) -> WindowEmbeddings:
        """Embed pieces of one kind and length: log_mels [pieces, frames, bands]."""
        clips = np.array([piece.clip for piece in pieces])
        if pooler and not pieces[0].is_window:
            n_windows, starts, vectors = pooler.embed(pieces, log_mels)
            n_frames = model.windows.n_frames
            return WindowEmbeddings(clips.repeat(n_windows), starts, n_frames, vectors)
        starts = np.array([piece.first for piece in pieces])
        vectors = model(log_mels).float().cpu().numpy()
        return WindowEmbeddings(clips, starts, log_mels.shape[1], vectors)

    return embed


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
