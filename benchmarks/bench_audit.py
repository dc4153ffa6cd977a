"""An audit of labels after embedding: seconds, and peak memory of the process.

The vectors are those of `jittered_archives`, each labeled with the class of the first of its two
sounds; a fifth of the labels are wrong, in any other class. A hundred other sounds are outside the
classes. The last column has the area under the ROC curve of finding the wrong labels.

`python benchmarks/bench_audit.py 100000 10` takes other numbers of clips and classes than 1,600 in
40.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator

import numpy as np
from jittered_archives import base
from measure import Row, in_a_process, table
from sklearn.metrics import roc_auc_score

N_CLIPS, N_CLASSES, AIM_S = 1600, 40, 60
WRONG, N_OUTSIDE, N_NEIGHBORS = 0.2, 100, 10


def rows() -> Iterator[Row]:
    """Yield seconds and memory."""
    sizes = [int(word) for word in sys.argv[1:3]] or [N_CLIPS, N_CLASSES]
    figures = in_a_process(__file__, "audit", *sizes)
    what = "{:,} clips, {} classes, 512 numbers".format(*sizes)
    aim = f" (aim: under {AIM_S})" if sizes == [N_CLIPS, N_CLASSES] else ""
    auroc = f"AUROC {figures['auroc']:.3f}"
    yield Row(f"{what}{aim}", figures["seconds"], "s", difference=auroc)
    yield Row(what, figures["megabytes"], "MB extra")


def labeled_clips(n_clips: int, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return unit vectors [clips, dim], their true classes and their labels [clips]."""
    rng, sounds = np.random.default_rng(0), base()[N_OUTSIDE:]
    first, second = rng.integers(0, len(sounds), (2, n_clips))
    share = rng.uniform(0, 0.5, (n_clips, 1)).astype(np.float32)
    noise = sounds.std() * rng.standard_normal((n_clips, sounds.shape[1]), np.float32)
    vectors = sounds[first] * (1 - share) + sounds[second] * share + noise
    truth = first % n_classes
    others = (truth + rng.integers(1, n_classes, n_clips)) % n_classes
    labels = np.where(rng.random(n_clips) < WRONG, others, truth)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), truth, labels


def audit(n_clips: int, n_classes: int) -> dict[str, float]:
    """Audit labels in this process; return seconds, and by how much the memory has grown."""
    from soundalike.evaluation.clean_labels import clean_label_posterior
    from soundalike.evaluation.nearest_clips import nearest_clips

    vectors, truth, labels = labeled_clips(n_clips, n_classes)
    outside = base()[:N_OUTSIDE] / np.linalg.norm(base()[:N_OUTSIDE], axis=1, keepdims=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    clean = clean_label_posterior(vectors, labels, n_classes=n_classes, background=outside)
    nearest_clips(vectors, np.arange(n_clips), N_NEIGHBORS)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    auroc = roc_auc_score(labels != truth, clean.p_wrong)
    return {"seconds": seconds, "megabytes": (after - before) / 1024, "auroc": auroc}


if __name__ == "__main__":
    if sys.argv[1:2] == ["audit"]:
        print(json.dumps(audit(int(sys.argv[2]), int(sys.argv[3]))))
    else:
        print(table(rows()))
