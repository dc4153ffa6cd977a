"""What the machine does best: precision, memory layout and allocator, chosen by themselves."""

import contextlib
import ctypes
import logging
import sys
from dataclasses import dataclass
from typing import Literal

import lightning_fabric
import torch
from torch import nn

MemoryFormat = Literal["auto", "channels_last", "contiguous"]
_NATIVE_BF16 = ("avx512_bf16", "amx_bf16")  # x86 only: Arm's was never measured


@dataclass(frozen=True)
class Hardware:
    """Choices for one run.

    Args:
        accelerator: "cuda" where there is one, otherwise "cpu". Apple's GPU is not used: nobody has
            tried the views' 64-bit arithmetic on it.
        precision: as lightning_fabric names it.
        channels_last: whether convolutions run with channels innermost.
        why: one line for the log.
    """

    accelerator: str
    precision: str
    channels_last: bool
    why: str

    def fabric(self) -> lightning_fabric.Fabric:
        """Return what moves things to the device and casts to the precision.

        Raises:
            ValueError: there is no such precision.
        """
        keep_freed_memory()
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # we say what was chosen
        return lightning_fabric.Fabric(
            accelerator=self.accelerator,
            devices=1,
            precision=self.precision,  # type: ignore[arg-type]
        )

    @property
    def dtype(self) -> torch.dtype:
        """Type of numbers that a network computes in where it does not learn."""
        return torch.bfloat16 if self.precision.startswith("bf16") else torch.float32

    def lay_out(self, module: nn.Module) -> nn.Module:
        """Return the module in the chosen memory layout, if its convolutions can bear it."""
        if self.channels_last and not any(map(_breaks_channels_last, module.modules())):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return module


def _breaks_channels_last(layer: nn.Module) -> bool:
    """Tell whether a layer with channels innermost writes past its memory (torch 2.13, on a CPU).

    The backward pass of a strided 1x1 convolution of fewer than 16 channels does, where batches
    differ in size: a shortcut of a very narrow ResNet.
    """
    return (
        isinstance(layer, nn.Conv2d)
        and layer.kernel_size == (1, 1)
        and layer.stride != (1, 1)
        and layer.in_channels < 16
    )


def choose_hardware(precision: str = "auto", memory_format: MemoryFormat = "auto") -> Hardware:
    """Choose what this machine is fastest at: bf16 where the processor multiplies it natively.

    How many threads torch takes is OMP_NUM_THREADS, or else one for every processor.

    Args:
        precision: "auto", or a precision to force ("32-true", "bf16-mixed").
        memory_format: "auto", or how convolutions' channels lie, to force it.
    """
    if torch.cuda.is_available():
        accelerator, name = "cuda", torch.cuda.get_device_name()
        native = torch.cuda.is_bf16_supported()
    else:
        accelerator, name = "cpu", f"CPU, {torch.get_num_threads()} threads"
        native = has_fast_bf16(torch.device("cpu"))
    chosen = {
        "precision": "bf16-mixed" if native else "32-true",
        "memory_format": "channels_last" if native else "contiguous",
    }
    forced = {"precision": precision, "memory_format": memory_format}
    forced = {key: value for key, value in forced.items() if value != "auto"}
    chosen |= forced
    reasons = [f"bf16 is {'' if native else 'not '}native here"]
    reasons += [f"{key} is forced" for key in forced]
    why = f"{name}; {chosen['precision']}, {chosen['memory_format']} ({'; '.join(reasons)})"
    return Hardware(
        accelerator, chosen["precision"], chosen["memory_format"] == "channels_last", why
    )


def has_fast_bf16(device: torch.device) -> bool:
    """Tell whether a device is a CPU that multiplies bfloat16 natively."""
    capabilities = torch.cpu.get_capabilities()
    return device.type == "cpu" and any(capabilities.get(key, False) for key in _NATIVE_BF16)


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory instead of returning it to the system.

    Every step frees and asks for the same activations; giving the pages back and faulting them
    in again costs up to half of a step's time on a CPU. Other C libraries are left alone.
    """
    trim_threshold, top_pad, mmap_max = -1, -2, -4  # M_TRIM_THRESHOLD ... of <malloc.h>
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            mallopt = ctypes.CDLL("libc.so.6").mallopt
            mallopt(mmap_max, 0)
            mallopt(trim_threshold, 2**31 - 1)
            mallopt(top_pad, 256 * 2**20)
