"""Unpack the sounds of a WebDataset tar into the user's cache, once.

CACHE/tars/data/birds-000.tar/             the sounds of /data/birds-000.tar, named as in it
CACHE/tars/data/birds-000.tar/.tar.json    written at the end: its clips, and what was wrong

Files of one sample have the same name up to the first dot: ``000.wav`` and ``000.cls``. The label
is in a .cls, in a .json such as ``{"label": "dog"}``, or in a .txt.
"""

import errno
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from soundalike.audio.suffixes import AUDIO_SUFFIXES
from soundalike.datasets.clips import Problem, SourceError
from soundalike.datasets.columns import our_name
from soundalike.datasets.tar_file import files_in, in_a_line
from soundalike.runtime.atomic import flush_folder, write_json
from soundalike.runtime.file_stamp import file_stamp, settled_stamp
from soundalike.runtime.lock import locked

RECORD, FORMAT = ".tar.json", 1
LABEL_SUFFIXES = ("cls", "json", "txt")  # the first of a sample that says something is used
FIELDS = ("label", "split", "fold")
MOST_LABEL_BYTES = 2**20  # of a .json, with everything else that it says
MOST_LETTERS = 200  # of a label; a longer text is a transcript or a description
# A name that this disk does not take; any other error is one of the disk.
_BAD_NAME = {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.EILSEQ}


@dataclass
class Unpacked:
    """The sounds of a tar.

    Args:
        folder: where they are.
        clips: of each sound its path in the folder, its size in bytes, and of `FIELDS` those that
            its sample has.
        n_long_texts: how many texts are too long to be labels.
        problems: what is wrong with the tar.
    """

    folder: Path
    clips: list[dict[str, Any]] = field(default_factory=list)
    n_long_texts: int = 0
    problems: list[Problem] = field(default_factory=list)


