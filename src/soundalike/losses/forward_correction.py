"""Forward correction: predict the labels as they are, through a matrix of their mistakes."""

import math

import torch
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import cross_entropies

LOWEST = 1e-6  # probability of a mistake, so that no label is impossible


class ForwardCorrection(ClassificationLoss):
    """Cross entropy of the probability that a clip gets its label, right or wrong.

    A noise matrix says how often each class is called what. The network predicts the class, the
    matrix turns that into the probability of the label: sum over the classes of p * matrix[class,
    label]. So the network may be sure of a class that the label contradicts.

    The loss estimates the matrix itself. It is plain cross entropy until `start`. Then each class
    has an anchor, a clip that the network was almost surest of, and the probabilities predicted for
    it are the row of the class. The surest clip of all may be an outlier, hence a percentile.

    Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise: a Loss Correction
    Approach": percentile = 97 where there are many classes, 100 otherwise. There, a training of its
    own precedes; here, the first part of the same one.

    Args:
        start: share of the training, in [0, 1], before the matrix is estimated. Too long a time
            and the network has memorized the labels, so none of them seems wrong.
        percentile: of the probabilities of a class, which chooses its anchor; in [0, 100].

    Shape:
        logits: [batch, classes]; batch.labels, batch.clips: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``start`` is not in [0, 1], ``percentile`` not in [0, 100], the batch does not
            say which clips it holds, or clips have several labels.
    """

    memory: Tensor
    log_matrix: Tensor
    is_estimated: Tensor

    def __init__(self, start: float = 0.25, percentile: float = 97.0) -> None:
        super().__init__()
        if not (0 <= start <= 1 and 0 <= percentile <= 100):
            raise ValueError(
                "ForwardCorrection needs a start in [0, 1] and a percentile in [0, 100], got "
                f"{start} and {percentile}."
            )
        self.start = start
        self.percentile = percentile
        self.prepare(0, 0)

    def prepare(self, n_clips: int, n_classes: int) -> None:
        """Forget all predictions and the matrix."""
        self.register_buffer("memory", torch.full((n_clips, n_classes), math.nan))
        self.register_buffer("log_matrix", torch.eye(n_classes).log())
        self.register_buffer("is_estimated", torch.tensor(False))

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch, by the weights of the clips."""
        losses = cross_entropies(logits, batch)
        clips = self._remembered(batch)
        log_p = logits.float().log_softmax(dim=1)
        if batch.progress < self.start:
            self.memory[clips] = log_p.detach().exp()
            return batch.mean(losses)
        if not self.is_estimated:
            self._estimate()
        assert batch.labels is not None
        of_label = self.log_matrix[:, batch.labels].T  # log matrix[class, label of the clip]
        return batch.mean(-(log_p + of_label).logsumexp(dim=1))

    def _estimate(self) -> None:
        """Estimate the matrix from the clips that are remembered; without any, trust all labels."""
        predictions = self.memory[~self.memory.isnan().any(dim=1)]
        if len(predictions):
            matrix = noise_matrix(predictions, self.percentile)
            self.log_matrix = matrix.clamp(min=LOWEST).log()
        self.is_estimated = torch.tensor(True, device=self.memory.device)


def noise_matrix(predictions: Tensor, percentile: float) -> Tensor:
    """Return how often each class is called what, from one anchor clip of each class.

    Args:
        predictions: probabilities of the labels of clips.
        percentile: of the probabilities of a class, which chooses its anchor.

    Shape:
        predictions: [clips, classes]; result: [classes, classes], rows sum to 1.

    >>> noise_matrix(torch.tensor([[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]]), 100)
    tensor([[0.7000, 0.3000],
            [0.2000, 0.8000]])
    """
    rank = math.ceil(percentile / 100 * (len(predictions) - 1))
    anchors = predictions.argsort(dim=0)[rank]
    return predictions[anchors]
