import pytest
import torch
import torch.nn.functional as F

from soundalike.models.band_cnn import BandCNN


def plain_forward(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    for i in (1, 2, 3, 4):
        mean, var, weight, bias = (
            state[f"conv{i}.bn.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
        )
        x = F.max_pool2d(F.conv2d(x, state[f"conv{i}.conv.weight"], padding=1), 2)
        x = F.relu(F.batch_norm(x, mean, var, weight, bias))
    columns = [x[:, c, :, b] for c in range(x.shape[1]) for b in range(x.shape[3])]
    return torch.stack([v.mean(1) for v in columns] + [v.max(1).values for v in columns], dim=1)


def test_equals_the_plain_network_written_from_its_state_dict(trained_norms) -> None:
    encoder = trained_norms(BandCNN())
    patches = torch.randn(3, 1, 101, 96)
    with torch.no_grad():
        torch.testing.assert_close(encoder(patches), plain_forward(encoder.state_dict(), patches))


def test_shapes_of_every_block(output_shapes) -> None:
    encoder = BandCNN()
    shapes = output_shapes(encoder, encoder.blocks())
    assert shapes == {
        "conv1": (32, 50, 48), "conv2": (64, 25, 24), "conv3": (128, 12, 12), "conv4": (128, 6, 6),
    }  # fmt: skip


def test_h_depends_on_the_frequency_of_a_sound_and_not_on_its_time() -> None:
    torch.manual_seed(0)
    encoder = BandCNN().eval()
    low, high, later = torch.zeros(3, 1, 1, 96, 96)
    low[..., 16:32, 16:32], high[..., 16:32, 64:80], later[..., 48:64, 16:32] = 3, 3, 3
    with torch.no_grad():
        h = encoder(torch.cat([low, high, later]))
        silence = encoder(torch.zeros(1, 1, 96, 96))
    assert F.cosine_similarity(h[0] - silence, h[1] - silence).item() < 0.5
    torch.testing.assert_close(h[0], h[2])


def test_another_submodule_does_not_change_the_network() -> None:
    torch.manual_seed(0)
    encoder = BandCNN([4, 8], n_bands=16).eval()
    patches = torch.randn(2, 1, 20, 16)
    with torch.no_grad():
        before = encoder(patches)
        encoder.add_module("head", torch.nn.Linear(3, 3))
        assert torch.equal(encoder(patches), before)


def test_patches_of_any_length_and_other_bands() -> None:
    encoder = BandCNN([4, 8, 8], n_bands=64)
    assert encoder.dim == 2 * 8 * 8
    for n_frames in (8, 50, 1000):
        assert encoder(torch.zeros(2, 1, n_frames, 64)).shape == (2, encoder.dim)
    with pytest.raises(ValueError, match="at least 8 frames, got 7"):
        encoder(torch.zeros(2, 1, 7, 64))


@pytest.mark.parametrize(
    ("channels", "n_bands"), [([], 96), ([0], 96), ([4, -1], 96), ([4, 4, 4, 4], 15)]
)
def test_refuses_impossible_sizes(channels: list[int], n_bands: int) -> None:
    with pytest.raises(ValueError, match="at least one block, one channel a block and"):
        BandCNN(channels, n_bands)
