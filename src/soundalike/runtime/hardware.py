"""Choose the precision, the memory layout and the allocator settings for this machine."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from soundalike.runtime.counts import counted
from soundalike.runtime.freed_memory import keep_freed_memory
from soundalike.runtime.limits import LimitError, allowed_device, allowed_threads
from soundalike.runtime.ranks import n_ranks, n_ranks_here

if TYPE_CHECKING:
    import lightning_fabric

Precision = Literal["auto", "32-true", "bf16-mixed", "16-mixed"]
MemoryFormat = Literal["auto", "channels_last", "contiguous"]
_NATIVE_BF16 = ("avx512_bf16", "amx_bf16")  # x86 only: Arm's was never measured


@dataclass(frozen=True)
class Hardware:
    """Choices for one run.

    Args:
        accelerator: "cuda" if available, otherwise "cpu". Apple's GPU is not used: the views'
            64-bit arithmetic was never tested on it.
        precision: one of lightning_fabric's names.
        channels_last: if true, convolutions run with channels innermost.
        why: the choices and their reason in one line, for the record.
        name: the device, in words.
    """

    accelerator: str
    precision: str
    channels_last: bool
    why: str
    name: str = ""

    def set_up(self) -> None:
        """Set what torch and the C library do for the whole process.

        In "32-true" a GPU computes in float32. Elsewhere its convolutions may round their inputs to
        TF32; matrix products outside autocast are those that are meant to be exact.
        """
        keep_freed_memory()
        torch.backends.cudnn.allow_tf32 = self.precision != "32-true"
        torch.backends.cuda.matmul.allow_tf32 = False

    def fabric(self) -> "lightning_fabric.Fabric":
        """Return the Fabric that moves data to the device of this rank and casts to the precision.

        Raises:
            ValueError: there is no such precision.
        """
        import lightning_fabric  # seconds, which only training should wait for
        from lightning_fabric.strategies import DDPStrategy

        self.set_up()
        torch.backends.cudnn.benchmark = True  # patches have one length
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # we report the choice
        fabric = lightning_fabric.Fabric(
            accelerator=self.accelerator,
            devices=n_ranks_here(),
            num_nodes=n_ranks() // n_ranks_here(),
            # Without broadcasts of buffers: synchronized batch normalization keeps them equal.
            strategy=DDPStrategy(broadcast_buffers=False) if n_ranks() > 1 else "auto",
            precision=self.precision,  # type: ignore[arg-type]
        )
        fabric.launch()
        return fabric

    @property
    def dtype(self) -> torch.dtype:
        """Data type for inference."""
        return torch.bfloat16 if self.precision.startswith("bf16") else torch.float32

    def lay_out(self, module: nn.Module) -> nn.Module:
        """Return the module in the chosen memory layout, unless one of its layers breaks in it."""
        if self.channels_last and not any(map(_breaks_channels_last, module.modules())):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return module


def _breaks_channels_last(layer: nn.Module) -> bool:
    """Return whether a channels-last layer writes out of bounds (torch 2.13, on a CPU).

    This affects the backward pass of a strided 1x1 convolution with fewer than 16 channels, such as
    a shortcut of a very narrow ResNet, when the batch size changes between steps.
    """
    return (
        isinstance(layer, nn.Conv2d)
        and layer.kernel_size == (1, 1)
        and layer.stride != (1, 1)
        and layer.in_channels < 16
    )


def choose_hardware(
    precision: Precision = "auto", memory_format: MemoryFormat = "auto"
) -> Hardware:
    """Choose the fastest settings for this machine: bf16 if the processor supports it natively.

    SOUNDALIKE_THREADS and SOUNDALIKE_DEVICE limit it (`soundalike.runtime.limits`); by default
    there is one thread per processor, and a GPU is used if there is one.

    Args:
        precision: "auto", or a precision to force ("32-true", "bf16-mixed").
        memory_format: "auto", or a memory layout of convolutions to force.

    Raises:
        LimitError: SOUNDALIKE_DEVICE is "cuda", and there is no GPU.
        ValueError: bfloat16 is forced where it would be emulated, ten times slower than float32.
    """
    if best_device().type == "cuda":
        accelerator, name = "cuda", torch.cuda.get_device_name()
        native = torch.cuda.is_bf16_supported(including_emulation=False)  # Ampere and later
    else:
        accelerator, name = "cpu", f"CPU, {counted(torch.get_num_threads(), 'thread')}"
        native = has_fast_bf16(torch.device("cpu"))
    if precision == "bf16-mixed" and not native:
        raise ValueError(
            "precision bf16-mixed: this machine emulates bfloat16, which is many times slower than "
            "float32: use 32-true or auto"
        )
    chosen = {
        "precision": "bf16-mixed" if native else "32-true",
        "memory_format": "channels_last" if native or accelerator == "cpu" else "contiguous",
    }
    forced = {"precision": precision, "memory_format": memory_format}
    forced = {key: value for key, value in forced.items() if value != "auto"}
    chosen |= forced
    reasons = [f"bf16 is {'' if native else 'not '}native here"]
    reasons += [f"{key} is forced" for key in forced]
    why = f"{name}; {chosen['precision']}, {chosen['memory_format']} ({'; '.join(reasons)})"
    return Hardware(
        accelerator, chosen["precision"], chosen["memory_format"] == "channels_last", why, name
    )


def best_device() -> torch.device:
    """Return the device to compute on, and limit torch's threads: see `choose_hardware`."""
    if n_threads := allowed_threads():
        torch.set_num_threads(n_threads)
    device, has_gpu = allowed_device(), torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise LimitError("--device cuda: torch finds no GPU here: use --device cpu.")
    return torch.device("cuda" if has_gpu and device != "cpu" else "cpu")


def has_fast_bf16(device: torch.device) -> bool:
    """Return whether a device is a CPU with native bfloat16 multiplication."""
    capabilities = torch.cpu.get_capabilities()
    return device.type == "cpu" and any(capabilities.get(key, False) for key in _NATIVE_BF16)
