"""Settings chosen for the machine, and forcing them."""

import pytest
import torch
from torch import nn

from soundalike.models.resnet import ResNet18
from soundalike.runtime.hardware import Hardware, best_device, choose_hardware
from soundalike.runtime.limits import LimitError, limits


def test_a_precision_can_be_forced():
    assert choose_hardware("32-true").precision == "32-true"
    assert "forced" in choose_hardware("32-true").why
    assert choose_hardware("auto").precision in {"32-true", "bf16-mixed"}


@pytest.mark.parametrize("is_native", [True, False])
def test_emulated_bfloat16_is_refused(monkeypatch, is_native):
    capabilities = {"avx2": True, "avx512_bf16": is_native}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_hardware("auto").precision == ("bf16-mixed" if is_native else "32-true")
    if is_native:
        assert choose_hardware("bf16-mixed").precision == "bf16-mixed"
        return
    with pytest.raises(ValueError, match=r"emulates bfloat16.*: use 32-true or auto"):
        choose_hardware("bf16-mixed")


def test_a_layout_can_be_forced():
    for memory_format in ("channels_last", "contiguous"):
        hardware = choose_hardware(memory_format=memory_format)
        assert hardware.channels_last is (memory_format == "channels_last")
        assert f"{memory_format} (" in hardware.why
        assert "memory_format is forced" in hardware.why
    assert "forced" not in choose_hardware().why


@pytest.mark.parametrize("is_native", [True, False])
def test_channels_are_innermost_on_every_processor(monkeypatch, is_native):
    """Pooling in particular is slow in the other layout."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": is_native})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_hardware().channels_last


def test_the_choice_is_explained_in_one_line():
    why = choose_hardware().why
    assert f"{torch.get_num_threads()} thread" in why or torch.cuda.is_available()
    assert choose_hardware().precision in why
    assert "native here" in why


def test_the_name_has_no_internals():
    name = choose_hardware("32-true").name
    n_threads = torch.get_num_threads()
    assert torch.cuda.is_available() or name == f"CPU, {n_threads} thread{'s'[: n_threads > 1]}"


def test_the_layout_does_not_change_the_numbers():
    module = nn.Conv2d(1, 3, 3)
    x = torch.randn(2, 1, 8, 8)
    before = module(x)
    assert torch.allclose(choose_hardware().lay_out(module)(x), before, atol=1e-6)


@pytest.mark.parametrize(("width", "channels_last"), [(4, False), (8, False), (16, True)])
def test_channels_last_is_chosen_where_it_is_safe(width, channels_last):
    laid_out = Hardware("cpu", "32-true", True, "").lay_out(ResNet18(width))
    weight = laid_out.layer1[0].conv1.weight
    assert weight.is_contiguous(memory_format=torch.channels_last) is channels_last


def test_a_narrow_network_trains_on_batches_of_different_sizes(nursery):
    """In its own process, because the fault would crash it."""
    code = (
        "import torch\n"
        "from soundalike.models.resnet import ResNet18\n"
        "from soundalike.runtime.hardware import Hardware\n"
        "network = Hardware('cpu', '32-true', True, '').lay_out(ResNet18(width=4))\n"
        "for step in range(60):\n"
        "    network(torch.randn((8, 3)[step % 2], 1, 101, 96)).sum().backward()\n"
    )
    assert nursery.run("-c", code).returncode == 0


@pytest.fixture
def cuda_math():
    """Restore what torch does for GPUs."""
    before = (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark)
    yield
    torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark = before


@pytest.mark.parametrize(("precision", "tf32"), [("32-true", False), ("bf16-mixed", True)])
def test_full_precision_is_not_tf32(precision, tf32, cuda_math):
    torch.backends.cudnn.allow_tf32 = not tf32
    Hardware("cuda", precision, True, "").set_up()
    assert torch.backends.cudnn.allow_tf32 is tf32
    assert torch.backends.cuda.matmul.allow_tf32 is False


def test_training_lets_cudnn_choose_its_algorithms(cuda_math):
    torch.backends.cudnn.benchmark = False
    Hardware("cpu", "32-true", False, "").fabric()
    assert torch.backends.cudnn.benchmark


def test_bf16_that_a_gpu_emulates_is_not_native(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "an old GPU")
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation
    )
    hardware = choose_hardware()
    assert (hardware.accelerator, hardware.precision) == ("cuda", "32-true")
    assert best_device().type == "cuda"


def test_the_limits_of_the_user_hold(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    try:
        with limits(before + 1, "cpu"):
            hardware = choose_hardware()
            assert (hardware.accelerator, best_device()) == ("cpu", torch.device("cpu"))
            assert hardware.name == f"CPU, {before + 1} threads"
            assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_a_missing_gpu_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with limits(device="cuda"), pytest.raises(LimitError, match="torch finds no GPU here"):
        choose_hardware()
