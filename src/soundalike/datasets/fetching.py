"""One large file over a line that breaks: verified, and whole or not there."""

import functools
import os
import shutil
import time
from pathlib import Path

import pooch
import requests
from tqdm import tqdm

N_TRIES = 5
PAUSE_S = 3.0
TIMEOUT_S = (10.0, 60.0)  # to connect, and of silence on the line
CHUNK_BYTES = 1 << 16  # less than this is lost when the line is cut
WORTH_ANOTHER_TRY = (408, 429)  # of the answers that say that the fault is ours: late, too often

pooch.get_logger().setLevel("WARNING")  # that a file is being fetched is what the bar says


class DownloadError(Exception):
    """Something could not be fetched: one plain line that says what to do."""

    exit_code = 1


def fetch(url: str, path: Path, md5: str, *, spare_bytes: int = 0, progress: bool = True) -> None:
    """Fetch a file to `path`, where it appears when it is whole and right.

    What has arrived lies beside it and is kept when the line breaks or somebody interrupts: the
    next try, or the next call, asks the server for the rest. A server that cannot give a part of
    a file is asked for all of it again. A file that is there already is only verified.

    Args:
        url: where it is.
        path: where it goes; the folder must exist.
        md5: of the file, in hexadecimal digits.
        spare_bytes: room that must be left on the disk beside the file.
        progress: whether to show a progress bar.

    Raises:
        DownloadError: no connection, a refusal, another file than was promised, or no room.
        OSError: the file cannot be written.
    """
    beside = path.with_name(path.name + ".partial")
    fetch_on = functools.partial(_fetch_on, beside, spare_bytes, progress)
    try:
        pooch.retrieve(url, f"md5:{md5}", path.name, path.parent, downloader=fetch_on)
    except ValueError:  # which is how pooch says that the hash differs
        raise DownloadError(
            f"{url}: what arrived is not what was published (its md5 differs), and was deleted: "
            "run it again to fetch it anew."
        ) from None


def check_room(folder: Path, n_bytes: int, what: str) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        DownloadError: fewer bytes than these are free where the folder is.
    """
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise DownloadError(
            f"{folder}: {what} needs {n_bytes / 1e9:.2f} GB and {free / 1e9:.2f} GB are free: make "
            "room or name another place, then run it again."
        )


def _fetch_on(
    beside: Path, spare_bytes: int, progress: bool, url: str, out: str, _: object
) -> None:
    """Fetch what is missing until all is here; give up after tries that got no further."""
    furthest, tries_left = -1, N_TRIES
    while True:
        try:
            _fetch_rest(url, beside, spare_bytes, progress)
            os.replace(beside, out)
            return
        except requests.RequestException as error:
            if _is_refusal(error):
                raise DownloadError(
                    f"{url}: {_reason(error)}: see in a browser whether it has moved."
                ) from None
            here = _size(beside)
            tries_left = N_TRIES - 1 if here > furthest else tries_left - 1
            furthest = max(here, furthest)
            if not tries_left:
                raise DownloadError(
                    f"{url}: {_reason(error)}: run it again later; what has arrived is kept."
                ) from None
            time.sleep(PAUSE_S)


def _fetch_rest(url: str, beside: Path, spare_bytes: int, progress: bool) -> None:
    """Ask once for what is missing and append it, or for all where the server cannot go on."""
    here = _size(beside)
    # "identity", so that lengths and ranges count the bytes of the file itself
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        if answer.status_code == requests.codes.range_not_satisfiable:
            return  # nothing comes after what is here; whether that is right, its hash tells
        answer.raise_for_status()
        if answer.status_code != requests.codes.partial_content:
            beside.unlink(missing_ok=True)
            here = 0
        length = int(answer.headers.get("Content-Length", 0))  # 0: the server does not say
        check_room(beside.parent, length + spare_bytes, beside.stem)
        bar = tqdm(
            desc=beside.stem,
            initial=here,
            total=here + length if length else None,
            unit="B",
            unit_scale=True,
            disable=not progress,
        )
        with bar, beside.open("ab") as file:
            for chunk in answer.iter_content(CHUNK_BYTES):
                file.write(chunk)
                bar.update(len(chunk))


def _is_refusal(error: requests.RequestException) -> bool:
    if error.response is None or error.response.status_code in WORTH_ANOTHER_TRY:
        return False
    return 400 <= error.response.status_code < 500


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    return "no connection, or it breaks off"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
