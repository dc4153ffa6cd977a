"""Measure whether a model recognizes clips again that are fainter, clicked, or beside a gunshot.

    python experiments/levels.py default esc10:ROOT --levels peak minute_peak

Of clips spread over a set, each is changed, and counts if its nearest neighbor among the unchanged
ones is itself: with a peak at -50 and at -60 dB of full scale, stored in 16 bits; with 0.1 s of
noise or of a tone whose peak is 20 dB above that of the clip; and cut from one recording of all
clips at -40 dB with a gunshot, half a second of noise at full scale, in the middle. The model is
used as it is, with each level in its front end.
"""

import argparse
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd

from soundalike.audio.waveform import read_waveform
from soundalike.datasets.source import read_source
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.window_embeddings import encode_windows

CLICK_S, CLICK_DB = 0.1, 20
SHOT_S = 0.5


def read_clips(source: str, n_clips: int, rate: int) -> list[np.ndarray]:
    """Read clips spread over a source; those with the same samples count once."""
    table = read_source(source)
    indices = np.linspace(0, len(table) - 1, n_clips).round().astype(int)
    clips = [
        read_waveform(clip.path, rate, clip.start_s, clip.end_s) for clip in table.where(indices)
    ]
    return list({clip.tobytes(): clip for clip in clips}.values())


def at_peak(clip: np.ndarray, peak_db: float) -> np.ndarray:
    """Return a clip at a peak, as 16 bits hold it."""
    scaled = clip * (10 ** (peak_db / 20) / np.abs(clip).max())
    return (np.round(scaled * 2**15) / 2**15).astype(np.float32)


def with_click(clip: np.ndarray, rate: int, is_tone: bool, rng: np.random.Generator) -> np.ndarray:
    """Add a click at a random place."""
    n_samples = round(CLICK_S * rate)
    start = rng.integers(max(1, len(clip) - n_samples))
    click = rng.uniform(-1, 1, n_samples)
    if is_tone:
        click = np.sin(2 * np.pi * 1500 / rate * np.arange(n_samples))
    clicked = clip.copy()
    place = clicked[start : start + n_samples]
    place += (10 ** (CLICK_DB / 20) * np.abs(clip).max() * click)[: len(place)]
    return clicked


def from_recording(
    model: SoundEncoder, clips: list[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Embed clips as parts of one recording with a gunshot in its middle: [clips, dim]."""
    front_end = model.front_end
    faint = [at_peak(clip, -40) for clip in clips]
    middle = len(faint) // 2
    faint.insert(middle, rng.uniform(-1, 1, round(SHOT_S * front_end.sample_rate)).astype("f4"))
    starts = np.cumsum([0, *map(len, faint)]) // front_end.hop_length
    log_mel = front_end.of_clip(np.concatenate(faint))
    parts = [log_mel[start:end] for start, end in itertools.pairwise(starts)]
    return encode(model, [part for index, part in enumerate(parts) if index != middle])


def encode(model: SoundEncoder, log_mels: list[np.ndarray]) -> np.ndarray:
    """Return the mean embedding of the windows of each log_mel: [clips, dim]."""
    sums, counts = np.zeros((len(log_mels), model.dim)), np.zeros((len(log_mels), 1))
    for batch in encode_windows(model, ([log_mel] for log_mel in log_mels)):
        np.add.at(sums, batch.clips, batch.vectors)
        np.add.at(counts, batch.clips, 1)
    return sums / counts


def share_recognized(changed: np.ndarray, originals: np.ndarray) -> float:
    similarity = SoundEncoder.similarity(changed, originals)
    return float((similarity.argmax(axis=1) == np.arange(len(originals))).mean())


def measure(model: SoundEncoder, clips: list[np.ndarray], seed: int = 0) -> dict[str, float]:
    """Return the share of clips that are recognized, for each change."""
    rng, rate = np.random.default_rng(seed), model.front_end.sample_rate
    of_clip = model.front_end.of_clip

    def embed(changed: list[np.ndarray]) -> np.ndarray:
        return encode(model, [of_clip(clip) for clip in changed])

    originals = embed(clips)
    embeddings = {
        "peak -50 dB": embed([at_peak(clip, -50) for clip in clips]),
        "peak -60 dB": embed([at_peak(clip, -60) for clip in clips]),
        "noise click": embed([with_click(clip, rate, False, rng) for clip in clips]),
        "tone click": embed([with_click(clip, rate, True, rng) for clip in clips]),
        "beside a gunshot": from_recording(model, clips, rng),
    }
    return {name: share_recognized(changed, originals) for name, changed in embeddings.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("source")
    parser.add_argument("--levels", nargs="+", default=["peak", "minute_peak"])
    parser.add_argument("--clips", type=int, default=102)
    arguments = parser.parse_args()
    model = SoundEncoder.from_pretrained(arguments.model)
    clips = read_clips(arguments.source, arguments.clips, model.front_end.sample_rate)
    table = {}
    for level in arguments.levels:
        model.front_end = replace(model.front_end, level=level)
        table[level] = measure(model, clips)
    print(f"{len(clips)} clips of {arguments.source}")
    print(pd.DataFrame(table).T.to_string(float_format="{:.2f}".format))
