"""Contrastive training on a store in object storage that is larger than memory."""

import threading
from concurrent.futures import Future
from typing import Any

import numpy as np
import torch

from soundalike.training.contrastive import ContrastiveTraining
from soundalike.training.plan import Plan
from soundalike.training.portions import Portion, Portions


class PortionedTraining(ContrastiveTraining):
    """Contrastive training, portion by portion; a thread reads the next one meanwhile.

    Until the first step, the frames are a sample of the store, by which health is monitored. Every
    rank reads all portions, since draws are made for all clips.

    Args:
        portions: the portions of every epoch.
        labels: label of each of all segments, if the criterion needs labels.
        **parts: all other arguments of `ContrastiveTraining`, but for its clips.

    Raises:
        SourceError: a chunk is damaged, or of another store.
        StorageError: it cannot be read.
    """

    def __init__(self, *, portions: Portions, labels: np.ndarray | None, **parts: Any) -> None:
        frames, segments = portions.sample()
        frames = frames.to(parts["fabric"].device)
        super().__init__(**parts, frames=frames, sound_ids=portions.sounds[segments])
        self.portions, self.all_labels = portions, labels
        self.n_clips = len(portions.clip)
        self.steps_per_epoch = portions.steps_per_epoch
        self.plan = Plan(0, self.n_epochs * self.steps_per_epoch)
        self._steps = range(0)  # of the portion that is in memory, in its epoch
        self._next: tuple[tuple[int, int], Future[Portion]] | None = None

    def _clips_of(self, epoch: int, position: int) -> np.ndarray:
        if (epoch, position in self._steps) != (self._epoch, True):
            steps = [own for _, own in self.portions.plan(epoch)]
            number = next(number for number, own in enumerate(steps) if position in own)
            self._turn_to(epoch, number)
            self._epoch, self._steps = epoch, steps[number]
            if epoch * self.steps_per_epoch + self._steps.stop < self.plan.n_steps:
                self._fetch(*((epoch, number + 1) if number + 1 < len(steps) else (epoch + 1, 0)))
        return self._batches[position - self._steps.start]

    def _turn_to(self, epoch: int, number: int) -> None:
        """Train on another portion from now on."""
        following, self._next = self._next, None
        if following is not None and following[0] == (epoch, number):
            portion = following[1].result()
        else:
            portion = self.portions.load(epoch, number)
        self.frames = portion.frames.to(self.fabric.device)
        self.activity = self.activity_of(self.frames)
        self.sound_ids = self.portions.sounds[portion.segments]
        if self.all_labels is not None:
            self.labels = torch.from_numpy(self.all_labels[portion.segments])
        self._batches = portion.batches

    def _fetch(self, epoch: int, number: int) -> None:
        """Read a portion in a thread, which does not keep the program from ending."""
        future: Future[Portion] = Future()

        def read() -> None:
            try:
                future.set_result(self.portions.load(epoch, number))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=read, daemon=True).start()
        self._next = (epoch, number), future
