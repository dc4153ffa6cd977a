"""Cut clips into what goes through the encoder at a time: windows, or blocks of many windows.

Overlapping windows share most of their frames. Where an encoder pools h over time from maps, a clip
of several windows is cut into blocks instead, which go through the encoder once. Blocks overlap by
what their maps depend on, so all maps are those of the whole clip, however long the blocks are.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundalike.models.pooling_encoder import PoolingEncoder

if TYPE_CHECKING:
    from soundalike.embedding.sound_encoder import SoundEncoder

# The maps of a window within a clip depend on frames outside the window, up to the context of the
# encoder. Above this share of the window, its embedding would describe too much of what is around,
# and be unlike those of the patches of training. So the windows of the paper, which are patches of
# 1 s, are embedded one by one.
MOST_CONTEXT = 0.1


@dataclass(frozen=True)
class Piece:
    """Some frames of a clip.

    Args:
        clip: position of the clip.
        first: first frame in the clip.
        log_mel: the frames.
        is_window: If true, they are one window. If false, they are a block of a clip.
        is_last: If true, a block ends with the clip.

    Shape:
        log_mel: [frames, bands].
    """

    clip: int
    first: int
    log_mel: NDArray[np.float32]
    is_window: bool
    is_last: bool = False


def pooling_encoder(model: "SoundEncoder") -> PoolingEncoder | None:
    """Return the encoder of a model whose windows are pooled from blocks; None for other models."""
    encoder, n_frames = model.encoder, model.windows.n_frames
    if not isinstance(encoder, PoolingEncoder) or model.intermediate_features:
        return None
    return encoder if encoder.context <= MOST_CONTEXT * n_frames else None


def overlap(encoder: PoolingEncoder) -> int:
    """Return how many frames at an end of a block are only the context of others: whole steps."""
    return -(-max(encoder.context, encoder.min_frames) // encoder.stride) * encoder.stride


def cut_pieces(
    model: "SoundEncoder",
    clip: int,
    log_mel: Iterable[NDArray[np.float32]],
    n_block: int,
    skip: int = 0,
) -> Iterator[Piece]:
    """Cut a clip as `model.windows` says: into its only window, its windows, or into blocks.

    Args:
        model: the model that embeds the windows.
        clip: position of the clip.
        log_mel: of the clip, in consecutive blocks [frames, bands] of any length.
        n_block: about the most frames of a block.
        skip: how many of the first windows are left out. Blocks before the others are, too.
    """
    encoder, windows = pooling_encoder(model), model.windows
    if encoder is not None:
        log_mel = windows.repeat_short(log_mel)
        beginning = list(_at_least(log_mel, windows.n_frames_of_several))
        if sum(map(len, beginning)) >= windows.n_frames_of_several:
            margin = overlap(encoder)
            n_block = max(8 * margin, n_block // encoder.stride * encoder.stride)
            # The windows before the next one were in the clip, and its last one is after them.
            n_unused = max(0, skip - 1) * windows.hop_frames // encoder.stride * encoder.stride
            for block in _cut_blocks(clip, itertools.chain(beginning, log_mel), n_block, margin):
                if block.is_last or block.first + n_block - margin > n_unused:
                    yield block
            return
        log_mel = beginning
    for start, window in itertools.islice(windows.cut(log_mel), skip, None):
        yield Piece(clip, start, window, is_window=True)


def _at_least(
    log_mel: Iterator[NDArray[np.float32]], n_frames: int
) -> Iterator[NDArray[np.float32]]:
    """Yield the first blocks, up to some number of frames or all that there are."""
    n_read = 0
    while n_read < n_frames and (block := next(log_mel, None)) is not None:
        n_read += len(block)
        yield block


def _cut_blocks(
    clip: int, log_mel: Iterable[NDArray[np.float32]], n_frames: int, margin: int
) -> Iterator[Piece]:
    """Cut a clip into blocks of equal lengths, the last one shorter, which overlap by two margins.

    The last block is longer than both margins.
    """
    parts: list[NDArray[np.float32]] = []
    n_waiting, first = 0, 0
    for part in log_mel:
        parts.append(part)
        n_waiting += len(part)
        if n_waiting <= n_frames:
            continue
        rest = np.concatenate(parts)
        while len(rest) > n_frames:
            yield Piece(clip, first, rest[:n_frames], is_window=False)
            rest, first = rest[n_frames - 2 * margin :], first + n_frames - 2 * margin
        parts, n_waiting = [rest], len(rest)
    yield Piece(clip, first, np.concatenate(parts), is_window=False, is_last=True)


def batch_pieces(
    pieces: Iterable[Piece], batch_size: int, most_frames: int
) -> Iterator[tuple[list[Piece], NDArray[np.float32]]]:
    """Yield successive pieces of one kind and length, and their log_mels.

    Args:
        pieces: windows and blocks.
        batch_size: windows in a batch.
        most_frames: maximum number of frames in a batch of several pieces.

    Shape:
        log_mels: [batch, frames, bands].
    """
    groups = itertools.groupby(pieces, lambda piece: (piece.is_window, len(piece.log_mel)))
    for (is_window, length), same_kind in groups:
        n_pieces = max(1, most_frames // length)
        if is_window:
            n_pieces = min(batch_size, n_pieces)
        while batch := list(itertools.islice(same_kind, n_pieces)):
            yield batch, np.stack([piece.log_mel for piece in batch])
