import pytest
import torch
from scipy.special import expit, softmax

from soundalike.evaluation.class_probabilities import class_probabilities


@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 3)])
def test_softmax_over_the_classes_or_a_sigmoid_of_each(shape):
    logits = torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    one_label = class_probabilities(logits, is_multi_label=False).numpy()
    several = class_probabilities(logits, is_multi_label=True).numpy()
    assert one_label == pytest.approx(softmax(logits.numpy(), axis=-1))
    assert several == pytest.approx(expit(logits.numpy()))
