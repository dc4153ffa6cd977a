"""A detector with the model of its archive, as a classifier that runs on new recordings."""

import hashlib
import re
from pathlib import Path

import torch

from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.labeling.detector import Detector

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


def save_detector(
    detector: Detector, model: SoundEncoder, label: str, threshold: float, folder: Path
) -> None:
    """Write a classifier of one class.

    Args:
        detector: of vectors that the model makes.
        model: the model, with the windows of the archive.
        label: name of the class.
        threshold: probability from which on the class is assigned.
        folder: created if it does not exist; a classifier that it has is replaced.

    Raises:
        OSError: a file cannot be written.
    """
    classifier = SoundClassifier(
        model, [label], multi_label=True, threshold=threshold, unit_length=True
    )
    with torch.no_grad():
        classifier.linear.weight[0] = torch.from_numpy(detector.weight)
        classifier.linear.bias[0] = detector.bias
    classifier.save(folder)
