"""Turn sounds into a log-mel store, in parallel; an interrupted run resumes to the same bytes.

Workers write frames and a record of each part of the table (`soundalike.runtime.parts`); at the end
the frames are copied, in order, into the one array of the store.
"""

import dataclasses
import functools
import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.audio.audio_error import AudioError
from soundalike.audio.log_mel import LogMel
from soundalike.audio.spectrum import Spectrum
from soundalike.audio.streaming import read_log_mel_blocks
from soundalike.datasets.clips import Clip, ClipTable, Problem, SourceError
from soundalike.datasets.file_stamps import changed_clips
from soundalike.datasets.identical import ALSO_IN, HASH, AudioHash, leaks
from soundalike.datasets.outside_band import advice
from soundalike.datasets.store import (
    CLIPS,
    FORMAT,
    FRAMES,
    HEAD,
    PROBLEMS,
    STAMP,
    Store,
    is_store,
    open_store,
    read_problems,
)
from soundalike.datasets.store_plan import PLAN, is_of
from soundalike.datasets.verified_clips import update_verified
from soundalike.runtime.atomic import atomic_write, remove_partial_files, write_json, write_text
from soundalike.runtime.file_stamp import settled_stamp
from soundalike.runtime.folders import output_folder
from soundalike.runtime.forecast import Forecast
from soundalike.runtime.lock import locked
from soundalike.runtime.parts import Part, finished_records, parts_to_do, read_records
from soundalike.runtime.progress import progress_bar
from soundalike.runtime.workers import map_in_processes

CLIPS_PER_PART = 32
PARTS, PART_FRAMES = "parts", ".float16"


class BrokenClipsError(Exception):
    """No clip could be read, or with ``--strict``, at least one could not."""

    exit_code = 1


def prepare(
    clips: ClipTable,
    out: Path,
    front_end: LogMel | None = None,
    *,
    n_workers: int | None = None,
    strict: bool = False,
    progress: bool = True,
) -> Store:
    """Compute the log-mels of all clips and write them to a store.

    Broken clips are left out and listed in ``problems.csv``, and so are clips whose audio is also
    in a more protected split (see `leaks`). An interrupted run resumes, and a finished store is
    opened; which labels are verified is brought up to date in it.

    Args:
        clips: the clips to read.
        out: folder of the store: new, or that of an earlier run with the same clips.
        front_end: makes the log-mels; by default `LogMel` with its defaults.
        n_workers: number of processes; by default one for every processor.
        strict: if true, a broken clip is an error; a clip left out by `leaks` is not broken.
        progress: if true, show a progress bar, and what was assumed about the source.

    Raises:
        SourceError: `out` is no store, or a store of other clips or another front end, or a sound
            has changed since.
        BrokenClipsError: a clip is broken and `strict` is set, or every clip is broken.
        InUseError: another run is preparing it.
        OSError: a file cannot be written.
    """
    if progress:
        clips.announce()
    front_end = front_end or LogMel()
    plan = {
        "source": clips.name,
        "root": clips.root,
        "front_end": dataclasses.asdict(front_end),
        "clips": clips.fingerprint(),
    }
    was_finished = is_of(out, plan) and not (out / PLAN).exists()  # which is deleted last
    if not was_finished:
        with output_folder(out), locked(out):
            if not is_of(out, plan):  # another run may have claimed it in the meantime
                write_text(out / PLAN, json.dumps(plan))
            if not is_store(out):
                _make_parts(clips, out / PARTS, front_end, n_workers, progress)
                _join_parts(clips, out, plan, progress)
            _clear_away(out)
    store = update_verified(open_store(out), clips)
    if progress:
        store.clips.announce()
    if was_finished and (changed := next(changed_clips(store), None)):
        raise SourceError(
            f"{changed.path}: changed since {out} was prepared: delete {out}, or name a new folder."
        )
    broken = [clip for clip in read_problems(out) if clip.problem not in ALSO_IN.values()]
    if broken and (strict or not len(store.clips)):
        raise BrokenClipsError(
            f"{'' if len(store.clips) else 'no clip could be read. The first: '}"
            f"{broken[0].message} ({len(broken)} in {out / PROBLEMS}). "
            f"Repair or remove them, delete {out} and run it again."
        )
    return store


