"""Go through the clips of a source; leave out and list those that cannot be read."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from soundalike.audio.sound_file import AudioError
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.runtime.atomic import atomic_write


class ClipReader:
    """The log-mels of clips, one clip after the other, and the problems that were met.

    Args:
        model: whose front end reads the clips, and whose patches they must be as long as.
        clips: what to read.
        strict: whether a broken clip is an error.
        name: what to call this on the progress bar.
        progress: whether to show one.

    Raises:
        BrokenClipsError: while reading, a clip is broken and `strict` is set.
    """

    def __init__(
        self, model: SoundEncoder, clips: ClipTable, *, strict: bool, name: str, progress: bool
    ) -> None:
        self.model = model
        self.clips = clips
        self.strict = strict
        self.problems: list[Problem] = []
        self._bar = tqdm(total=len(clips), desc=name, unit=" clips", disable=not progress)

    def __iter__(self) -> Iterator[Iterator[np.ndarray]]:
        """Yield the log_mel of every clip in blocks; nothing for one that is left out."""
        for problem in self.clips.problems:
            self._leave_out(problem)
        with self._bar:
            for clip in self.clips:
                yield self._log_mel(clip)
                self._bar.update()

    def write_problems(self, beside: Path) -> str | None:
        """List what was left out in a CSV beside a file; return where, None if there is nothing."""
        listed = beside.with_suffix(".problems.csv")
        if not self.problems:
            listed.unlink(missing_ok=True)  # of an earlier time
            return None
        with atomic_write(listed) as path:
            pd.DataFrame([vars(problem) for problem in self.problems]).to_csv(path, index=False)
        return str(listed)

    def refuse_none(self, n_read: int) -> None:
        """Raise a BrokenClipsError if no clip could be read."""
        if not n_read:
            first = self.problems[0].message
            raise BrokenClipsError(f"no clip could be read. The first: {first}")

    def _log_mel(self, clip: Clip) -> Iterator[np.ndarray]:
        n_frames, patch_frames = 0, self.model.patch_frames
        try:
            for block in self.model.front_end.blocks(clip.path, clip.start_s, clip.end_s):
                n_frames += len(block)
                yield block
        except AudioError as error:
            self._leave_out(Problem(clip.path, error.problem, str(error)))
            return
        if n_frames < patch_frames:
            message = f"{clip.path}: too short: {n_frames} frames; a window has {patch_frames}"
            self._leave_out(Problem(clip.path, "too short", message))

    def _leave_out(self, problem: Problem) -> None:
        if self.strict:
            self._bar.close()
            raise BrokenClipsError(problem.message)
        self.problems.append(problem)
