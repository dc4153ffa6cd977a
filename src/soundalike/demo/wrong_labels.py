"""The most suspicious labels of the demo's sounds, and which of them are truly wrong.

The demo made its sounds, so it knows the truth; `audit` sees the labels and the sounds only.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.waveform import read_waveform
from soundalike.audit.judgment import judge
from soundalike.audit.labels_file import undecided
from soundalike.audit.suspicious_labels import (
    N_NEIGHBORS,
    NO_CLASS,
    by_suspicion,
    most_suspicious,
)
from soundalike.audit.verdict import verdict
from soundalike.datasets.store import Store
from soundalike.datasets.synthetic import OUT_OF_VOCABULARY, clip_records
from soundalike.downstream.clip_vectors import clip_vectors
from soundalike.downstream.features import Features
from soundalike.evaluation.nearest_clips import nearest_clips
from soundalike.runtime.counts import counted

SOUND_S = 4.0


@dataclass(frozen=True)
class SuspiciousClip:
    """A clip whose label is probably wrong.

    Args:
        file: name of its file.
        label: its label.
        suggested: the most probable label if this one is wrong.
        truth: the true class.
        p_wrong: probability that the label is wrong.
        is_wrong: whether it truly is.
    """

    file: str
    label: str
    suggested: str
    truth: str
    p_wrong: float
    is_wrong: bool


@dataclass(frozen=True)
class WrongLabels:
    """The findings of an audit, and the truth.

    Args:
        estimate: how many labels are wrong by the audit, in one sentence.
        n_clips: number of labels.
        n_wrong: number of labels that are truly wrong.
        suspicious: the most suspicious labels first.
    """

    estimate: str
    n_clips: int
    n_wrong: int
    suspicious: list[SuspiciousClip]

    @property
    def sentence(self) -> str:
        """How many of the most suspicious labels are truly wrong, and how many of all."""
        n_wrong = sum(clip.is_wrong for clip in self.suspicious)
        are = "is" if n_wrong == 1 else "are"
        return (
            f"{n_wrong} of the {len(self.suspicious)} most suspicious labels {are} truly "
            f"wrong. By the audit, {self.estimate}; the truth is {self.n_wrong:,}."
        )


@dataclass(frozen=True)
class Excerpt:
    """The beginning of a clip, to see and hear.

    Args:
        log_mel: of the beginning.
        waveform: of the beginning.

    Shape:
        log_mel: [frames, bands]; waveform: [samples].
    """

    log_mel: NDArray[np.float32]
    waveform: NDArray[np.float32]


def find_wrong_labels(
    store: Store, features: Features, size: str
) -> tuple[WrongLabels, list[Excerpt]]:
    """Audit the labels of the synthetic set; return the findings, and the suspicious clips' sounds.

    Args:
        store: log-mels of the set.
        features: embeddings of all its clips.
        size: of the set, a key of `SIZES`.
    """
    table = undecided(store.clips)
    vectors = clip_vectors(features)
    judgment = judge(vectors, table, store.recordings)
    nearest = nearest_clips(vectors.vectors, store.recordings, N_NEIGHBORS)
    true_names = {record.fname: record.true_label for record in clip_records(size)}
    truths = [true_names[Path(path).name] for path in table["path"]]
    suspicious, excerpts = [], []
    for each in most_suspicious(by_suspicion(table, judgment, *nearest)):
        file = Path(each.path).name
        excerpts.append(_excerpt(store, table["path"].tolist().index(each.path)))
        suspicious.append(
            SuspiciousClip(
                file,
                _readable(each.label),
                _readable(each.suggestion),
                _true_name(true_names[file]),
                each.p_wrong,
                each.label != true_names[file],
            )
        )
    n_wrong = sum(label != truth for label, truth in zip(table["label"], truths, strict=True))
    estimate = verdict(judgment.n_wrong, judgment.interval, len(table), "label")
    findings = WrongLabels(estimate, len(table), n_wrong, suspicious)
    return findings, excerpts


def in_words(findings: WrongLabels) -> list[str]:
    """Return lines that list the suspicious labels and say how many are wrong."""
    width = max((len(clip.label) for clip in findings.suspicious), default=0)
    lines = [
        f"  p(wrong) {clip.p_wrong:.2f}  {clip.file}  {clip.label + '?':{width + 1}}  "
        f"truly {clip.truth if clip.is_wrong else 'right'}"
        for clip in findings.suspicious
    ]
    first = f"The most suspicious of {counted(findings.n_clips, 'label')}:"
    return [first, *lines, findings.sentence]


def _excerpt(store: Store, clip: int) -> Excerpt:
    front_end = store.front_end
    waveform = read_waveform(
        store.clips.rows["path"].iloc[clip], front_end.sample_rate, 0.0, SOUND_S
    )
    return Excerpt(store.of_clip(clip)[: round(SOUND_S / front_end.hop_s)], waveform)


def _true_name(name: str) -> str:
    if name.startswith(OUT_OF_VOCABULARY):
        return f"{_readable(name.removeprefix(OUT_OF_VOCABULARY))} ({NO_CLASS})"
    return _readable(name)


def _readable(name: str) -> str:
    return name.replace("_", " ")
