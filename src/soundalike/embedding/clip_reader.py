"""Read the log-mels of a source's clips; skip and list clips that cannot be read."""

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError
from soundalike.audio.log_mel import LogMel
from soundalike.audio.peaks import Peaks, peak_db
from soundalike.audio.silence import Silence, is_silent
from soundalike.audio.spectrum import Spectrum
from soundalike.audio.streaming import log_mel_blocks
from soundalike.audio.waveform import read_blocks
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.outside_band import advice
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.embedding.reading_bar import ReadingBar
from soundalike.runtime.atomic import atomic_write, remove_partial_files

_NO_STEPS, _NO_PEAKS = np.empty(0, np.bool_), np.empty(0, np.float32)


class ClipReader:
    """The log-mels of clips, one clip after the other, and the problems on the way.

    In a ``with`` statement; its progress bar shows what `report` says is done.

    Args:
        front_end: computes the log-mels.
        clips: the clips to read.
        strict: If true, a broken clip is an error.
        name: title of the progress bar.
        progress: If true, a progress bar, what was assumed about the source, and which clips lie
            outside the band of the front end are shown on standard error.
        bar: the progress bar; by default it counts clips.

    Attributes:
        relative_paths: of the clips, as results name them.
        labels, splits: of the clips.
        problems: the clips that were skipped.
        broken: positions of clips that could not be read to their ends.

    Raises:
        BrokenClipsError: while reading, if a clip is broken and `strict` is set.
    """

    def __init__(
        self,
        front_end: LogMel,
        clips: ClipTable,
        *,
        strict: bool,
        name: str,
        progress: bool,
        bar: ReadingBar | None = None,
    ) -> None:
        self.front_end = front_end
        self.clips = clips
        self.strict = strict
        self.problems: list[Problem] = []
        self.broken: set[int] = set()
        self.relative_paths = clips.relative_paths().to_numpy(object)
        self.labels = clips.rows["label"].to_numpy(object)
        self.splits = clips.rows["split"].to_numpy(object)
        self._start_s = clips.rows["start_s"].fillna(0.0).to_numpy(float)
        self._end_s = clips.rows["end_s"].to_numpy(float)  # NaN: the end of the file
        self._durations_s = np.zeros(len(clips))
        self._bands = np.full((len(clips), 4), np.nan)
        self._silent_steps = [_NO_STEPS] * len(clips)
        self._peaks = [_NO_PEAKS] * len(clips)
        self._progress = progress
        if progress:
            clips.announce()
        self._bar = bar or ReadingBar(name, np.ones(len(clips), np.int64), is_shown=progress)

    def __enter__(self) -> "ClipReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.report(len(self.clips))
        self._bar.close()
        if error is None and self._progress:
            for line in advice(self.clips.rows["path"], self._bands, self.front_end):
                print(f"{self.clips.name}: {line}", file=sys.stderr)

    def report(self, n_done: int, amount: float = 0.0) -> None:
        """Show that the first clips are done, and some of the next; see `ReadingBar.report`."""
        self._bar.report(n_done, amount)

    def __iter__(self) -> Iterator[Iterator[np.ndarray]]:
        """Yield the log_mel of every clip in blocks [frames, bands]; none for a broken clip."""
        for problem in self.clips.problems:
            self._skip(problem)
        for position, clip in enumerate(self.clips):
            yield self._log_mel(position, clip)

    def times(
        self, clips: NDArray[np.int64], starts: NDArray[np.int64], n_frames: NDArray[np.int64] | int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where windows start and end in the sound files, in seconds.

        A window with the last frame of its clip ends with the clip: a frame is the middle of what
        it describes. No window ends after its clip. One that starts in a repetition of a short clip
        has the times of what is repeated.

        Args:
            clips: position of each window's clip, which has been read.
            starts: first frame of each window in its clip.
            n_frames: length of the windows.

        Shape:
            clips, starts, results: [windows].
        """
        hop_s, duration_s = self.front_end.hop_s, self._durations_s[clips]
        start_s, length_s = starts * hop_s, (n_frames - 1) * hop_s
        is_repetition = (start_s >= duration_s) & (start_s + length_s > duration_s)
        start_s = np.where(is_repetition, start_s % duration_s, start_s)
        end_s = start_s + length_s
        has_last_frame = end_s > duration_s - hop_s * (1 - 1e-6)
        end_s = np.where(has_last_frame, duration_s, end_s)
        clip_start_s = self._start_s[clips]
        return clip_start_s + start_s, np.fmin(clip_start_s + end_s, self._end_s[clips])

    def whole(self, clips: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where clips that have been read start and end in their files, in seconds.

        Shape:
            clips, results: [clips].
        """
        start_s = self._start_s[clips]
        return start_s, np.fmin(start_s + self._durations_s[clips], self._end_s[clips])

    def ends(self, clips: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return where clips end in their files, in seconds; NaN for one that ends with its file.

        Shape:
            clips: [clips], which have been read; result: [clips].
        """
        return np.minimum(self._end_s[clips], self.whole(clips)[1])

    def is_silent(
        self, clips: NDArray[np.int64], start_s: NDArray[np.float64], end_s: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Return which stretches of clips are silent.

        Args:
            clips: position of each stretch's clip, which has been read.
            start_s: start of each stretch in the sound file, in seconds.
            end_s: end of each stretch; NaN for one that ends with its file.

        Shape:
            clips, start_s, end_s, result: [stretches].
        """
        stretches = zip(clips, *self._within_clips(clips, start_s, end_s), strict=True)
        rate = self.front_end.sample_rate
        silent = [is_silent(self._silent_steps[clip], rate, *times) for clip, *times in stretches]
        return np.array(silent, np.bool_)

    def peak_db(
        self, clips: NDArray[np.int64], start_s: NDArray[np.float64], end_s: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Return the peaks of stretches of clips in decibels; the arguments are as in `is_silent`.

        Shape:
            clips, start_s, end_s, result: [stretches].
        """
        stretches = zip(clips, *self._within_clips(clips, start_s, end_s), strict=True)
        rate = self.front_end.sample_rate
        peaks = [peak_db(self._peaks[clip], rate, *times) for clip, *times in stretches]
        return np.array(peaks, np.float32)

    def forget(self, clips: NDArray[np.int64]) -> None:
        """Free what is kept of clips for `is_silent` and `peak_db`: megabytes of a day of audio."""
        for clip in clips.tolist():
            self._silent_steps[clip], self._peaks[clip] = _NO_STEPS, _NO_PEAKS

    def _within_clips(
        self, clips: NDArray[np.int64], start_s: NDArray[np.float64], end_s: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the times of stretches in their clips; NaN is the end of a clip."""
        clip_start_s = self._start_s[clips]
        ends = np.where(np.isnan(end_s), clip_start_s + self._durations_s[clips], end_s)
        return start_s - clip_start_s, ends - clip_start_s

    def leave_out(self, position: int, error: AudioError) -> None:
        """Count a clip as broken, also if it has been read; with `strict`, that is an error."""
        self.broken.add(position)
        self._skip(Problem(str(error.path), error.problem, str(error)))

    def write_problems(self, out: Path) -> str | None:
        """List the skipped clips in a CSV file beside `out`, whose lock is held.

        Returns:
            Its path, or None if no clip was skipped.
        """
        path = out.with_name(f"{out.name}.problems.csv")
        remove_partial_files(path)
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

    def _log_mel(self, position: int, clip: Clip) -> Iterator[np.ndarray]:
        rate, fmin, fmax = self.front_end.sample_rate, self.front_end.fmin, self.front_end.fmax

        def read() -> Iterator[NDArray[np.float32]]:
            n_samples, spectrum, silence, peaks = 0, Spectrum(), Silence(rate), Peaks(rate)
            for waveform in read_blocks(
                clip.path, rate, clip.start_s, clip.end_s, spectrum=spectrum
            ):
                n_samples += len(waveform)
                silence.add(waveform)
                peaks.add(waveform)
                yield waveform
            self._silent_steps[position] = silence.steps()
            self._peaks[position] = peaks.steps()
            self._durations_s[position] = n_samples / rate
            self._bands[position] = dataclasses.astuple(spectrum.band(fmin, fmax))

        try:
            yield from log_mel_blocks(read, self.front_end)
        except AudioError as error:
            self.leave_out(position, error)

    def _skip(self, problem: Problem) -> None:
        if self.strict:
            self._bar.close()
            raise BrokenClipsError(problem.message)
        self.problems.append(problem)
