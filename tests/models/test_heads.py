import torch

from soundalike.models.heads import ProjectionHead


def test_z_has_unit_length_also_under_autocast() -> None:
    torch.manual_seed(0)
    head = ProjectionHead(64)
    h = 10 * torch.randn(8, 64)
    with torch.autocast("cpu", torch.bfloat16):
        low_precision = head(h)
    for z in (head(h), low_precision):
        assert z.dtype == torch.float32
        torch.testing.assert_close(z.norm(dim=1), torch.ones(8))


def test_equals_its_definition() -> None:
    torch.manual_seed(0)
    head = ProjectionHead(6, hidden_dim=5, out_dim=4)
    h = torch.randn(7, 6)
    hidden = h @ head.hidden.weight.T + head.hidden.bias
    hidden = (hidden - hidden.mean(0)) / (hidden.var(0, correction=0) + 1e-5).sqrt()
    z = hidden.clamp(min=0) @ head.out.weight.T + head.out.bias
    z = z / (z**2).sum(1, keepdim=True).sqrt()
    torch.testing.assert_close(head(h), z)


def test_default_sizes() -> None:
    assert ProjectionHead(64)(torch.eye(3, 64)).shape == (3, 512)
