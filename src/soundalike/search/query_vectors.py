"""From queries to one vector to search with.

Queries are averaged as unit vectors, so a loud or a long one counts no more than the others. Of the
average, half the average of the sounds to steer away from is subtracted.
"""

import math
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import NOTHING, Backgrounds
from soundalike.audio.silence import SILENT_DB, SILENT_PEAK
from soundalike.audio.sound_file import read_info
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.search.centering import background_of
from soundalike.search.events import event_of
from soundalike.search.mixtures import difference_of
from soundalike.search.queries import MOST_DIGITS, FileQuery, QueryError, RowQuery, parse_query
from soundalike.search.stored_files import NEAR_S, rows_of_file, rows_of_query

if TYPE_CHECKING:
    from soundalike.search.archive import Archive

UNLIKE_WEIGHT = 0.5  # of the sounds to steer away from, beside a weight of 1
SILENT = "silent: there is nothing to search for."
SHORTEST_S = 0.02  # shorter than any sound that can be recognized


def queries_of(query: Any) -> list[Any]:
    """Return one query or several as a list of `RowQuery`, `FileQuery` and waveforms.

    Args:
        query: a query, or several; what each may be is in `Archive.search`.

    Raises:
        QueryError: a query is none of these.
    """
    if isinstance(query, RowQuery | FileQuery) or _is_waveform(query):
        return [query]
    if isinstance(query, str | os.PathLike):
        return [parse_query(os.fspath(query))]
    is_number = isinstance(query, int | np.integer) and not isinstance(query, bool)
    if is_number and abs(int(query)) < 10**MOST_DIGITS:
        return [RowQuery(int(query))]
    if isinstance(query, Iterable):
        return [each for part in query for each in queries_of(part)]
    raise QueryError(f"{query!r}: no query: name a sound, the id of a row, or (waveform, rate).")


def mono_waveforms(archive: "Archive", queries: list[Any]) -> list[Any]:
    """Return queries with waveforms as the model of an archive takes them: mono, at its rate.

    Args:
        archive: the archive.
        queries: as `queries_of` returns them; waveforms are what `encode` takes.

    Raises:
        QueryError: a waveform cannot be used, or is too short.
    """

    def mono(query: Any) -> Any:
        if not isinstance(query, tuple):
            return query
        from soundalike.embedding.sounds import mono_at

        (sound, sound_rate), rate = query, archive.model.front_end.sample_rate
        try:
            waveform = mono_at(sound, sound_rate, rate)
        except ValueError as error:
            raise QueryError(f"a waveform: {error}") from None
        if len(waveform) < SHORTEST_S * rate:
            raise QueryError(f"a waveform: {_too_short(len(waveform) / rate)}")
        return waveform, rate

    return [mono(query) for query in queries]


def search_vector(
    archive: "Archive",
    queries: list[Any],
    unlike: list[Any],
    backgrounds: Backgrounds | None = None,
) -> NDArray[np.float32]:
    """Return the vector to search with.

    Args:
        archive: the archive, whose model embeds the sounds.
        queries: at least one, as `queries_of` returns them; waveforms are mono.
        unlike: sounds to steer away from.
        backgrounds: If not None, the result is the difference of the events (`event_of`) from
            their backgrounds (`background_of`), or what they make of those of the archive
            (`difference_of`).

    Shape:
        result: [dim].

    Raises:
        QueryError: a query is no sound, silent, too short, or no row of the archive.
    """
    if not queries:
        raise QueryError("no query: name a sound, FILE@START-END, or the id of a row.")
    vector = _mean_unit(archive, queries, backgrounds)
    if unlike:
        vector = vector - UNLIKE_WEIGHT * _mean_unit(archive, unlike, backgrounds)
    if not np.linalg.norm(vector) > 1e-6:
        raise QueryError("the queries cancel each other: nothing is left to search for.")
    return vector.astype(np.float32)


def own_rows(archive: "Archive", queries: list[Any]) -> set[int]:
    """Return the ids of the rows that hold some of what is searched for: rows, files and parts."""
    ids = set()
    for query in queries:
        if isinstance(query, RowQuery):
            ids.add(query.id)
        if isinstance(query, FileQuery):
            where = rows_of_file(archive, query)
            if query.start_s is not None and query.end_s is not None:
                where += f" AND start_s < {query.end_s - NEAR_S:.6f}"
                where += f" AND end_s > {query.start_s + NEAR_S:.6f}"
            ids.update(archive.rows(where=where, columns=["id"])["id"].tolist())
    return ids


