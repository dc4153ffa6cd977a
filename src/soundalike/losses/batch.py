"""What a loss may need to know about a batch besides projections or logits."""

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """A batch of clips; what is unknown is None.

    Args:
        clips: index of each clip among the training clips, for losses that remember clips.
        labels: class of each clip, -1 if it has none; or 0 or 1 for every class of each clip.
        weights: weight of each clip in the mean over the batch; by default all weigh the same.
        sounds: which sound each clip is of; clips of one sound are not negatives of each other. By
            default all are different.
        shares: share of each clip in its input, if the input is a mix of two clips.
        other_labels: class of the other clip of each mix.
        progress: share of the training that is complete, in [0, 1).

    Shape:
        clips: [batch] int64; labels: [batch] int64, or [batch, classes]; weights, sounds, shares,
        other_labels: [batch].
    """

    clips: Tensor | None = None
    labels: Tensor | None = None
    weights: Tensor | None = None
    sounds: Tensor | None = None
    shares: Tensor | None = None
    other_labels: Tensor | None = None
    progress: float = 0.0

    def select(self, rows: Tensor) -> "Batch":
        """Return the batch of some of the clips, by their rows in this batch."""
        columns: dict[str, Any] = {
            name: value[rows] for name, value in vars(self).items() if isinstance(value, Tensor)
        }
        return replace(self, **columns)

    def same_sound(self, rows: Tensor, columns: Tensor) -> Tensor | None:
        """Return which pairs of clips are different clips of one sound; None if no pair is.

        Args:
            rows: some clips, by their rows in this batch.
            columns: the clips to compare them with.

        Shape:
            rows: [rows]; columns: [columns]; result: bool [rows, columns].

        >>> import torch
        >>> clips = torch.arange(3)
        >>> Batch(sounds=torch.tensor([4, 4, 5])).same_sound(clips, clips).int().tolist()
        [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
        """
        if self.sounds is None:
            return None
        same = self.sounds[rows][:, None] == self.sounds[columns]
        return same & (rows[:, None] != columns)

    def mean(self, losses: Tensor) -> Tensor:
        """Return the mean of the clips' losses [batch], by their weights if there are any.

        >>> import torch
        >>> Batch(weights=torch.tensor([3.0, 1.0])).mean(torch.tensor([1.0, 5.0]))
        tensor(2.)
        """
        if self.weights is None:
            return losses.mean()
        return (self.weights * losses).sum() / self.weights.sum()
