"""Read the log-mels of a source's clips; skip and list clips that cannot be read."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from soundalike.audio.audio_error import AudioError
from soundalike.audio.log_mel import LogMel
from soundalike.audio.streaming import read_log_mel_blocks
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.runtime.atomic import atomic_write


class ClipReader:
    """The log-mels of clips, one clip after the other, and the problems on the way.

    Args:
        front_end: computes the log-mels.
        clips: the clips to read.
        strict: If true, a broken clip is an error.
        name: title of the progress bar.
        progress: If true, a progress bar and what was assumed about the source are shown on
            standard error.

    Raises:
        BrokenClipsError: while reading, if a clip is broken and `strict` is set.
    """

    def __init__(
        self, front_end: LogMel, clips: ClipTable, *, strict: bool, name: str, progress: bool
    ) -> None:
        self.front_end = front_end
        self.clips = clips
        self.strict = strict
        self.problems: list[Problem] = []
        if progress:
            clips.announce()
        self._bar = tqdm(total=len(clips), desc=name, unit=" clips", disable=not progress)

    def __iter__(self) -> Iterator[Iterator[np.ndarray]]:
        """Yield the log_mel of every clip in blocks [frames, bands]; none for a broken clip."""
        for problem in self.clips.problems:
            self._skip(problem)
        with self._bar:
            for clip in self.clips:
                yield self._log_mel(clip)
                self._bar.update()

    def write_problems(self, out: Path) -> str | None:
        """List the skipped clips in a CSV file beside `out`.

        Returns:
            Its path, or None if no clip was skipped.
        """
        path = out.with_suffix(".problems.csv")
        if not self.problems:
            path.unlink(missing_ok=True)  # of an earlier run
            return None
        with atomic_write(path) as temporary:
            rows = [vars(problem) for problem in self.problems]
            pd.DataFrame(rows).to_csv(temporary, index=False)
        return str(path)

    def require_some(self, n_read: int) -> None:
        """Raise a BrokenClipsError if no clip could be read."""
        if not n_read:
            first = self.problems[0].message
            raise BrokenClipsError(f"no clip could be read. The first: {first}")

    def _log_mel(self, clip: Clip) -> Iterator[np.ndarray]:
        try:
            yield from read_log_mel_blocks(clip.path, self.front_end, clip.start_s, clip.end_s)
        except AudioError as error:
            self._skip(Problem(clip.path, error.problem, str(error)))

    def _skip(self, problem: Problem) -> None:
        if self.strict:
            self._bar.close()
            raise BrokenClipsError(problem.message)
        self.problems.append(problem)
