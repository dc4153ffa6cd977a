import torch
from hypothesis import given
from hypothesis import strategies as st

from soundalike.models.time_pooling import frames_of, mean_and_maximum

SIZES = st.tuples(*[st.integers(1, 4)] * 4)


@given(sizes=SIZES)
def test_a_frame_holds_all_channels_and_bands(sizes: tuple[int, int, int, int]) -> None:
    maps = torch.randn(sizes)
    frames = frames_of(maps)
    batch, channels, n_frames, bands = sizes
    assert frames.shape == (batch, n_frames, channels * bands)
    for clip in range(batch):
        for frame in range(n_frames):
            for channel in range(channels):
                for band in range(bands):
                    value = frames[clip, frame, channel * bands + band]
                    assert value == maps[clip, channel, frame, band]


@given(sizes=SIZES, seed=st.integers(0, 9))
def test_the_order_of_frames_does_not_matter(sizes: tuple[int, int, int, int], seed: int) -> None:
    frames = frames_of(torch.randn(sizes))
    order = torch.randperm(sizes[2], generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(mean_and_maximum(frames[:, order]), mean_and_maximum(frames))


def test_the_mean_comes_before_the_maximum() -> None:
    frames = torch.tensor([[[1.0, 5.0], [3.0, -5.0]]])
    assert mean_and_maximum(frames).tolist() == [[2.0, 0.0, 3.0, 5.0]]
