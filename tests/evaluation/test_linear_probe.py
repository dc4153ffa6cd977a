import torch

from soundalike.evaluation.linear_probe import LinearProbe, one_hot_labels


def test_probabilities_are_a_softmax_or_sigmoids_of_the_linear_layer():
    generator = torch.Generator().manual_seed(0)
    h, weight, bias = (torch.randn(*shape, generator=generator) for shape in [(9, 4), (4, 3), (3,)])
    logits = torch.stack([row @ weight + bias for row in h])
    one, several = (LinearProbe(weight, bias, kind).probabilities(h) for kind in (False, True))
    torch.testing.assert_close(one, logits.exp() / logits.exp().sum(dim=1, keepdim=True))
    torch.testing.assert_close(several, 1 / (1 + (-logits).exp()))


def test_one_hot_labels_leave_several_labels_alone():
    assert one_hot_labels(torch.tensor([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    several = torch.tensor([[1.0, 1.0], [0.0, 1.0]])
    assert one_hot_labels(several, 2) is several
