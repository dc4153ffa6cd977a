"""Download one large file over an unreliable connection, and verify it."""

import functools
import os
import shutil
import time
from pathlib import Path

import pooch
import requests

from soundalike.runtime.progress import progress_bar

N_TRIES = 5
PAUSE_S = 3.0
TIMEOUT_S = (10.0, 60.0)  # to connect, and without any data
CHUNK_BYTES = 1 << 16  # at most this much is lost when the connection breaks
RETRIED_STATUS = (408, 429)  # client errors that are worth a retry: timeout, too many requests

pooch.get_logger().setLevel("WARNING")  # the progress bar already shows what is being fetched


class DownloadError(Exception):
    """A download failed; the one-line message says what to do."""

    exit_code = 1


def fetch(url: str, path: Path, md5: str, *, spare_bytes: int = 0, progress: bool = True) -> None:
    """Download a file to `path`, where it appears once it is complete and verified.

    Received data is kept in a second file, which survives a broken connection or an interrupt. The
    next attempt or call requests the rest, or the whole file if the server does not support that.
    An existing file is only verified.

    Args:
        url: address of the file.
        path: file to write; its folder must exist.
        md5: MD5 hash of the file, in hexadecimal digits.
        spare_bytes: disk space that must remain free besides the file.
        progress: if true, show a progress bar.

    Raises:
        DownloadError: no connection, a refusal, a wrong file, or a full disk.
        OSError: the file cannot be written.
    """
    partial_file = path.with_name(path.name + ".partial")
    fetch_on = functools.partial(_fetch_on, partial_file, spare_bytes, progress)
    try:
        pooch.retrieve(url, f"md5:{md5}", path.name, path.parent, downloader=fetch_on)
    except ValueError:  # pooch raises it if the hash differs
        raise DownloadError(
            f"{url}: the file differs from the published one (by its md5) and was deleted: "
            "run it again to download it again."
        ) from None


def check_room(folder: Path, n_bytes: int, what: str) -> None:
    """Check that the disk has enough free space.

    Raises:
        DownloadError: fewer bytes are free on the disk of the folder.
    """
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise DownloadError(
            f"{folder}: {what} needs {n_bytes / 1e9:.2f} GB and {free / 1e9:.2f} GB are free: make "
            "room or name another folder, then run it again."
        )


def _fetch_on(
    partial_file: Path, spare_bytes: int, progress: bool, url: str, out: str, _: object
) -> None:
    """Fetch the missing bytes until the file is complete; give up after tries without progress."""
    furthest, tries_left = -1, N_TRIES
    while True:
        try:
            _fetch_rest(url, partial_file, spare_bytes, progress)
            os.replace(partial_file, out)
            return
        except requests.RequestException as error:
            if _is_refusal(error):
                raise DownloadError(
                    f"{url}: {_reason(error)}: see in a browser whether it has moved."
                ) from None
            here = _size(partial_file)
            tries_left = N_TRIES - 1 if here > furthest else tries_left - 1
            furthest = max(here, furthest)
            if not tries_left:
                raise DownloadError(
                    f"{url}: {_reason(error)}: run it again later; it will resume."
                ) from None
            time.sleep(PAUSE_S)


def _fetch_rest(url: str, partial_file: Path, spare_bytes: int, progress: bool) -> None:
    """Request the missing bytes once; request the whole file if the server cannot resume."""
    here = _size(partial_file)
    # "identity", so that lengths and ranges count the bytes of the file itself
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        if answer.status_code == requests.codes.range_not_satisfiable:
            return  # no bytes are missing; the hash decides whether the file is correct
        answer.raise_for_status()
        if answer.status_code != requests.codes.partial_content:
            partial_file.unlink(missing_ok=True)
            here = 0
        length = int(answer.headers.get("Content-Length", 0))  # 0: the server does not say
        check_room(partial_file.parent, length + spare_bytes, partial_file.stem)
        bar = progress_bar(
            name=partial_file.stem,
            unit="bytes",
            total=here + length if length else None,
            initial=here,
            is_shown=progress,
            unit_scale=True,
        )
        with bar, partial_file.open("ab") as file:
            for chunk in answer.iter_content(CHUNK_BYTES):
                file.write(chunk)
                bar.update(len(chunk))


def _is_refusal(error: requests.RequestException) -> bool:
    if error.response is None or error.response.status_code in RETRIED_STATUS:
        return False
    return 400 <= error.response.status_code < 500


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    return "no connection, or it breaks off"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
