"""The interface of classification losses, which compare logits with labels."""

import torch
from torch import Tensor, nn

from soundalike.losses.batch import Batch


class ClassificationLoss(nn.Module):
    """A loss of the logits of a batch, called as ``loss(logits, batch)``.

    Most losses only define ``forward``. A loss that remembers the training clips also overrides
    `prepare` and keeps its memory in buffers, so that a checkpoint holds it and an interrupted
    training resumes exactly.

    Attributes:
        n_heads: number of linear classifiers that it trains side by side. The logits have the
            classes of one after those of another, and the final classifier is their mean.

    Shape:
        logits: [batch, n_heads * classes]; result: scalar.
    """

    n_heads = 1

    def prepare(self, n_clips: int, n_classes: int) -> None:
        """Make room for a memory of the training clips, before the first step.

        Args:
            n_clips: number of training clips; ``batch.clips`` holds positions among them.
            n_classes: number of classes.
        """

    def draw_shares(self, n_clips: int, generator: torch.Generator) -> Tensor | None:
        """Draw how much of each clip is in its mix with another clip of the batch.

        Args:
            n_clips: clips of the batch.
            generator: on the CPU.

        Returns:
            Shares in [0, 1], [n_clips]; None if the clips of a batch are not mixed.
        """
        return None

    def _remembered(self, batch: Batch) -> Tensor:
        """Return the clips of a batch, for a loss that remembers them.

        Raises:
            ValueError: the batch does not say which clips it holds.
        """
        if batch.clips is None:
            raise ValueError("This loss remembers clips, and the batch does not name them.")
        return batch.clips
