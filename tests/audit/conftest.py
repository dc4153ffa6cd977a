"""Sources with wrong labels, and audits of them."""

import pandas as pd
import pytest

from soundalike.audit.audit import audit

WRONG = {("low", 3): "high", ("middle", 5): "low"}


@pytest.fixture(scope="session")
def mislabeled(sound_folder, tmp_path_factory):
    """The manifest of `sound_folder`, in two folds, with two wrong labels."""
    rows = []
    for path in sorted(sound_folder.rglob("*.wav")):
        kind, number = path.parent.name, int(path.stem)
        label = WRONG.get((kind, number), kind)
        rows.append({"path": path, "label": label, "fold": number % 2 + 1, "kind": kind})
    manifest = tmp_path_factory.mktemp("mislabeled") / "clips.csv"
    pd.DataFrame(rows).to_csv(manifest, index=False)
    return manifest


@pytest.fixture(scope="session")
def audited(mislabeled, run, tmp_path_factory):
    """The folder of an audit of `mislabeled`, which tests must not change."""
    out = tmp_path_factory.mktemp("audits") / "audit"
    audit(run.path, str(mislabeled), out, progress=False)
    return out
