"""Encoders whose h is pooled over time from maps, so overlapping windows can share their maps.

The maps of a whole recording are computed once. The embedding of a window is then pooled from the
steps of the maps that it covers: a step is what the network makes of `stride` frames.
"""

import abc

from torch import Tensor

from soundalike.models.encoder import Encoder


class PoolingEncoder(Encoder):
    """A network whose h is `pool(maps(patches))`. Subclasses implement `make_maps` and `pool`.

    Attributes:
        stride: frames from one step of the maps to the next. Step i begins at frame i * stride.
        context: a step depends on this many frames before its first one, and after its last one.
    """

    stride: int
    context: int

    def embed(self, patches: Tensor) -> Tensor:
        """Return h of patches that are long enough."""
        return self.pool(self.make_maps(patches))

    def maps(self, patches: Tensor) -> Tensor:
        """Return the last maps before pooling over time.

        Shape:
            patches: [batch, 1, frames, bands]; result: [batch, steps, ...].

        Raises:
            ValueError: the patches have fewer than ``min_frames`` frames.
        """
        return self.make_maps(self.checked(patches))

    @abc.abstractmethod
    def make_maps(self, patches: Tensor) -> Tensor:
        """Return the maps of patches that are long enough."""

    @abc.abstractmethod
    def pool(self, maps: Tensor) -> Tensor:
        """Pool maps, or some successive steps of them: [batch, steps, ...] -> [batch, dim]."""

    def n_steps(self, n_frames: int) -> int:
        """Return the number of steps of a patch; by default incomplete steps are dropped."""
        return n_frames // self.stride
