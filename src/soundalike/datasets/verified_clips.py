"""Which labels of a store are verified, brought up to date: people go on listening to its clips."""

import dataclasses

import pandas as pd

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.store import CLIPS, Store
from soundalike.datasets.verified import VERIFIED, verified_rows
from soundalike.runtime.atomic import atomic_write
from soundalike.runtime.lock import locked

KEY = ["path", "start_s", "end_s"]


def with_verified(store: Store, clips: ClipTable) -> Store:
    """Return a store with the labels verified that its source calls so now.

    Args:
        store: all clips of a store.
        clips: its source, with the fingerprint of the store: only this column may differ.
    """
    rows = store.clips.rows
    now = clips.rows[KEY].assign(**{VERIFIED: verified_rows(clips.rows)}).drop_duplicates(KEY)
    is_verified = rows[KEY].merge(now, "left", on=KEY)[VERIFIED].eq(True).to_numpy()
    if (is_verified == verified_rows(rows)).all():
        return store
    rows = rows.assign(**{VERIFIED: is_verified})
    return dataclasses.replace(store, clips=dataclasses.replace(store.clips, rows=rows))


def update_verified(store: Store, clips: ClipTable) -> Store:
    """Return what `with_verified` does, and write it to the store if it differs.

    Raises:
        InUseError: another run is preparing it.
        OSError: a file cannot be written.
    """
    current = with_verified(store, clips)
    if current is not store:
        with locked(store.path), atomic_write(store.path / CLIPS) as path:
            rows = pd.read_parquet(store.path / CLIPS)
            rows[VERIFIED] = current.clips.rows[VERIFIED]
            rows.to_parquet(path, index=False)
    return current
