"""Move the frames of a store to object storage, in chunks; an interrupted run resumes."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.datasets.chunks import (
    FRAME,
    ChunkedFrames,
    assign_chunks,
    chunk_name,
    pack,
    stretches,
)
from soundalike.datasets.clips import SourceError
from soundalike.datasets.statistics import sums
from soundalike.datasets.store import (
    ADDRESS,
    CHUNK,
    CLIPS,
    FRAMES,
    HEAD,
    SUMS,
    Store,
    is_store,
    open_store,
)
from soundalike.runtime.atomic import atomic_write, write_json
from soundalike.runtime.lock import locked
from soundalike.runtime.object_storage import ObjectStorage, StorageError
from soundalike.runtime.progress import progress_bar

MARK = "of_store.json"  # whose chunks they are, written first
INDEX = "index.json"  # the list of chunks, for litdata; written last
LARGEST_BYTES = 2**32 - 2**27  # of a clip: offsets in a chunk have 32 bits


def require_address(path: Path, address: str) -> None:
    """Refuse an address before a store is prepared that will be moved there.

    Args:
        path: folder of the store, which need not exist.
        address: where its frames shall be.

    Raises:
        SourceError: the store has its frames elsewhere, or it is no address of S3.
        StorageError: the storage cannot be reached.
    """
    if is_store(path):
        _is_at(open_store(path), address)
    _storage(address).sizes()


def upload_frames(path: Path, address: str, *, progress: bool = True) -> Store:
    """Move the frames of a store to an address, and return the store.

    They are deleted from the folder once all chunks are there, and the folder names the address.
    Run again, it uploads what is missing.

    Args:
        path: folder of a finished store.
        address: in object storage, such as ``s3://bucket/birds``.
        progress: if true, show a progress bar.

    Raises:
        SourceError: the frames are at another address, the address is none or has other files, or a
            clip is too long.
        StorageError: the storage cannot be reached.
        InUseError: another run is at work on the store.
    """
    with locked(path):
        store = open_store(path)
        if not _is_at(store, address):
            _upload(store, _storage(address), progress)
            head = json.loads((path / HEAD).read_text())
            write_json(path / HEAD, head | {ADDRESS: address})
        (path / FRAMES).unlink(missing_ok=True)
    return open_store(path)


def _storage(address: str) -> ObjectStorage:
    try:
        return ObjectStorage(address)
    except ValueError as error:
        raise SourceError(f"--frames: {error}.") from None


def _is_at(store: Store, address: str) -> bool:
    """Tell whether the frames of a store are at an address; False if they are in its folder.

    Raises:
        SourceError: they are at another one.
    """
    if not isinstance(store.frames, ChunkedFrames):
        return False
    if (theirs := store.frames.storage.address) != address:
        raise SourceError(f"{store.path}: its frames are at {theirs}: name that address.")
    return True


def _upload(store: Store, storage: ObjectStorage, progress: bool) -> None:
    row = store.front_end.n_mels * FRAME.itemsize
    if len(store.clips) and (longest := int(store.n_frames.max()) * row) > LARGEST_BYTES:
        raise SourceError(
            f"{store.path}: a clip has {longest / 1e9:.1f} GB of frames, and a chunk holds at most "
            f"{LARGEST_BYTES / 1e9:.1f}: cut it into segments, in a manifest."
        )
    there = _claim(store, storage)
    chunk = assign_chunks(store.n_frames, store.front_end.n_mels)
    of_clips = np.zeros((len(chunk), 2))
    chunks, sizes = [], {}
    n_chunks = int(chunk.max(initial=-1)) + 1
    for number in progress_bar(range(n_chunks), name="upload", unit="chunks", is_shown=progress):
        clips, name = np.flatnonzero(chunk == number), chunk_name(number)
        frames = list(stretches(store.frames, store.offsets[clips], store.n_frames[clips]))
        of_clips[clips] = [sums(clip) for clip in frames]
        content = pack(frames)
        sizes[name] = len(content)
        if there.get(name) != len(content):
            storage.write(name, content)
        chunks.append({"filename": name, "chunk_bytes": len(content), "chunk_size": len(clips)})
    _verify(storage, sizes)
    storage.write(INDEX, json.dumps(_index(chunks)).encode())
    rows = pd.read_parquet(store.path / CLIPS).assign(**{CHUNK: chunk})
    rows[SUMS] = of_clips
    with atomic_write(store.path / CLIPS) as temporary:
        rows.to_parquet(temporary, index=False)


def _claim(store: Store, storage: ObjectStorage) -> dict[str, int]:
    """Return the files that are there already, which must be of this store."""
    content = hashlib.sha256(store.audio.tobytes() + store.n_frames.tobytes()).hexdigest()
    mark = json.dumps({"clips": store.fingerprint, "frames": content}).encode()
    there = storage.sizes()
    if there and (MARK not in there or storage.read(MARK) != mark):
        raise SourceError(
            f"{storage.address}: has other files, or the chunks of another store: name another "
            "address."
        )
    storage.write(MARK, mark)
    return there


def _verify(storage: ObjectStorage, sizes: dict[str, int]) -> None:
    there = storage.sizes()
    for name, size in sizes.items():
        if there.get(name) != size:
            raise StorageError(
                f"{storage.address}/{name}: has {there.get(name, 0):,} of {size:,} bytes after its "
                "upload: run it again."
            )


def _index(chunks: list[dict]) -> dict:
    """Return what litdata needs to read the chunks: an item is the bytes of a clip's frames."""
    leaf = '[1, {"type": null, "context": null, "children_spec": []}]'
    return {
        "chunks": [chunk | {"dim": None} for chunk in chunks],
        "config": {
            "compression": None,
            "chunk_size": None,
            "chunk_bytes": None,
            "data_format": ["bytes"],
            "data_spec": leaf,
            "encryption": None,
            "item_loader": "PyTreeLoader",
        },
    }
