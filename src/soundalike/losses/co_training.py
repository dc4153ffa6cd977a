"""Co-training: two classifiers, each taught by what the other one thinks of the labels."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import cross_entropies
from soundalike.losses.two_gaussians import is_of_lower

N_ROUNDS = 10  # of the fit of the Gaussians, as in DivideMix
LOWEST = 1e-6  # mean probability of a class, whose logarithm stays finite


class CoTraining(ClassificationLoss):
    """Two linear classifiers; each learns half of the clips and judges the other labels.

    The loss of a clip by the classifier that never learns its label is small if the label is right.
    After `start`, two Gaussians are fitted to these losses once per pass over the clips: w is the
    probability that a clip is of the lower one. The clip's target is then the mixture w * label +
    (1 - w) * prediction of the other classifier, sharpened. Where this mixture has no class of at
    least `threshold`, neither the label nor the prediction is believed, and the clip is unknown:
    perhaps a sound outside the vocabulary. It does not count until that changes.

    Li et al. 2020, "DivideMix: Learning with Noisy Labels as Semi-supervised Learning": two
    networks, which both learn all clips; temperature = 0.5, and labels with w < 0.5 are not
    believed. As there, classes are kept from dying out: the loss includes the Kullback-Leibler
    divergence of the frequencies of the labels in a batch from the mean prediction. Here the two
    share an encoder, if that is trained, and the final classifier is the mean of both. The unknown
    clips, the halves and `start` are ours.

    Args:
        start: share of the training, in [0, 1], during which all labels are believed.
        temperature: above 0; below 1 it sharpens targets, which makes the classifiers surer.
        threshold: lowest probability, in [0, 1], of the best class of a clip that counts; 0 leaves
            out no clip.

    Shape:
        logits: [batch, 2 * classes]; batch.labels, batch.clips: [batch] int64; result: scalar,
        float32.

    Raises:
        ValueError: a value is out of range, the batch does not say which clips it holds, or clips
            have several labels.
    """

    n_heads = 2
    losses: Tensor
    is_correct: Tensor
    is_new: Tensor
    own_head: Tensor

    def __init__(
        self, start: float = 0.25, temperature: float = 0.5, threshold: float = 0.5
    ) -> None:
        super().__init__()
        if not (0 <= start <= 1 and 0 < temperature < math.inf and 0 <= threshold <= 1):
            raise ValueError(
                "CoTraining needs a start and a threshold in [0, 1] and a finite temperature above "
                f"0, got {start}, {threshold} and {temperature}."
            )
        self.start = start
        self.temperature = temperature
        self.threshold = threshold
        self.prepare(0, 0)

    def prepare(self, n_clips: int, n_classes: int) -> None:
        """Divide the clips at random, and believe all labels."""
        order = torch.randperm(n_clips, generator=torch.Generator().manual_seed(0))
        self.register_buffer("own_head", order % 2)
        self.register_buffer("losses", torch.full((n_clips,), math.nan))
        self.register_buffer("is_new", torch.zeros(n_clips, dtype=torch.bool))
        self.register_buffer("is_correct", torch.ones(n_clips))

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch, in which unknown clips count zero."""
        clips = self._remembered(batch)
        rows, head = torch.arange(len(logits), device=logits.device), self.own_head[clips]
        heads = logits.float().unflatten(1, (2, -1))
        own, other = heads[rows, head], heads[rows, 1 - head].detach()
        losses = cross_entropies(own, batch)
        self._judge(clips, cross_entropies(other, batch), batch.progress)
        if batch.progress < self.start:
            return batch.mean(losses)
        assert batch.labels is not None
        mixture = (1 - self.is_correct[clips])[:, None] * other.softmax(dim=1)
        mixture[rows, batch.labels] += self.is_correct[clips]
        surest = mixture.amax(dim=1)
        # Divided by the surest class first, so that no temperature makes all classes zero.
        target = (mixture / surest[:, None]) ** (1 / self.temperature)
        target = target / target.sum(dim=1, keepdim=True)
        losses = -(target * own.log_softmax(dim=1)).sum(dim=1)
        is_known = surest >= self.threshold
        loss = batch.mean(losses * is_known)
        if not is_known.any():
            return loss
        frequencies = F.one_hot(batch.labels, own.shape[1]).float().mean(dim=0)
        predictions = own[is_known].softmax(dim=1).mean(dim=0).clamp(min=LOWEST)
        lost = frequencies.xlogy(frequencies) - frequencies * predictions.log()
        return loss + lost.sum()

    def _judge(self, clips: Tensor, losses: Tensor, progress: float) -> None:
        """Note the losses of clips; when all clips are new, decide whose labels are believed."""
        self.losses[clips] = losses
        self.is_new[clips] = True
        if progress >= self.start and self.is_new.all():
            self.is_correct = is_of_lower(self.losses, N_ROUNDS)
            self.is_new = torch.zeros_like(self.is_new)
