"""Pool the embeddings of windows from the maps of the blocks of clips.

A window is pooled from as many steps of the maps as the encoder makes of it, from the step on that
begins nearest to its first frame. So what is pooled may be off by half a step. Other than a window
that is embedded alone, a window within a clip has no padded ends.
"""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundalike.embedding.pieces import Piece, overlap
from soundalike.models.pooling_encoder import PoolingEncoder

if TYPE_CHECKING:
    from soundalike.embedding.sound_encoder import SoundEncoder


class WindowPooler:
    """Takes the maps of blocks in their order; returns the embeddings of the windows they complete.

    Args:
        model: the model.
        encoder: its encoder.
        skip: by position of a clip, how many of its first windows are left out.
        most_windows: windows that are pooled at a time.
    """

    def __init__(
        self,
        model: "SoundEncoder",
        encoder: PoolingEncoder,
        skip: Mapping[int, int],
        most_windows: int,
    ) -> None:
        self._model, self._encoder = model, encoder
        self._skip, self._most_windows = skip, most_windows
        self._n_steps = encoder.n_steps(model.windows.n_frames)
        self._clip, self._n_windows = -1, 0  # of the clip, windows that are complete or left out
        self._maps, self._first_step = torch.empty(0), 0  # the latest steps, the first of them

    def embed(
        self, blocks: list[Piece], log_mels: Tensor
    ) -> tuple[list[int], NDArray[np.int64], NDArray[np.float32]]:
        """Return the windows that are complete with blocks: how many with each, and as `add` does.

        Shape:
            log_mels: [blocks, frames, bands]; starts: [windows]; vectors: [windows, dim].
        """
        maps = self._encoder.maps(self._model.standardize(log_mels))
        results = [self.add(*block) for block in zip(blocks, maps, strict=True)]
        starts, vectors = zip(*results, strict=True)
        return [len(some) for some in starts], np.concatenate(starts), np.concatenate(vectors)

    def add(self, block: Piece, maps: Tensor) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the windows that are complete with a block: their first frames and embeddings.

        Args:
            block: the next block of a clip, or the first one of the next clip.
            maps: what `PoolingEncoder.maps` returns of it.

        Shape:
            maps: [steps, ...]; starts: [windows]; vectors: [windows, dim].
        """
        self._append(block, maps)
        windows, stride = self._model.windows, self._encoder.stride
        n_frames = block.first + len(block.log_mel)  # of the clip, so far
        end = self._first_step + len(self._maps)
        if not block.is_last:
            windows = dataclasses.replace(windows, align_last=False)
        starts = windows.starts(n_frames)[self._n_windows :]
        steps = (starts + stride // 2) // stride
        if block.is_last:
            steps = np.minimum(steps, end - self._n_steps)
        else:
            n_complete = np.searchsorted(steps, end - self._n_steps, side="right")
            starts, steps = starts[:n_complete], steps[:n_complete]
        vectors = self._pool(steps - self._first_step)
        self._n_windows += len(starts)
        # The next window, or the last one, which may be earlier.
        next_frame = min(self._n_windows * windows.hop_frames, n_frames - windows.n_frames)
        n_unused = min(max(0, next_frame // stride - self._first_step), len(self._maps))
        self._maps, self._first_step = self._maps[n_unused:], self._first_step + n_unused
        return starts, vectors

    def _append(self, block: Piece, maps: Tensor) -> None:
        """Join the maps of a block, without those at its ends, to those of the blocks before."""
        n_overlap = overlap(self._encoder) // self._encoder.stride
        before = n_overlap if block.first else 0
        after = 0 if block.is_last else n_overlap
        maps = maps[before : len(maps) - after]
        if block.clip == self._clip:
            self._maps = torch.cat([self._maps, maps])
        else:
            self._clip, self._n_windows = block.clip, self._skip.get(block.clip, 0)
            self._maps, self._first_step = maps, block.first // self._encoder.stride + before

    def _pool(self, steps: NDArray[np.int64]) -> NDArray[np.float32]:
        """Embed windows by the positions of their first steps: [windows] -> [windows, dim]."""
        results = [np.empty((0, self._model.dim), np.float32)]
        for first in range(0, len(steps), self._most_windows):
            some = torch.from_numpy(steps[first : first + self._most_windows, None])
            maps = self._maps[(some + torch.arange(self._n_steps)).to(self._maps.device)]
            h = self._encoder.pool(maps)
            vectors = self._model.whitening(h) if self._model.whitening else h
            results.append(vectors.float().cpu().numpy())
        return np.concatenate(results)
