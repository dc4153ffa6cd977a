"""The health monitor: what a training makes of the same few views, look after look."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from soundalike.evaluation.diagnosis import alarms, diagnosis_summary, stopping_point
from soundalike.evaluation.representation_measures import MEASURES, measure_representation
from soundalike.training.contrastive import ContrastiveTraining, Projector
from soundalike.training.draws import LOOKS

MOST_CLIPS, FEWEST_CLIPS = 512, 32
# A view that is only looked at costs a third of one that is learned from, so a twentieth of the
# clips that are heard between two looks costs a sixtieth of the training.
SHARE = 1 / 20

Looks = Sequence[Mapping[str, float]]


class HealthMonitor:
    """Fixed views of some of the clips that are heard, made as the training makes them.

    Clips and draws depend on the seed alone and take nothing from the chance of the training, so a
    look changes no later step, and the looks of a resumed run are those of an uninterrupted one.

    Args:
        training: whose views are looked at.
        projector: the encoder and the head that it trains.
        every_n_epochs: how often there will be a look; the less often, the more clips it takes.

    Attributes:
        n_clips: whose views are looked at.
        highest_rank: the most that the effective rank of so many embeddings can be.
    """

    def __init__(
        self, training: ContrastiveTraining, projector: Projector, every_n_epochs: int = 1
    ) -> None:
        n_heard = len(training.n_frames)
        affordable = int(SHARE * n_heard * every_n_epochs)
        self.n_clips = min(n_heard, MOST_CLIPS, max(FEWEST_CLIPS, affordable))
        self.highest_rank = min(projector.encoder.dim, 2 * self.n_clips - 1)
        self.training = training
        self.projector = projector
        clips = torch.from_numpy(np.linspace(0, n_heard - 1, self.n_clips).astype(np.int64))
        state = np.random.SeedSequence([LOOKS, training.seed]).generate_state(1, np.uint64)
        generator = torch.Generator().manual_seed(int(state[0] >> np.uint64(1)))
        self.draws = training.draw(clips, generator)

    @torch.no_grad()
    def look(self) -> dict[str, float]:
        """Return the measures of the network as it is, which should be in evaluation mode."""
        h, z = [], []
        for rows in torch.arange(self.n_clips).split(self.training.batch_size):
            draws = {
                part: {name: value[rows] for name, value in drawn.items()}
                for part, drawn in self.draws.items()
            }
            views = self.training.make_views(draws)
            with self.training.fabric.autocast():
                of_h = self.projector.encoder(views.flatten(0, 1).unsqueeze(1))
                of_z = self.projector.head(of_h)
            h.append(of_h.float().cpu().unflatten(0, views.shape[:2]))
            z.append(of_z.float().cpu().unflatten(0, views.shape[:2]))
        return measure_representation(*torch.cat(h, dim=1), *torch.cat(z, dim=1))

    def alarms(self, looks: Looks) -> dict[str, str]:
        """Say what is wrong, by `soundalike.evaluation.diagnosis.alarms`."""
        return alarms(looks, self.highest_rank)

    def summary(self, looks: Looks) -> dict[str, Any]:
        """Return the last `health`, its `highest_rank`, `verdict`, `alarms`, `stopping_point`."""
        last = {name: looks[-1][name] for name in MEASURES} if looks else {}
        return {
            "health": last | {"highest_rank": self.highest_rank},
            "verdict": diagnosis_summary(looks, self.highest_rank),
            "alarms": alarms(looks, self.highest_rank),
            "stopping_point": stopping_point(looks),
        }
