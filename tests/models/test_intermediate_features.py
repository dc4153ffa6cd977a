"""Embeddings from several blocks of a network."""

import pytest
import torch

from soundalike.models.audio_ntt import AudioNTT
from soundalike.models.intermediate_features import dim_with_intermediate, embed_with_intermediate
from soundalike.models.resnet import ResNet18


@pytest.fixture
def encoder() -> AudioNTT:
    torch.manual_seed(0)
    return AudioNTT(width=4, dim=16).eval()


def unit(part: torch.Tensor) -> torch.Tensor:
    return part / part.norm(dim=1, keepdim=True)


@torch.no_grad()
def test_joins_h_and_the_statistics_of_each_block_with_equal_weight(encoder) -> None:
    patches = torch.randn(3, 1, 101, 96)
    embedding = embed_with_intermediate(encoder, ["conv2", "log_mel"], patches)
    conv2 = encoder.conv2(encoder.conv1(patches))  # 24 bands, averaged in pairs
    parts = [encoder(patches)]
    for maps, n_pooled in ((conv2, 2), (patches, 8)):
        pooled = maps.unflatten(3, (12, n_pooled)).mean(4)
        means = torch.stack([pooled[:, :, :, band].mean(2) for band in range(12)], 2).flatten(1)
        highest = torch.stack([pooled[..., band].max(2).values for band in range(12)], 2).flatten(1)
        parts.append(torch.cat([means, highest], dim=1))
    expected = torch.cat([unit(part) for part in parts], dim=1) / 3**0.5
    torch.testing.assert_close(embedding, expected)
    assert dim_with_intermediate(encoder, ["conv2", "log_mel"], 101, 96) == embedding.shape[1]
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(3))


def test_the_network_does_not_change(encoder) -> None:
    encoder.train()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    dim_with_intermediate(encoder, ["conv1"], 101, 96)
    assert encoder.training
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert not any(module._forward_hooks for module in encoder.modules())


def test_every_stage_of_a_resnet() -> None:
    stages = [f"layer{number}" for number in range(1, 5)]
    dim = dim_with_intermediate(ResNet18(width=4), stages, 101, 96)
    assert dim == 32 + 2 * (4 * 12 + 8 * 12 + 16 * 6 + 32 * 3)


def test_an_unknown_block_and_one_without_maps_are_errors(encoder) -> None:
    with pytest.raises(ValueError, match=r"no block 'conv7'; its blocks are conv1"):
        dim_with_intermediate(encoder, ["conv7"], 101, 96)
    with pytest.raises(ValueError, match="'mlp' has no frames and bands"):
        dim_with_intermediate(encoder, ["mlp"], 101, 96)
    assert not any(module._forward_hooks for module in encoder.modules())
