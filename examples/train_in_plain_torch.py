"""Train an encoder without labels in a plain torch loop: pairs of views and the NT-Xent loss.

    python examples/train_in_plain_torch.py sounds/ encoder.pt

`soundalike pretrain` adds what a long run needs: a store that need not fit in memory, exact resume,
diagnostics, and a model folder that includes the front end.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from soundalike.audio.frames import Frames
from soundalike.audio.log_mel import LogMel
from soundalike.audio.streaming import read_log_mel
from soundalike.losses.batch import Batch
from soundalike.losses.nt_xent import NTXent
from soundalike.models.band_cnn import BandCNN
from soundalike.models.heads import ProjectionHead
from soundalike.views.pair import PairOfViews

folder, weights = Path(sys.argv[1]), Path(sys.argv[2])
n_epochs, batch_size = 20, 64

# One log-mel per file: [frames, bands], 100 frames a second, in log10 units.
front_end = LogMel()
log_mels = [read_log_mel(path, front_end) for path in sorted(folder.rglob("*.wav"))]
values = torch.from_numpy(np.concatenate(log_mels))  # all clips, end to end
n_frames = torch.tensor([len(log_mel) for log_mel in log_mels])
frames = Frames(values, n_frames.cumsum(0) - n_frames, n_frames)  # with the start of each clip

views = PairOfViews(
    patch_frames=101,  # each view starts as a random patch of 1 s,
    mix_back={"alpha": 0.05},  # with up to 5% of the energy from another clip,
    resized_crop={"area": [0.8, 1.0]},  # cropped, compressed and made a little noisy
    compression={"lowest": 0.75},
    noise={"highest_std": 0.01},
    mean=values.mean().item(),
    std=values.std().item(),
)
encoder = BandCNN(channels=(16, 32, 64, 64))  # a quarter of the work of the default
head = ProjectionHead(encoder.dim)
criterion = NTXent(temperature=0.2)
optimizer = torch.optim.AdamW([*encoder.parameters(), *head.parameters()], lr=1e-3)

generator = torch.Generator().manual_seed(0)
for epoch in range(n_epochs):
    losses = []
    for clips in torch.randperm(len(log_mels), generator=generator).split(batch_size):
        draws = views.draw(clips, n_frames, generator)  # all random numbers of this step
        pair = views.apply(frames, draws)  # [2, batch, frames, bands]
        z_a, z_b = head(encoder(pair.flatten(0, 1).unsqueeze(1))).chunk(2)
        loss = criterion(z_a, z_b, Batch())  # some losses need labels; this one does not
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}")
torch.save(encoder.state_dict(), weights)
