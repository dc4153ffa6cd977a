"""Monitor the health of a pre-training without labels, by the same views at every check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from soundalike.evaluation.diagnosis import alarms, diagnosis_summary, stopping_point
from soundalike.evaluation.representation_measures import MEASURES, measure_representation
from soundalike.training.contrastive import ContrastiveTraining, Projector
from soundalike.training.draws import check_generator

MIN_CLIPS, MAX_CLIPS = 32, 512
# Each check uses 5% of the clips seen since the last one. A view costs a third of a training view
# here, so checks take a sixtieth of the training time.
SHARE_OF_CLIPS = 1 / 20

Checks = Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class HealthSummary:
    """How healthy a pre-training is, by `soundalike.evaluation.diagnosis`.

    Args:
        health: measures of the last check, and `highest_rank`, the highest possible effective rank.
        verdict: the diagnosis in a few words.
        alarms: a message for each kind of problem.
        stopping_point: epoch after which training hardly improved anything, if there is one.
    """

    health: dict[str, float]
    verdict: str
    alarms: dict[str, str]
    stopping_point: int | None


class HealthMonitor:
    """Measures fixed views of some of the training clips, made the way training makes them.

    Clips and draws depend only on the seed and use a random stream of their own. So checks do not
    influence later steps, and a resumed run has the same checks as an uninterrupted one.

    Args:
        training: the training to monitor.
        projector: the encoder and the head that it trains.
        every_n_epochs: epochs from one check to the next; with more of them a check uses more
            clips.

    Attributes:
        n_clips: number of clips in a check.
        highest_rank: highest possible effective rank of their embeddings.
    """

    def __init__(
        self, training: ContrastiveTraining, projector: Projector, every_n_epochs: int = 1
    ) -> None:
        affordable = int(SHARE_OF_CLIPS * training.n_clips * every_n_epochs)
        self.n_clips = min(training.n_clips, MAX_CLIPS, max(MIN_CLIPS, affordable))
        self.highest_rank = min(projector.encoder.dim, 2 * self.n_clips - 1)
        self.training = training
        self.projector = projector
        self.frames = training.frames  # those of now: others may be in memory at a check
        clips = np.linspace(0, len(self.frames) - 1, self.n_clips).astype(np.int64)
        self.draws = training.draw(torch.from_numpy(clips), check_generator(training.seed))

    @torch.no_grad()
    def check(self) -> dict[str, float]:
        """Return the measures of the network, which should be in evaluation mode.

        Of several ranks, only one may call this.
        """
        h, z = [], []
        for rows in torch.arange(self.n_clips).split(self.training.batch_size):
            draws = {
                step: {name: values[rows] for name, values in step_draws.items()}
                for step, step_draws in self.draws.items()
            }
            views = self.training.make_views(draws, self.frames, is_alone=True)
            with self.training.fabric.autocast():
                batch_h = self.projector.encoder(views.flatten(0, 1).unsqueeze(1))
                batch_z = self.projector.head(batch_h)
            h.append(batch_h.float().cpu().unflatten(0, views.shape[:2]))
            z.append(batch_z.float().cpu().unflatten(0, views.shape[:2]))
        return measure_representation(*torch.cat(h, dim=1), *torch.cat(z, dim=1))

    def alarms(self, checks: Checks) -> dict[str, str]:
        """Return what is wrong, by `soundalike.evaluation.diagnosis.alarms`."""
        return alarms(checks, self.highest_rank)

    def summary(self, checks: Checks, *, is_finished: bool) -> HealthSummary:
        """Summarize all checks of a training so far."""
        last = {name: checks[-1][name] for name in MEASURES} if checks else {}
        return HealthSummary(
            health=last | {"highest_rank": self.highest_rank},
            verdict=diagnosis_summary(checks, self.highest_rank, is_finished=is_finished),
            alarms=alarms(checks, self.highest_rank),
            stopping_point=stopping_point(checks),
        )
