"""Damaged files are refused in a line or read; nothing crashes, hangs or fills memory.

Every reader of files from outside has a row in `READERS`: what writes intact files, and what reads
them. Hypothesis damages one of the files. What may come out is what the command line prints in one
line: an error with an exit code, or one of the system.
"""

import resource
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import archives
import numpy as np
import pandas as pd
import pytest
import soundfile
import tars
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.sound_file import read_info
from soundalike.audio.waveform import read_waveform
from soundalike.audit.labels_file import read_labels, write_labels
from soundalike.cli.main import _exit_code
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.store import open_store, read_problems
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.vector_cache import cached
from soundalike.labeling.label_table import LabelTable
from soundalike.recipes.recipe import read_recipe, recipe_text
from soundalike.search.archive import Archive
from soundalike.training.checkpoints import Checkpoints
from soundalike.training.metrics import read_rows
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.training.run_folder import RunFolder, read_training_audio

RATE = 22050
MOST_BYTES = 1 << 30  # more than any reader needs besides what is loaded
WORDS = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0" * 8, b"\xff" * 8, b"nan"]
NUMBERS = [b"-1", b"0", b"1e99", b"9999999999", b"null", b'"', b"\n", b",", b"\t", b"\xff"]


@dataclass(frozen=True)
class Reader:
    """Reads files that come from outside.

    Args:
        write: writes intact files into a folder.
        read: reads them.
    """

    write: Callable[[Path], object]
    read: Callable[[Path], object]


def noise(seconds: float = 1.0) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))


def sounds(suffix: str) -> Reader:
    def read(folder: Path) -> None:
        path = folder / f"a.{suffix}"
        read_info(path)
        read_waveform(path, RATE)

    return Reader(lambda folder: soundfile.write(folder / f"a.{suffix}", noise(), RATE), read)


def table(name: str, text: str) -> Reader:
    """Reads a table of clips beside its sounds."""

    def write(folder: Path) -> None:
        soundfile.write(folder / "a.wav", noise(0.1), RATE)
        (folder / name).write_text(text)

    return Reader(write, lambda folder: read_source(folder / name))


def write_store(folder: Path) -> None:
    for name in "ab":
        soundfile.write(folder / f"{name}.wav", noise(), RATE)
    (folder / "c.wav").write_bytes(b"no sound")
    prepare(read_source(folder), folder / "store", n_workers=1, progress=False)


def read_store(folder: Path) -> None:
    store = open_store(folder / "store")
    store.clips.labels()
    for log_mel in store.log_mels():
        assert log_mel.ndim == 2
    assert store.recordings is not None
    read_problems(folder / "store")


def write_archive(folder: Path) -> None:
    soundfile.write(folder / "a.wav", noise(3), RATE)
    archives.embedded_archive(folder / "archive", folder)


def read_archive(folder: Path) -> None:
    archive = Archive.open(folder / "archive")
    archive.rows()
    archive.clips()
    archive.search("0", k=2)


def write_tar(folder: Path) -> None:
    sample = {"a.wav": tars.sound(), "a.cls": b"dog", "b.wav": tars.sound(1)}
    tars.write_tar(folder / "a.tar", [*sample.items(), ("b.json", b'{"label": "dog", "fold": 1}')])


