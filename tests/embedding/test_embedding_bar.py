"""The bar of several networks: what it counts, and what it says of the time."""

import numpy as np

from soundalike.embedding.embedding_bar import EmbeddingBar
from soundalike.runtime.progress import progress_bar


def test_the_networks_say_how_long_they_take_by_the_frames_they_embed(store, capsys, monkeypatch):
    """What an earlier call embedded is not measured, and is not left."""
    now, frames = 0.0, float(store.n_frames.sum())
    with progress_bar(name="embed", unit="clips", total=72) as bar:
        embedding_bar = EmbeddingBar(bar, store, n_networks=2)
        monkeypatch.setattr(embedding_bar.forecast, "clock", lambda: now)
        embedding_bar.forecast.begin_s = 0.0
        embedding_bar.count_quick(np.arange(24), is_new=True)
        embedding_bar.count(np.arange(24), is_new=False)
        assert embedding_bar.left == frames
        for clip in range(24):
            now += float(store.n_frames[clip])
            embedding_bar.count(np.array([clip]), is_new=True)
        assert embedding_bar.left == 0
        assert bar.n == 72
    minutes = round(frames / 60)
    assert f"embed: about {minutes} min on this machine" in capsys.readouterr().err
