"""Frames of many clips: shared memory, patches and devices."""

import numpy as np
import torch

from soundalike.audio.frames import Frames


def make_frames() -> Frames:
    values = np.arange(20, dtype=np.float16).reshape(10, 2)
    return Frames.from_arrays(values, np.array([0, 4]), np.array([4, 6]))


def test_frames_share_the_memory_of_a_store_without_a_warning(store, recwarn):
    frames = store.as_frames()
    assert frames.values.data_ptr() == store.frames.ctypes.data
    assert np.array_equal(frames.values.numpy(), store.frames)
    assert np.array_equal(frames.offsets.numpy(), store.offsets)
    assert len(frames) == len(store.clips)
    assert frames.n_bands == store.front_end.n_mels
    assert not recwarn.list


def test_moving_to_the_cpu_does_not_copy_frames():
    frames = make_frames()
    assert frames.to(torch.device("cpu")) is frames


def test_a_patch_is_a_slice_of_its_clip():
    frames = make_frames()
    clips, starts = torch.tensor([[0, 1], [1, 1]]), torch.tensor([[1, 0], [2, 3]])
    patches = frames.cut(clips, starts, length=3)
    assert patches.shape == (2, 2, 3, 2)
    assert patches.dtype == torch.float16
    for i, j in np.ndindex(2, 2):
        first = int(frames.offsets[clips[i, j]] + starts[i, j])
        assert torch.equal(patches[i, j], frames.values[first : first + 3])


def test_a_clip_that_ends_before_its_patch_is_repeated():
    frames = make_frames()
    patch = frames.cut(torch.tensor([0]), torch.tensor([0]), length=10)[0]
    assert torch.equal(patch, frames.values[[0, 1, 2, 3, 0, 1, 2, 3, 0, 1]])


def test_patches_are_looked_up_on_the_device_of_the_values():
    """A tensor on the device "meta" has no numbers, so an operation across devices would fail."""
    frames = Frames(torch.zeros(50, 4), torch.tensor([0, 20]), torch.tensor([20, 30]))
    frames = frames.to(torch.device("meta"))
    assert (frames.values.device.type, frames.offsets.device.type) == ("meta", "cpu")
    patches = frames.cut(torch.tensor([[0, 1, 1]]), torch.tensor([[3, 0, 29]]), length=7)
    assert (patches.device.type, patches.shape) == ("meta", (1, 3, 7, 4))
