"""Memory does not follow the length of a recording, whatever is done with it."""

import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.prepare import prepare
from soundalike.datasets.store import open_store
from soundalike.downstream.features import embeddings
from soundalike.embedding.classify import classify
from soundalike.embedding.classify_events import classify_events
from soundalike.embedding.embed import embed
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import build_encoder
from soundalike.search.archive import Archive
from soundalike.search.fill import fill

SHORT, LONG = 6, 12  # minutes: both are longer than the windows of a batch together
LENGTHS = SHORT, LONG, 2 * LONG


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> dict[int, ClipTable]:
    """One stereo recording of each length."""
    folder = tmp_path_factory.mktemp("long")
    minute = np.random.default_rng(0).uniform(-0.3, 0.3, (60 * 22050, 2))
    for minutes in LENGTHS:
        with soundfile.SoundFile(folder / f"{minutes}.wav", "w", 22050, 2) as file:
            for _ in range(minutes):
                file.write(minute)
    return {
        minutes: ClipTable.of("long", [Clip(str(folder / f"{minutes}.wav"))]) for minutes in LENGTHS
    }


@pytest.fixture(scope="module")
def classifier() -> SoundClassifier:
    """A small model with windows of 10 s."""
    torch.manual_seed(0)
    settings = {"name": "resnet18", "width": 4}
    windows = Windows.half_overlapping(1003, 101)
    model = SoundEncoder(
        build_encoder(settings), settings, LogMel(), Standardization(-3.0, 2.0), windows
    )
    return SoundClassifier(model, ["a", "b"], threshold=0.5).eval()


def peak_mb(work: Callable[[], object]) -> float:
    """Return the highest memory of NumPy and Python; torch's depends on the batch size only."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["embed", "archive", "classify", "events", "prepare", "evaluate"]
)
def test_memory_is_flat(recordings, classifier, command, tmp_path) -> None:
    """As a whole, the waveform of 12 minutes has 64 MB, and its log-mel 25 MB."""

    def work(minutes: int, out: Path) -> object:
        clips = recordings[minutes]
        if command == "embed":
            return embed(classifier.model, clips, out, progress=False)
        if command == "archive":
            archive = Archive.open_for(out, classifier.model)
            return fill(archive, classifier.model, clips, progress=False)
        if command == "classify":
            return classify(classifier, clips, out, progress=False)
        if command == "events":
            return classify_events(classifier, clips, out, progress=False)
        if command == "prepare":
            return prepare(clips, out, n_workers=1, progress=False)
        return embeddings(classifier.model, open_store(tmp_path / f"store {minutes}"))

    if command == "evaluate":
        for minutes in (SHORT, LONG):
            prepare(recordings[minutes], tmp_path / f"store {minutes}", n_workers=1, progress=False)
    work(SHORT, tmp_path / "imports and caches.csv")
    short, long = (peak_mb(lambda m=m: work(m, tmp_path / f"out {m}.csv")) for m in (SHORT, LONG))
    assert long < 1.2 * short


EMBED = """
import sys
from soundalike.cli.main import main

code = main(["embed", "default", *sys.argv[1:]])
with open("/proc/self/status") as file:
    (peak,) = [line.split()[1] for line in file if line.startswith("VmHWM")]
print(peak)
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_long_recording_is_embedded_in_a_gigabyte(recordings, nursery, tmp_path) -> None:
    """The memory of the whole process: with what the C library keeps and torch allocates."""
    peaks_mb = []
    for minutes in (SHORT, 2 * LONG):
        (source,) = recordings[minutes].rows["path"]
        process = nursery.run("-c", EMBED, source, "--out", tmp_path / f"{minutes}.parquet")
        assert process.returncode == 0, process.stderr
        peaks_mb.append(int(process.stdout.splitlines()[-1]) / 1e3)
    short, long = peaks_mb
    assert long < 1000
    assert long < 1.2 * short
