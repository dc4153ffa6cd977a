import pytest
import torch

from soundalike.models.heads import ProjectionHead


def test_z_is_float32_even_under_autocast() -> None:
    torch.manual_seed(0)
    head = ProjectionHead(64)
    with torch.autocast("cpu", torch.bfloat16):
        assert head(torch.randn(8, 64)).dtype == torch.float32


@pytest.mark.parametrize("n_hidden_layers", [0, 1, 3])
def test_equals_its_definition(n_hidden_layers: int) -> None:
    torch.manual_seed(0)
    head = ProjectionHead(6, hidden_dim=5, out_dim=4, n_hidden_layers=n_hidden_layers)
    h = torch.randn(7, 6)
    x = h
    for layer in range(n_hidden_layers):
        linear = head.hidden[layer][0]
        x = x @ linear.weight.T + linear.bias
        x = (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()
        x = x.clamp(min=0)
    z = x @ head.out.weight.T + head.out.bias
    torch.testing.assert_close(head(h), z)


def test_default_sizes() -> None:
    assert ProjectionHead(64)(torch.eye(3, 64)).shape == (3, 512)


def test_the_paper_s_head() -> None:
    sizes = [tuple(parameter.shape) for parameter in ProjectionHead(64).parameters()]
    assert sizes == [(512, 64), (512,), (512,), (512,), (512, 512), (512,)]


@pytest.mark.parametrize("arguments", [{"hidden_dim": 0}, {"out_dim": 0}, {"n_hidden_layers": -1}])
def test_sizes_out_of_range_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="ProjectionHead needs"):
        ProjectionHead(8, **arguments)
