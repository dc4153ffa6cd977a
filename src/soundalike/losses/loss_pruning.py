"""Loss pruning: labels that surprise a network which knows a little are left out."""

from torch import Tensor, nn

from soundalike.losses.cross_entropy import cross_entropies


class LossPruning(nn.Module):
    """Cross entropy that leaves out the largest losses of each batch, after a first while.

    A network learns what labels have in common before it learns the single wrong ones (Arpit et al.
    2017), so that after a while a large loss is a hint at a wrong label.

    Fonseca et al. 2019, "Model-Agnostic Approaches to Handling Noisy Labels When Training Sound
    Event Classifiers", from epoch 25 of 100. They leave out what exceeds a share of the batch's
    largest loss; here it is a share of the patches, which one outlier cannot change.

    Args:
        share: of a batch's patches that are left out, rounded down.
        start: progress of the training, in [0, 1], before which nothing is left out.

    Shape:
        logits: [batch, classes]; labels: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``share`` is not in [0, 1), ``start`` not in [0, 1], or a clip has several
            labels.
    """

    def __init__(self, share: float = 0.1, start: float = 0.25) -> None:
        super().__init__()
        if not 0 <= share < 1:
            raise ValueError(f"LossPruning needs a share in [0, 1), got {share}.")
        if not 0 <= start <= 1:
            raise ValueError(f"LossPruning needs a start in [0, 1], got {start}.")
        self.share = share
        self.start = start

    def forward(self, logits: Tensor, labels: Tensor, progress: float) -> Tensor:
        """Return the mean loss over the patches of the batch that are kept."""
        losses = cross_entropies(logits, labels)
        if progress < self.start:
            return losses.mean()
        n_left_out = int(self.share * len(losses))
        return losses.topk(len(losses) - n_left_out, largest=False).values.mean()
