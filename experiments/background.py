"""Give a model, such as the one that comes with soundalike, its background.

    python experiments/background.py default pool/pool.csv --out src/soundalike/pretrained/default

Embeds one random window of each of 500 clips of the sounds that the model was trained on, and saves
the model with these embeddings, its weights in half precision. `soundalike pretrain` does the same
at the end of a training; this is for models that were trained before. A background that the model
has is replaced. `evaluate` fits a classifier's "none of these" with it.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.source import read_source
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.training.fit_background import N_SOUNDS, with_background

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model")
    parser.add_argument("source", help="the clips that it was trained on")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model to write")
    parser.add_argument("--sounds", type=int, default=N_SOUNDS, help="number of clips")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    model = SoundEncoder.from_pretrained(arguments.model)
    clips = read_source(arguments.source)
    order = np.random.default_rng(arguments.seed).permutation(len(clips))
    n_spare = arguments.sounds // 10 + 1  # some are silent or broken
    some = clips.where(np.sort(order[: arguments.sounds + n_spare]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        store = open_or_prepare(arguments.source, path, model.front_end, clips=some)
        model = with_background(
            model, store, arguments.seed, n_sounds=arguments.sounds, progress=True
        )
    model.save(arguments.out, half=True)
    print(f"{len(model.background)} sounds in the background of {arguments.out}")
