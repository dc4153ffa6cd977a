import pytest
import torch

from soundalike.models.frame_mlp import FrameMLP


def test_equals_its_definition_frame_by_frame() -> None:
    torch.manual_seed(0)
    mlp = FrameMLP(in_dim=12, dim=6)
    maps = torch.randn(2, 3, 5, 4)
    for clip, embedded in zip(maps, mlp(maps), strict=True):
        expected = torch.stack(
            [mlp.out(mlp.hidden(clip[:, frame].flatten()).relu()).relu() for frame in range(5)]
        )
        torch.testing.assert_close(embedded, expected)


def test_frames_do_not_depend_on_each_other_and_the_order_of_bands_matters() -> None:
    torch.manual_seed(0)
    mlp = FrameMLP(in_dim=12, dim=6)
    maps = torch.randn(2, 3, 5, 4)
    torch.testing.assert_close(mlp(maps.flip(2)), mlp(maps).flip(1))
    assert not torch.allclose(mlp(maps.flip(3)), mlp(maps), atol=1e-3)


@pytest.mark.parametrize("dim", [0, 1, 7])
def test_refuses_a_dim_that_is_not_even(dim: int) -> None:
    with pytest.raises(ValueError, match=f"even and at least 2, got {dim}"):
        FrameMLP(12, dim)


def test_refuses_maps_of_another_number_of_bands() -> None:
    with pytest.raises(ValueError, match="have 15 values per frame, not 12"):
        FrameMLP(12, 6)(torch.zeros(1, 3, 5, 5))
