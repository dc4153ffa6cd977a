"""Evaluate a model on a source, and keep the results where they can be found again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.in_place import put_in_place
from soundalike.datasets.prepare import open_or_prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.splits import evaluation_splits
from soundalike.datasets.store import Store, is_store, open_store
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.training.protocols import evaluate
from soundalike.training.run_folder import CONFIG, read_config


def evaluate_run(
    model: str | Path,
    source: str,
    protocols: list[str],
    out: Path | None = None,
    *,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, Any]:
    """Evaluate a run or a model folder; write ``results.json`` and ``predictions.csv``.

    A run that did not hear one fold of the source is tested on that fold alone.

    Args:
        model: run folder, or folder of a model.
        source: labelled clips.
        protocols: keys of `soundalike.training.protocols.PROTOCOLS`.
        out: folder of the results, and of a store where none is at hand; by default one of the
            source's name below ``evaluation`` in the model's folder.
        seed: of the untrained encoder, the linear probe and the interval.
        progress: whether to show progress bars.

    Returns:
        What is in ``results.json``: the `rows` of the table without their predictions, what was
        evaluated, and whether pre-training `heard_test_clips` (without their labels).

    Raises:
        ModelError: the model cannot be loaded.
        SourceError: the source cannot be used, or nothing in it can be tested.
    """
    model = Path(model)
    ear = SoundEncoder.from_pretrained(model)
    clips = read_source(source)
    out = out or model / "evaluation" / clips.name.replace(":", "-")
    config = read_config(model) if (model / CONFIG).exists() else {}
    store = _store(model, source, clips, ear, out, progress)
    splits = evaluation_splits(store)
    same_clips = config.get("clips") == store.fingerprint
    if same_clips and config["test_fold"] is not None:
        splits = [split for split in splits if split.name == f"fold {config['test_fold']}"]
    found = evaluate(ear, store, splits, protocols, seed=seed, progress=progress)
    results = {
        "model": str(model),
        "source": source,
        "splits": [split.name for split in splits],
        "n_test_clips": len(found["labels"]),
        "heard_test_clips": same_clips and not _was_held_out(store, config),
        "seed": seed,
        "out": str(out),
        "rows": [_plain(row) for row in found["rows"]],
    }
    out.mkdir(parents=True, exist_ok=True)
    with put_in_place(out / "predictions.csv") as path:
        _predictions(store, found).to_csv(path, index=False)
    with put_in_place(out / "results.json") as path:
        path.write_text(json.dumps(results, indent=1) + "\n")
    return results


def _store(
    model: Path, source: str, clips: ClipTable, ear: SoundEncoder, out: Path, progress: bool
) -> Store:
    """Open the run's own store where it holds the source's clips, otherwise make one."""
    own = model / "store"
    if is_store(own) and not is_store(Path(source)):
        store = open_store(own)
        if store.fingerprint == clips.fingerprint() and store.log_mel == ear.log_mel:
            return store
    return open_or_prepare(source, out / "store", ear.log_mel, progress=progress)


def _was_held_out(store: Store, config: dict[str, Any]) -> bool:
    return store.clips.has_splits or config["test_fold"] is not None


def _predictions(store: Store, found: dict[str, Any]) -> pd.DataFrame:
    clips = store.clips.rows.iloc[found["test_clips"]]
    columns = {
        f"{row['protocol']}, {row['representation']}": np.array(found["classes"])[
            row["predictions"]
        ]
        for row in found["rows"]
    }
    return clips[["path", "label", "split", "fold"]].assign(**columns)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key != "predictions"}
    return kept | {"interval": list(row["interval"]), "confusion": row["confusion"].tolist()}