def unpacked_folder(tar: Path) -> Path:
    """Return the folder in the user's cache for a tar, or for a folder of tars.

    Args:
        tar: its absolute path.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return cache / "soundalike" / "tars" / tar.relative_to(tar.anchor)


def unpack(tar: Path, has_read: Callable[[int], object] = lambda n_bytes: None) -> Unpacked:
    """Unpack a tar, unless it is unpacked; a process that does so already is waited for.

    Args:
        tar: its absolute path.
        has_read: called with the number of bytes whenever some of the tar have been read.

    Raises:
        SourceError: there is no such file, it cannot be read, or the disk has no room.
        OSError: the cache cannot be written.
    """
    if not tar.is_file():
        raise SourceError(f"{tar}: {'not a file' if tar.exists() else 'no such file'}.")
    folder = unpacked_folder(tar)
    if present := _present(tar, folder):
        return present
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, patience_s=float("inf")):
        if present := _present(tar, folder):
            return present
        _empty(folder)
        stamp = settled_stamp(str(tar))
        _require_room(tar, folder, stamp[0])
        try:
            unpacked = _unpack(tar, folder, has_read)
            flush_folder(folder)
            write_json(folder / RECORD, {"format": FORMAT, "tar": stamp, **_as_json(unpacked)})
        except BaseException:  # the next run starts over
            _empty(folder)
            raise
    return unpacked


def _empty(folder: Path) -> None:
    for old in folder.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()


def _unpack(tar: Path, folder: Path, has_read: Callable[[int], object]) -> Unpacked:
    unpacked = Unpacked(folder)
    samples: dict[str, dict[str, dict[str, str]]] = {}
    problems = unpacked.problems
    try:
        for name, content in files_in(tar, problems, has_read):
            stem, _, suffix = name.name.rpartition(".")
            if not stem or name.name.startswith("."):  # WebDataset passes over these, too
                continue
            if f".{suffix.lower()}" in AUDIO_SUFFIXES:
                _add_sound(tar, unpacked, name, content)
            elif suffix.lower() in LABEL_SUFFIXES:
                said = _said(tar, unpacked, name, suffix.lower(), content)
                for key in _keys(name):
                    samples.setdefault(key, {}).setdefault(suffix.lower(), said)
    except OSError as error:
        if error.filename in (None, str(tar)):
            raise SourceError(f"{tar}: cannot be read ({error.strerror}).") from None
        raise
    for clip in unpacked.clips:
        for key in _keys(PurePosixPath(clip["path"])):
            for suffix in LABEL_SUFFIXES:
                for fact, value in samples.get(key, {}).get(suffix, {}).items():
                    clip.setdefault(fact, value)
    return unpacked


def _keys(name: PurePosixPath) -> list[str]:
    """Return the names that files of one sample share: up to the last dot, and to the first."""
    return [str(name.with_suffix("")), str(name.with_name(name.name.partition(".")[0]))]


def _add_sound(tar: Path, unpacked: Unpacked, name: PurePosixPath, content: IO[bytes]) -> None:
    path = unpacked.folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            shutil.copyfileobj(content, file, 2**20)
            size = file.tell()
    except tarfile.ReadError:  # the tar ends here, as `files_in` will say
        path.unlink()
    except OSError as error:
        if not isinstance(error, FileExistsError) and error.errno not in _BAD_NAME:
            error.filename = error.filename or str(path)
            raise
        reason = "another file has its name" if error.errno == errno.EEXIST else error.strerror
        message = f"{tar}: {in_a_line(str(name))} is not read: {str(reason).lower()}."
        unpacked.problems.append(Problem(str(tar), "tar", in_a_line(message)))
    else:
        unpacked.clips.append({"path": str(name), "size": size})


def _said(
    tar: Path, unpacked: Unpacked, name: PurePosixPath, suffix: str, content: IO[bytes]
) -> dict[str, str]:
    """Return what a file of a sample says of its sounds: those of `FIELDS` that it has."""
    try:
        raw = content.read(MOST_LABEL_BYTES + 1)
        if len(raw) > MOST_LABEL_BYTES:
            raise ValueError("too long")
        text = raw.decode("utf-8-sig").strip()
        if suffix == "json":
            return _fields(json.loads(text))
        if len(text) > MOST_LETTERS or not text.isprintable():
            if suffix == "cls":
                raise ValueError("not a class")
            unpacked.n_long_texts += 1
            return {}
    except tarfile.ReadError:  # the tar ends here, as `files_in` will say
        return {}
    except (ValueError, RecursionError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeError) else in_a_line(str(error))
        message = f"{tar}: the label in {in_a_line(str(name))} is not read ({reason})."
        unpacked.problems.append(Problem(str(tar), "label", in_a_line(message)))
        return {}
    return {"label": text} if text else {}


def _fields(content: Any) -> dict[str, str]:
    """Return those of `FIELDS` that a JSON object has, by what they are usually called."""
    if not isinstance(content, dict):
        raise ValueError('not an object such as {"label": "dog"}')
    fields: dict[str, str] = {}
    for key, value in content.items():
        fact = our_name(key)
        values = value if isinstance(value, list) else [value]
        if fact in FIELDS and all(isinstance(each, str | int | float) for each in values):
            text = ";".join(str(each).strip() for each in values)
            if len(text) <= MOST_LETTERS and text.isprintable():
                fields.setdefault(fact, text)
    return fields


def _present(tar: Path, folder: Path) -> Unpacked | None:
    """Return what an earlier run unpacked, if the tar and its sounds are as they were."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if record["format"] != FORMAT or tuple(record["tar"]) != file_stamp(str(tar)):
            return None
        clips = record["clips"]
        problems = [Problem(**problem) for problem in record["problems"]]
        if any(file_stamp(str(folder / clip["path"]))[0] != clip["size"] for clip in clips):
            return None
        return Unpacked(folder, clips, record["n_long_texts"], problems)
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is damaged
        return None


def _as_json(unpacked: Unpacked) -> dict[str, Any]:
    problems = [asdict(problem) for problem in unpacked.problems]
    return {
        "clips": unpacked.clips,
        "n_long_texts": unpacked.n_long_texts,
        "problems": problems,
    }


def _require_room(tar: Path, folder: Path, n_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise SourceError(
            f"{tar}: has {n_bytes / 1e9:.2f} GB, and {free / 1e9:.2f} GB are free in {folder}, "
            "where it is unpacked: make room, or set XDG_CACHE_HOME to another folder."
        )
