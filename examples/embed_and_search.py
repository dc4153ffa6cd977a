"""Embed a folder of sounds once, then find the ones that sound most like a query.

    python examples/embed_and_search.py sounds/ query.wav

The vectors are stored in sounds/embeddings.npz; delete that file after adding sounds.
"""

import sys
from pathlib import Path

import numpy as np

import soundalike as sa

folder, query = Path(sys.argv[1]), Path(sys.argv[2])
n_results = 5
model = sa.SoundEncoder.from_pretrained("default")  # or the folder of a run of yours

# Embed the folder once, and keep the vectors beside the sounds.
index = folder / "embeddings.npz"
if not index.exists():
    sounds = sa.read_source(folder)  # in any format
    # [sounds, 512], in the order of sounds; the row of an unreadable file is NaN
    vectors, problems = model.encode(
        sounds, normalize=True, on_error="skip", show_progress_bar=True
    )
    for problem in problems:
        print(problem.message, file=sys.stderr)
    is_readable = ~np.isnan(vectors[:, 0])
    paths = sounds.rows["path"].to_numpy(str)[is_readable]
    np.savez(index, paths=paths, vectors=vectors[is_readable])
archive = np.load(index)

# All vectors have length 1, so their dot products are cosine similarities.
similarity = archive["vectors"] @ model.encode(query, normalize=True)
for best in np.argsort(-similarity)[:n_results]:
    print(f"{similarity[best]:.3f}  {archive['paths'][best]}")
