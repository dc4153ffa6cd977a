"""Audit the labels of a source: which are wrong, how many, and which sounds say so."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.audit.advice import Advice, advice_on_label_sets, advise
from soundalike.audit.audited_clips import AuditedClips, audited_clips
from soundalike.audit.duplicates import (
    DUPLICATES,
    DuplicatePair,
    duplicates_of,
    join_recordings,
    pairs_of_clips,
)
from soundalike.audit.evidence import EVIDENCE, write_evidence
from soundalike.audit.judgment import Judgment, judge
from soundalike.audit.labels_file import read_labels, undecided, with_decisions, write_labels
from soundalike.audit.labels_text import LABELS, UNDECIDED
from soundalike.audit.noise_kind import kind_of_noise
from soundalike.audit.result_file import RESULT
from soundalike.audit.suspicious_labels import (
    N_NEIGHBORS,
    SuspiciousLabel,
    by_suspicion,
    most_suspicious,
)
from soundalike.audit.verdict import verdict
from soundalike.audit.verified_labels import check_by_verified
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.near_duplicates import NearDuplicate
from soundalike.datasets.source import read_source
from soundalike.downstream.clip_vectors import clip_vectors
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.nearest_clips import nearest_clips
from soundalike.runtime.atomic import remove_partial_files, write_json
from soundalike.runtime.folders import output_folder
from soundalike.runtime.freed_memory import keep_freed_memory
from soundalike.runtime.hardware import choose_hardware
from soundalike.runtime.heartbeat import working_on
from soundalike.runtime.lock import locked


@dataclass(frozen=True)
class AuditResult:
    """The findings of an audit.

    Args:
        verdict: how many labels are wrong, in one sentence.
        model: the model whose embeddings were compared.
        source: the source.
        out: folder of the results.
        classes: names of the classes.
        n_clips: clips with a label.
        n_unlabeled: clips without one, which take no part.
        n_decided: labels that a person has decided on.
        n_wrong: expected number of wrong labels.
        interval: of this number, 95%.
        findings: what is mistaken for what, the most frequent first, a sentence each.
        noise_matrix: expected number of clips by true class (rows) and label (columns); a last row
            counts sounds that are none of the classes. Empty for clips with several labels.
        check: how many of the labels that the source calls verified are suspicious; "" if it has no
            such column.
        advice: which classifier to train with these labels.
        suspicious: the most suspicious labels that are not decided on.
        duplicates: clips that share a part, those with different labels first.
    """

    verdict: str
    model: str
    source: str
    out: str
    classes: list[str]
    n_clips: int
    n_unlabeled: int
    n_decided: int
    n_wrong: float
    interval: tuple[float, float]
    findings: list[str]
    noise_matrix: list[list[float]]
    check: str
    advice: Advice
    suspicious: list[SuspiciousLabel]
    duplicates: list[DuplicatePair]


def audit(
    model: str | Path,
    source: str,
    out: Path,
    *,
    clips: ClipTable | None = None,
    with_duplicates: bool = True,
    seed: int = 0,
    progress: bool = True,
) -> AuditResult:
    """Estimate which labels of a source are wrong; write ``labels.csv`` and ``evidence.parquet``.

    Decisions in an earlier ``labels.csv`` stay, and are learned from: a label that a person has
    confirmed or replaced is right, and clips that are dropped take no part. Columns that the person
    has added stay, too. Embeddings and duplicates of an earlier audit are read again if the clips
    are the same.

    Args:
        model: run folder, model folder, or name of a shipped model.
        source: labeled clips.
        out: folder of the results, and of a store if one has to be prepared.
        clips: the clips of the source, if it has been read.
        with_duplicates: If true, clips that share a part are looked for. They count as one
            recording, which does not testify for itself.
        seed: random seed of the folds and the interval.
        progress: If true, progress bars are shown on standard error.

    Raises:
        ModelError: the model cannot be loaded.
        SourceError: the source cannot be used.
        TableError: the decisions cannot be read.
        InUseError: another audit is writing to the folder.
        OSError: a file cannot be written.
    """
    keep_freed_memory()
    encoder = SoundEncoder.from_pretrained(model).to(choose_hardware().accelerator)
    clips = read_source(source) if clips is None else clips
    with output_folder(out), locked(out):
        remove_partial_files(*(out / name for name in (LABELS, EVIDENCE, RESULT, DUPLICATES)))
        if (out / LABELS).exists():
            read_labels(out / LABELS)  # one that cannot be read is refused before the long work
        labeled = audited_clips(encoder, source, clips, out, progress)
        parts = duplicates_of(out / DUPLICATES, labeled.store, progress) if with_duplicates else []
        recordings = join_recordings(labeled.features.recordings, parts)
        table = _with_decisions_of(out, undecided(labeled.store.clips))
        with working_on("find wrong labels", is_shown=progress):
            vectors = clip_vectors(labeled.features)
            judgment = judge(vectors, table, recordings, seed)
            neighbors, similarity = nearest_clips(vectors.vectors, recordings, N_NEIGHBORS)
        table = by_suspicion(table, judgment, neighbors, similarity)
        table = _with_decisions_of(out, table)  # spreadsheets save them without our lock
        result = _result(str(model), source, out, labeled, table, judgment, parts)
        write_evidence(out / EVIDENCE, labeled.store.clips, neighbors, similarity)
        write_labels(out / LABELS, table)
        write_json(out / RESULT, dataclasses.asdict(result))  # the last file
    return result


def _with_decisions_of(out: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the decisions that are in the folder now."""
    file = out / LABELS
    return with_decisions(table, read_labels(file)) if file.exists() else table


def _result(
    model: str,
    source: str,
    out: Path,
    labeled: AuditedClips,
    table: pd.DataFrame,
    judgment: Judgment,
    parts: list[NearDuplicate],
) -> AuditResult:
    return AuditResult(
        verdict=verdict(judgment.n_wrong, judgment.interval, len(table), "label"),
        model=model,
        source=source,
        out=str(out),
        classes=judgment.classes,
        n_clips=len(table),
        n_unlabeled=labeled.n_unlabeled,
        n_decided=int((table["decision"] != UNDECIDED).sum()),
        n_wrong=judgment.n_wrong,
        interval=judgment.interval,
        findings=judgment.findings,
        noise_matrix=np.round(judgment.noise_counts, 2).tolist(),
        check=check_by_verified(labeled.store.clips, judgment.p_wrong),
        advice=_advice(judgment, len(table)),
        suspicious=most_suspicious(table),
        duplicates=pairs_of_clips(labeled.store, parts),
    )


def _advice(judgment: Judgment, n_labels: int) -> Advice:
    if not judgment.noise_counts.size:
        return advice_on_label_sets()
    rate = judgment.n_wrong / n_labels
    return advise(kind_of_noise(judgment.noise_counts), rate, n_labels, len(judgment.classes))
