"""Copies to a device."""

import torch

from soundalike.audio.transfer import to_device


def test_a_tensor_is_copied_to_another_device_only():
    tensor = torch.arange(3)
    assert to_device(tensor, torch.device("cpu")) is tensor
    copy = to_device(tensor, torch.device("meta"))
    assert (copy.device.type, copy.dtype, copy.shape) == ("meta", tensor.dtype, tensor.shape)