def _make_parts(
    clips: ClipTable, folder: Path, front_end: LogMel, n_workers: int | None, progress: bool
) -> None:
    folder.mkdir(exist_ok=True)
    n_done = min(len(finished_records(folder)) * CLIPS_PER_PART, len(clips))
    parts = parts_to_do(clips, CLIPS_PER_PART, folder)
    hours = 0.0
    with progress_bar(
        name="prepare", unit="clips", total=len(clips), initial=n_done, is_shown=progress
    ) as bar:
        forecast = Forecast(bar, "prepare")
        make_part = functools.partial(_make_part, front_end)
        for n_clips, part_hours in map_in_processes(make_part, parts, n_workers):
            hours += part_hours
            minutes = max(bar.format_dict["elapsed"], 1e-3) / 60
            bar.set_postfix_str(f"{hours / minutes:.1f} audio hours/min", refresh=False)
            bar.update(n_clips)
            forecast.add(n_clips, len(clips) - bar.n)


def _make_part(front_end: LogMel, part: Part[Clip]) -> tuple[int, float]:
    """Write a part's frames and record (one dict per clip); return its clip count and hours."""
    record: list[dict] = []
    with atomic_write(part.file(PART_FRAMES)) as path, path.open("wb") as file:
        for clip in part.items:
            start, n_frames, audio, spectrum = file.tell(), 0, AudioHash(), Spectrum()
            segment = clip.start_s, clip.end_s
            stamp = settled_stamp(clip.path)
            try:
                for block in read_log_mel_blocks(clip.path, front_end, *segment, spectrum):
                    frames = np.ascontiguousarray(block, dtype="<f2")
                    file.write(frames.data)
                    audio.add(frames)
                    n_frames += len(frames)
                band = dataclasses.astuple(spectrum.band(front_end.fmin, front_end.fmax))
                facts = {"n_frames": n_frames, "audio": audio.digest(spectrum), "band": band}
                record.append(facts | {"stamp": stamp})
            except AudioError as error:
                file.seek(start)
                file.truncate()
                why = {"problem": error.problem, "message": str(error)}
                record.append({"n_frames": 0, "audio": "", "stamp": stamp, **why})
    part.finish(record)
    seconds = sum(clip["n_frames"] for clip in record) * front_end.hop_length
    return len(record), seconds / front_end.sample_rate / 3600


def _join_parts(clips: ClipTable, out: Path, plan: dict, progress: bool) -> None:
    """Write the store from the finished parts, ``store.json`` last."""
    n_frames = np.zeros(len(clips), dtype=np.int64)
    audio = np.zeros(len(clips), dtype=HASH)
    stamps = np.zeros((len(clips), len(STAMP)), dtype=np.int64)
    bands = np.full((len(clips), 4), np.nan)
    problems = list(clips.problems)
    records = itertools.chain.from_iterable(read_records(out / PARTS))
    for index, (path, clip) in enumerate(zip(clips.rows["path"], records, strict=True)):
        n_frames[index], audio[index] = clip["n_frames"], clip["audio"]
        stamps[index], bands[index] = clip["stamp"], clip.get("band", np.nan)
        if "problem" in clip:
            problems.append(Problem(path, clip["problem"], clip["message"]))
    shape = (int(n_frames.sum()), plan["front_end"]["n_mels"])
    _join_frames(finished_records(out / PARTS), out / FRAMES, shape, progress)

    offset = np.cumsum(n_frames) - n_frames
    rows = clips.rows.assign(offset=offset, n_frames=n_frames, audio=audio.astype(str))
    rows[STAMP] = stamps
    rows = rows[n_frames > 0].reset_index(drop=True)
    leaked = leaks(rows, audio[n_frames > 0])
    rows = rows.drop(index=list(leaked))
    with atomic_write(out / CLIPS) as path:
        rows.to_parquet(path, index=False)
    problems += leaked.values()
    with atomic_write(out / PROBLEMS) as path:
        columns = [field.name for field in dataclasses.fields(Problem)]
        pd.DataFrame(map(vars, problems), columns=columns).to_csv(path, index=False)
    head = {
        "format": FORMAT,
        **plan,
        "n_clips": len(rows),
        "n_frames": shape[0],
        "n_problems": len(problems),
        "advice": advice(clips.rows["path"], bands, LogMel(**plan["front_end"])),
    }
    write_json(out / HEAD, head)


def _join_frames(records: list[Path], frames: Path, shape: tuple[int, int], progress: bool) -> None:
    """Copy the frames of the parts into one array; next to each record are its frames."""
    with atomic_write(frames) as path, path.open("wb") as file:
        header = {"descr": "<f2", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for record in progress_bar(records, name="join", unit="parts", is_shown=progress):
            with record.with_suffix(PART_FRAMES).open("rb") as of_part:
                shutil.copyfileobj(of_part, file, 1 << 20)


def _clear_away(out: Path) -> None:
    """Delete the files of an unfinished store, last the plan, which marks it as unfinished."""
    if (out / PLAN).exists():
        remove_partial_files(out)
        if (out / PARTS).exists():
            shutil.rmtree(out / PARTS)
        (out / PLAN).unlink()
