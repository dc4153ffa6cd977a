"""Several linear classifiers on one encoder, trained side by side, whose mean is the final one."""

import torch
from torch import Tensor, nn

from soundalike.embedding.sound_classifier import SoundClassifier


class TwoHeads(nn.Module):
    """A classifier of sounds as the mean of two linear layers: its own plus and minus a difference.

    So the classifier is up to date after every step, and is saved and scored like any other.

    Args:
        classifier: is trained. The difference begins at zero.

    Shape:
        patches: [batch, frames, bands]; result: [batch, 2 * classes].
    """

    def __init__(self, classifier: SoundClassifier) -> None:
        super().__init__()
        self.classifier = classifier
        self.difference = nn.Linear(classifier.model.dim, len(classifier.classes))
        nn.init.zeros_(self.difference.weight)
        nn.init.zeros_(self.difference.bias)

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits of the first head, and then those of the second one."""
        vectors = self.classifier.model(patches)
        mean, difference = self.classifier.logits(vectors), self.difference(vectors)
        return torch.cat([mean + difference, mean - difference], dim=1)


def with_heads(classifier: SoundClassifier, n_heads: int) -> nn.Module:
    """Return the network that a loss trains: the classifier itself, or two heads on its encoder."""
    return classifier if n_heads == 1 else TwoHeads(classifier)
