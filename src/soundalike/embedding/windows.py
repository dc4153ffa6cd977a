"""The windows of clips that come in blocks, and batches of them."""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from soundalike.audio.patches import cut_patches


class Windows(NamedTuple):
    """Where some windows of one length are.

    Args:
        clips: position of each window's clip, [windows].
        starts: first frame of each window in its clip, [windows].
        n_frames: length of the windows.
    """

    clips: np.ndarray
    starts: np.ndarray
    n_frames: int


def cut_windows(
    blocks: Iterable[np.ndarray], window_frames: int, hop_frames: int, least_frames: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield first frame and log_mel of the windows of a clip; a shorter clip is one window.

    Args:
        blocks: log_mel of the clip, block by block.
        window_frames: length of a window.
        hop_frames: from the start of one window to that of the next.
        least_frames: a clip shorter than this has none.

    Shape:
        each block: [frames, bands]; each window: [at most window_frames, bands].
    """
    blocks = iter(blocks)
    held: list[np.ndarray] = []
    n_frames = 0
    for block in blocks:
        held.append(block)
        n_frames += len(block)
        if n_frames >= window_frames:
            yield from cut_patches(itertools.chain(held, blocks), window_frames, hop_frames)
            return
    if n_frames >= least_frames:
        yield 0, np.concatenate(held)


def batches(
    windows: Iterator[tuple[int, int, np.ndarray]], batch_size: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield clips, starts and log_mels of as many windows of one length as follow each other."""
    for _, of_one_length in itertools.groupby(windows, lambda window: len(window[2])):
        while batch := list(itertools.islice(of_one_length, batch_size)):
            clips, starts, cuts = zip(*batch, strict=True)
            yield np.array(clips), np.array(starts), np.stack(cuts)


def repeated(blocks: Iterable[np.ndarray], n_frames: int) -> Iterator[np.ndarray]:
    """Pass on the blocks of a clip; one that is shorter than n_frames is repeated up to them."""
    blocks = iter(blocks)
    held: list[np.ndarray] = []
    for block in blocks:
        held.append(block)
        if sum(map(len, held)) >= n_frames:
            yield from itertools.chain(held, blocks)
            return
    clip = np.concatenate(held)
    yield np.pad(clip, ((0, n_frames - len(clip)), (0, 0)), mode="wrap")