def _mean_unit(
    archive: "Archive", queries: list[Any], backgrounds: Backgrounds | None
) -> NDArray[np.float32]:
    vectors = np.stack([_centered_vector(archive, query, backgrounds) for query in queries])
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    mean = unit.mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)


def _centered_vector(
    archive: "Archive", query: Any, backgrounds: Backgrounds | None
) -> NDArray[np.float32]:
    if backgrounds is None:
        return _vector_of(archive, query)
    event = event_of(archive, query)
    vector = _vector_of(archive, event)
    background = background_of(archive, event, backgrounds)
    if background is None:
        mixed = difference_of(archive, event, backgrounds)
        if mixed is not None:
            return mixed
        background = backgrounds.means[-1]
    difference = vector - background
    if np.linalg.norm(difference) <= NOTHING * np.linalg.norm(vector):
        raise QueryError(f"{query}: is like its background: there is nothing to search for.")
    return difference


def _vector_of(archive: "Archive", query: Any) -> NDArray[np.float32]:
    if isinstance(query, RowQuery):
        vector = _mean_of_rows(archive, f"id = {query.id}", query)
        if vector is None:
            raise QueryError(
                f"{archive.name}: has no row {query.id}: ids are in the table that a search prints."
            )
        return vector
    if isinstance(query, FileQuery):
        vector = _stored_vector(archive, query)
        return _file_vector(archive, query) if vector is None else vector
    waveform, rate = query
    if np.ptp(np.asarray(waveform, float)) < 2 * SILENT_PEAK:
        raise QueryError(f"a waveform: {SILENT}")
    return archive.model.encode((waveform, rate))


def _stored_vector(archive: "Archive", query: FileQuery) -> NDArray[np.float32] | None:
    """Return the mean vector of what the archive holds as it is, without its model."""
    where = rows_of_query(archive, query)
    return _mean_of_rows(archive, where, query) if where else None


def _mean_of_rows(archive: "Archive", where: str, query: Any) -> NDArray[np.float32] | None:
    """Return the mean vector of rows, None if there are none.

    Raises:
        QueryError: they are silent.
    """
    rows = archive.rows(where=where, columns=["peak_db"])
    if not len(rows):
        return None
    if rows["peak_db"].max() < SILENT_DB:
        raise QueryError(f"{query}: {SILENT}")
    _, vectors = archive.vectors(where)
    return vectors.mean(axis=0)


def _file_vector(archive: "Archive", query: FileQuery) -> NDArray[np.float32]:
    """Embed a file, or a part of it."""
    from soundalike.embedding.clip_reader import ClipReader
    from soundalike.embedding.window_embeddings import encode_windows, means_by_clip

    model = archive.model
    clip = Clip(os.path.abspath(query.path), start_s=query.start_s, end_s=query.end_s)
    clips = ClipTable.of(query.path, [clip])
    reader = ClipReader(model.front_end, clips, strict=False, name="search", progress=False)
    means = [mean for _, mean in means_by_clip(encode_windows(model, reader), n_clips=1)]
    if reader.problems:
        raise QueryError(_why_not(query, reader.problems[0]))
    first = np.zeros(1, np.int64)
    (start_s,), (end_s,) = reader.whole(first)
    if end_s - start_s < SHORTEST_S:
        raise QueryError(f"{query}: {_too_short(end_s - start_s)}")
    if reader.is_silent(first, np.array([start_s]), np.array([end_s])).all():
        raise QueryError(f"{query}: {SILENT}")
    return means[0][0]


def _too_short(duration_s: float) -> str:
    return (
        f"{duration_s:.3f} s of sound: too short to search for; a query takes {SHORTEST_S} s or "
        "more."
    )


def _why_not(query: FileQuery, problem: Problem) -> str:
    """Return a message about a file, or a part of it, that cannot be read."""
    if query.start_s is None or "segment" not in problem.problem:
        return problem.message
    duration_s = read_info(query.path).duration_s
    length = f", which is {duration_s:.2f} s long" if math.isfinite(duration_s) else ""
    return f"{query}: outside the sound{length}: write FILE@START-END, in seconds."


def _is_waveform(query: Any) -> bool:
    """Return whether a query is a tuple of a waveform and its sample rate."""
    return isinstance(query, tuple) and len(query) == 2 and hasattr(query[0], "__array__")
