"""Votes by bfloat16 similarities; tests of knn_scores compare them with float32."""

import torch
from torch.nn.functional import normalize, one_hot

from soundalike.evaluation.bf16_votes import bf16_votes, round_to_bf16, votes_of_rounded
from soundalike.evaluation.neighbors import similarities_of


def test_the_error_bound_holds():
    generator = torch.Generator().manual_seed(1)
    x, y = (normalize(torch.randn(200, 64, generator=generator)) for _ in range(2))
    x_rounded, x_error = round_to_bf16(x)
    assert x_rounded.dtype == torch.bfloat16
    error = (x_rounded.double() @ y.double().T - x.double() @ y.double().T).abs()
    assert (error <= x_error[:, None]).all()
    assert x_error.max() < 2**-7


def test_a_vote_is_uncertain_if_the_own_clip_is_all_there_is():
    x = torch.eye(4)
    own = torch.tensor([[0, 4]] * 4)
    _, is_certain = bf16_votes(x, x, own, k=2, has_class=torch.eye(4), chunk=3)
    assert not is_certain.any()


def test_bfloat16_decides_if_the_classes_are_separated():
    generator = torch.Generator().manual_seed(0)
    labels, clips = torch.arange(500) % 5, torch.arange(500)
    patches = 0.5 * torch.randn(500, 64, generator=generator)
    patches += torch.randn(5, 64, generator=generator)[labels]
    has_class = one_hot(labels).float()
    rounded, error = round_to_bf16(normalize(patches))
    own = torch.stack([clips, clips + 1], dim=1)
    similarities = similarities_of(rounded, rounded, own)
    votes, is_certain = votes_of_rounded(similarities, 40, has_class, 3 * error)
    assert is_certain.float().mean() > 0.95
    assert torch.equal(votes.argmax(dim=1)[is_certain], labels[is_certain])
