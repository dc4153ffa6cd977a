"""Detectors with the model of their archive, as a classifier that runs on new recordings."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import torch

from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.labeling.detector import Detector
from soundalike.labeling.queue import logit
from soundalike.runtime.atomic import remove_partial_files
from soundalike.runtime.folders import output_folder
from soundalike.runtime.lock import locked

DETECTORS = "detectors"
MOST_CHARACTERS = 60


def detector_folder(archive: Path, label: str) -> Path:
    """Return the folder for the detector of a label, in the folder of its archive.

    >>> detector_folder(Path("birds"), "tawny owl").as_posix()
    'birds/detectors/tawny owl'
    >>> detector_folder(Path("birds"), "../owl?").as_posix()
    'birds/detectors/owl-0e66f6'
    """
    name = re.sub(r"[^\w -]+", " ", label)[:MOST_CHARACTERS].strip()
    if name != label:
        name = f"{name}-{hashlib.sha256(label.encode()).hexdigest()[:6]}"
    return archive / DETECTORS / name


def save_detectors(
    detectors: Mapping[str, tuple[Detector, float]], model: SoundEncoder, folder: Path
) -> None:
    """Write a classifier with a class for each detector.

    A classifier has one threshold. If it has several classes, this is 0.5, and a constant is added
    to the logits of each detector, so that 0.5 stands for its own threshold.

    Args:
        detectors: by the name of the class, a detector of vectors that the model makes, and the
            score from which on the class is assigned.
        model: the model, with the windows of the archive.
        folder: created if it does not exist; a classifier that it has is replaced.

    Raises:
        InUseError: another process is writing the folder.
        OSError: a file cannot be written.
    """
    thresholds = [threshold for _, threshold in detectors.values()]
    common = thresholds[0] if len(thresholds) == 1 else 0.5
    classifier = SoundClassifier(
        model, list(detectors), multi_label=True, threshold=common, unit_length=True
    )
    with torch.no_grad():
        for number, (detector, threshold) in enumerate(detectors.values()):
            shift = float(logit(common) - logit(threshold))
            classifier.linear.weight[number] = torch.from_numpy(detector.weight)
            classifier.linear.bias[number] = detector.bias + shift
    with output_folder(folder), locked(folder):
        remove_partial_files(folder)
        classifier.save(folder)
