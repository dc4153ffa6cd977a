"""Read clips, and notice when their files change meanwhile: what was read is of no one version.

The hash of a file is taken before it is read. A file that changes in between, and later back, would
have a hash that says nothing about what has been read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.audio.audio_error import changed
from soundalike.embedding.clip_reader import ClipReader
from soundalike.runtime.file_stamp import UNKNOWN, file_stamp, settled_stamp
from soundalike.search.new_clips import STAMP, recording_of


@dataclass(frozen=True)
class FileVersion:
    """What a file holds from one moment on, until its stamp changes.

    Args:
        stamp: size and time at that moment.
        recording: hash of its content, see `recording_of`, which was read afterwards.
    """

    stamp: tuple[int, int]
    recording: str

    @classmethod
    def of(cls, path: str) -> "FileVersion":
        """Return the version of a file that is there now."""
        return cls(settled_stamp(path), recording_of(path))

    def is_still(self, path: str) -> bool:
        """Return whether all that has been read of a file since then is of this version."""
        return self.stamp != UNKNOWN and self.stamp == file_stamp(path)


class WatchedClips:
    """The log-mels of the next clips of a reader, as `encode_windows` takes them.

    A clip whose file changes while it is read is broken.

    Args:
        reader: of the clips.
        sounds: what it yields.
        clips: positions in the reader, which are consecutive.
        records: of the clips, as `Comparison` has them.

    Attributes:
        n_begun: by place among these clips, from when one is read on, how many of its first rows
            the archive has: those that an interrupted run has written.
    """

    def __init__(
        self,
        reader: ClipReader,
        sounds: Iterator[Iterator[np.ndarray]],
        clips: NDArray[np.int64],
        records: pd.DataFrame,
    ) -> None:
        self._reader, self._sounds, self._clips, self._records = reader, sounds, clips, records
        self._paths = reader.clips.rows["path"].iloc[clips].tolist()
        self._versions: list[FileVersion] = []
        self.n_begun: dict[int, int] = {}

    def __iter__(self) -> Iterator[Iterator[np.ndarray]]:
        known: dict[str, FileVersion] = {}  # a recording may be read in many segments
        before = zip(self._records["recording"], self._records["n_rows"], strict=True)
        for place, (recording, n_rows) in enumerate(before):
            path = self._paths[place]
            if path not in known or not known[path].is_still(path):
                known[path] = FileVersion.of(path)
            self._versions.append(known[path])
            is_begun = recording and recording == known[path].recording
            self.n_begun[place] = n_rows if is_begun else 0
            yield self._log_mel(place, next(self._sounds))

    def recordings(self, places: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return the recording of each clip, from when it is read on, by its place among these."""
        return np.array([self._versions[place].recording for place in places], object)

    def are_unchanged(self) -> bool:
        """Return whether no file of those that are read has changed yet."""
        return all(map(FileVersion.is_still, self._versions, self._paths))

    def finished(self, n_new: NDArray[np.int64]) -> pd.DataFrame:
        """Return the records of those that have rows and are not broken, once all have been read.

        Args:
            n_new: how many rows of each were added, [clips].
        """
        n_rows = n_new + [self.n_begun[place] for place in range(len(self._clips))]
        stamps = np.array([version.stamp for version in self._versions])
        facts: Mapping[str, NDArray] = dict(zip(STAMP, stamps.T, strict=True))
        recording = self.recordings(np.arange(len(self._clips)))
        records = self._records.assign(recording=recording, n_rows=n_rows, **facts)
        return records[(n_rows > 0) & ~np.isin(self._clips, list(self._reader.broken))]

    def _log_mel(self, place: int, blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        yield from blocks
        position, path = int(self._clips[place]), self._paths[place]
        if position not in self._reader.broken and not self._versions[place].is_still(path):
            self._reader.leave_out(position, changed(path))