def read_tar(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        clips = read_source(folder / "a.tar")
    assert all(Path(path).is_file() for path in clips.rows["path"])


def write_checkpoint(folder: Path) -> None:
    torch.save({"step": 3, "n_steps": 3, "weights": torch.ones(50)}, folder / "last.ckpt")


def write_labels_table(folder: Path) -> None:
    columns = ["path", "start_s", "end_s", "label", "suggested", "p_wrong", "decision", "new_label"]
    rows = [
        ["a.wav", 0.0, 1.0, "cat", "dog", 0.9, "relabel", "dog"],
        ["b", 0, 1, "a", "b", 0, "", ""],
    ]
    write_labels(folder / "labels.csv", pd.DataFrame(rows, columns=columns))


def write_vectors(folder: Path) -> None:
    write_store(folder)
    read_vectors(folder)


def read_vectors(folder: Path) -> None:
    store = open_store(folder / "store")

    def compute(clips, report):
        return torch.ones(len(clips.clips), 3), torch.arange(len(clips.clips))

    vectors, clips = cached(folder / "vectors", {"a": 1}, store, compute, lambda *_: None)
    assert vectors.shape == (2, 3)
    assert clips.tolist() == [0, 1]


def write_run(folder: Path) -> None:
    run = RunFolder(folder / "run")
    recipe = read_recipe("tiny", PRETRAINING)
    run.configure(source="-", clips="hash", test_fold=None, recipe=recipe)
    run.training_audio.write_text("0123456789abcdef\n" * 3)
    run.metrics.write_text("step,loss\n1,0.5\n2,0.25\n")


def read_run(folder: Path) -> None:
    run = RunFolder(folder / "run")
    assert run.read_config()
    read_training_audio(run.path)
    read_rows(run.metrics)


def write_answers(folder: Path) -> None:
    LabelTable(folder).assign([("recording", 0.0, 1.0)], "cat", True)


TEXTS = {
    "clips.csv": "path,start_s,end_s,label,fold\na.wav,0,0.05,cat,1\na.wav,0.05,0.1,dog,2\n",
    "a.Table.1.selections.txt": "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\t"
    "Low Freq (Hz)\tHigh Freq (Hz)\tSpecies\n1\tSpectrogram 1\t1\t0.01\t0.05\t0\t1000\tcat\n",
    "a.txt": "0.01\t0.05\tcat\n0.05\t0.09\tdog\n",
    "list.txt": "a.wav\n",
}
READERS = {
    **{suffix: sounds(suffix) for suffix in ("wav", "flac", "ogg", "mp3", "aiff")},
    **{name: table(name, text) for name, text in TEXTS.items()},
    "tar": Reader(write_tar, read_tar),
    "store": Reader(write_store, read_store),
    "vectors": Reader(write_vectors, read_vectors),
    "archive": Reader(write_archive, read_archive),
    "labels of an archive": Reader(write_answers, lambda folder: LabelTable(folder).current()),
    "model": Reader(
        lambda folder: archives.untrained_model().save(folder / "m"),
        lambda folder: SoundEncoder.load(folder / "m"),
    ),
    "classifier": Reader(
        lambda folder: SoundClassifier(archives.untrained_model(), ["a", "b"]).save(folder / "m"),
        lambda folder: SoundClassifier.load(folder / "m"),
    ),
    "recipe": Reader(
        lambda folder: (folder / "r.yaml").write_text(recipe_text("tiny")),
        lambda folder: read_recipe(str(folder / "r.yaml"), PRETRAINING),
    ),
    "run": Reader(write_run, read_run),
    "checkpoint": Reader(
        write_checkpoint, lambda folder: Checkpoints(folder).n_steps_if_finished()
    ),
    "labels of an audit": Reader(
        write_labels_table, lambda folder: read_labels(folder / "labels.csv")
    ),
}


def flip(content: bytes, at: int, word: bytes) -> bytes:
    return content[:at] + bytes([content[at] ^ (word[0] or 1)]) + content[at + 1 :]


DAMAGES = {
    "cut": lambda content, at, word: content[:at],
    "flipped": flip,
    "overwritten": lambda content, at, word: content[:at] + word + content[at + len(word) :],
    "inserted": lambda content, at, word: content[:at] + word + content[at:],
    "left out": lambda content, at, word: content[:at] + content[at + len(word) :],
    "zeros": lambda content, at, word: content[:at] + bytes(len(content) - at),
}


@contextmanager
def limited_memory():
    """Refuse this process more memory than readers need."""
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    n_bytes = pages * resource.getpagesize() + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limits)


class Files:
    """The intact files of a reader, and what is in them."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self.reader, self.folder = reader, folder
        reader.write(folder)
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        self.contents = {path: path.read_bytes() for path in paths if path.stat().st_size}


@pytest.fixture(scope="module", params=READERS)
def files(request, tmp_path_factory) -> Files:
    return Files(READERS[request.param], tmp_path_factory.mktemp("files"))


def test_intact_files_are_read(files):
    files.reader.read(files.folder)


@given(data=st.data())
def test_damaged_files_are_read_or_refused_in_a_line(files, data):
    path = data.draw(st.sampled_from(list(files.contents)))
    intact = files.contents[path]
    # The first bytes say how long everything is.
    at = data.draw(st.integers(0, min(100, len(intact) - 1)) | st.integers(0, len(intact) - 1))
    word = data.draw(st.sampled_from(WORDS + NUMBERS) | st.binary(min_size=1, max_size=8))
    damage = data.draw(st.sampled_from(list(DAMAGES)))
    path.write_bytes(DAMAGES[damage](intact, at, word))
    problem = None
    try:
        with limited_memory():
            files.reader.read(files.folder)
    except Exception as error:
        problem = error
    finally:
        path.write_bytes(intact)
    assert problem is None or _exit_code(problem) is not None, repr(problem)
