"""Downloads over unreliable connections, from a real local server."""

import hashlib
import resource
import shutil
import subprocess
import sys
from collections import namedtuple

import numpy as np
import pytest

from soundalike.datasets import fetching
from soundalike.datasets.fetching import N_TRIES, DownloadError, check_room, fetch
from soundalike.runtime import progress
from soundalike.runtime.progress import ProgressLines

BODY = np.random.default_rng(0).bytes(100_000)
MD5 = hashlib.md5(BODY).hexdigest()


@pytest.fixture
def url(shelf):
    """URL of the file."""
    shelf.files["file.zip"] = BODY
    return shelf.url.format("file.zip")


@pytest.fixture
def path(tmp_path):
    """Path of the downloaded file."""
    return tmp_path / "file.zip"


def quietly(url, path, md5=MD5, **more):
    """Fetch without a progress bar."""
    fetch(url, path, md5, **({"progress": False} | more))


def refusal(url, path, md5=MD5, **more):
    """Return the error message of a download, which must be one line."""
    with pytest.raises(DownloadError) as error:
        quietly(url, path, md5, **more)
    assert str(error.value).isprintable()
    assert not path.exists()
    return str(error.value)


def files(path):
    """Return the sizes of all files in the folder of the file."""
    return {file.name: file.stat().st_size for file in path.parent.iterdir()}


def test_a_file_is_downloaded_completely_and_silently(shelf, url, path, capsys):
    quietly(url, path)
    assert path.read_bytes() == BODY
    assert files(path) == {"file.zip": len(BODY)}
    assert shelf.ranges == [None]
    assert capsys.readouterr() == ("", "")


def test_an_existing_file_is_only_verified(shelf, url, path):
    path.write_bytes(BODY)
    quietly(url, path)
    assert shelf.asked == []
    path.write_bytes(BODY[:-1])
    quietly(url, path)
    assert path.read_bytes() == BODY


def test_a_dropped_connection_resumes_at_its_byte(shelf, url, path):
    shelf.cuts = 1
    quietly(url, path)
    assert path.read_bytes() == BODY
    assert shelf.ranges == [None, "bytes=50000-"]


def test_repeated_drops_do_not_prevent_a_download(shelf, url, path):
    shelf.cuts = N_TRIES + 3
    quietly(url, path)
    assert path.read_bytes() == BODY
    assert len(shelf.asked) == N_TRIES + 4, "every try that gets further gives new hope"
    assert files(path) == {"file.zip": len(BODY)}


def test_without_range_support_a_download_restarts(shelf, url, path):
    shelf.knows_ranges = False
    shelf.cuts = 2
    quietly(url, path)
    assert path.read_bytes() == BODY
    assert shelf.ranges == [None, "bytes=50000-", "bytes=50000-"]


def test_a_download_without_progress_is_given_up(shelf, url, path):
    shelf.knows_ranges = False
    shelf.cuts = 10**6
    message = refusal(url, path)
    assert message.startswith(f"{url}: no connection, or it breaks off: run it again later")
    assert len(shelf.asked) == N_TRIES
    assert files(path) == {"file.zip.partial": 50_000}


def test_the_next_call_resumes_a_download_that_was_given_up(shelf, url, path):
    shelf.knows_ranges = False
    shelf.cuts = 10**6
    refusal(url, path)
    shelf.asked.clear()
    shelf.knows_ranges, shelf.cuts = True, 0
    quietly(url, path)
    assert path.read_bytes() == BODY
    assert shelf.ranges == ["bytes=50000-"]


def test_a_complete_partial_file_is_only_renamed(shelf, url, path):
    path.with_name("file.zip.partial").write_bytes(BODY)
    quietly(url, path)
    assert path.read_bytes() == BODY
    assert shelf.ranges == [f"bytes={len(BODY)}-"]


@pytest.mark.parametrize("partial", [b"", BODY[:30_000], b"?" * 30_000, BODY + b"more"])
def test_a_file_with_a_wrong_checksum_is_downloaded_again(shelf, url, path, partial):
    shelf.files["file.zip"] = bytes(len(BODY))
    path.with_name("file.zip.partial").write_bytes(partial)
    message = refusal(url, path)
    assert message.startswith(f"{url}: the file differs from the published one (by its md5)")
    assert files(path) == {}
    shelf.files["file.zip"] = BODY
    quietly(url, path)
    assert path.read_bytes() == BODY


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410])
def test_a_client_error_is_not_retried(shelf, url, path, code):
    shelf.answers = [code] * 9
    assert f"{url}: the server answers {code} " in refusal(url, path)
    assert len(shelf.asked) == 1
    assert files(path) == {}


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503])
def test_a_server_error_is_retried(shelf, url, path, code):
    shelf.answers = [code] * 2
    quietly(url, path)
    assert path.read_bytes() == BODY
    assert len(shelf.asked) == 3


def test_a_persistent_server_error_is_given_up(shelf, url, path):
    shelf.answers = [503] * 99
    assert "the server answers 503 Service Unavailable: run it again later" in refusal(url, path)
    assert len(shelf.asked) == N_TRIES


def test_an_unreachable_server_is_an_error(shelf, path):
    shelf.server_close()
    message = refusal(shelf.url.format("file.zip"), path)
    assert "no connection, or it breaks off: run it again later" in message
    assert files(path) == {}


def test_a_silent_server_times_out(shelf, url, path, monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT_S", (1.0, 0.05))
    monkeypatch.setattr(fetching, "N_TRIES", 2)
    shelf.stalls, shelf.knows_ranges = True, False
    assert "no connection, or it breaks off" in refusal(url, path)
    shelf.stalls, shelf.knows_ranges = False, True
    quietly(url, path)
    assert path.read_bytes() == BODY
    assert shelf.ranges[-1] == "bytes=50000-"


def test_an_interrupt_keeps_the_bytes_received(shelf, url, path, monkeypatch):
    class Interrupted(ProgressLines):
        """Raises KeyboardInterrupt after 2,000 bytes."""

        def update(self, n=1):
            super().update(n)
            if self.n >= 2000:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(progress, "ProgressLines", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch(url, path, MD5, progress=True)
    assert files(path) == {"file.zip.partial": 2000}
    quietly(url, path)
    assert path.read_bytes() == BODY
    assert shelf.ranges == [None, "bytes=2000-"]


@pytest.mark.usefixtures("every_update_is_shown")
def test_the_bar_starts_at_the_bytes_already_received(shelf, url, path, capsys):
    path.with_name("file.zip.partial").write_bytes(BODY[:40_000])
    quietly(url, path, progress=True)
    out, errors = capsys.readouterr()
    assert out == ""
    assert "file.zip: 41.0k/100k bytes in " in errors
    assert "file.zip: 100k/100k bytes in 00:00, 00:00 left" in errors


Usage = namedtuple("Usage", "total used free")


def test_a_disk_too_small_is_refused_before_downloading(shelf, url, path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0, 0, 10**9))
    message = refusal(url, path, spare_bytes=10**9)
    assert message == (
        f"{path.parent}: file.zip needs 1.00 GB and 1.00 GB are free: make room or name another "
        "folder, then run it again."
    )
    assert files(path) == {}
    path.with_name("file.zip.partial").write_bytes(BODY[:-10])
    quietly(url, path, spare_bytes=10**9 - 10)
    assert path.read_bytes() == BODY, "what is here needs no more room"


def test_zero_bytes_always_fit(tmp_path):
    check_room(tmp_path, 0, "nothing")
    with pytest.raises(DownloadError, match=r"everything needs 1000000000\.00 GB and .* are free"):
        check_room(tmp_path, 10**18, "everything")


CHILD = """
import sys
from pathlib import Path
from soundalike.datasets.fetching import fetch

url, path, md5 = sys.argv[1:]
try:
    fetch(url, Path(path), md5, progress=False)
except OSError as error:
    print(error.strerror)
"""


def test_a_disk_that_fills_up_keeps_the_bytes_received(shelf, url, path):
    child = subprocess.run(
        [sys.executable, "-c", CHILD, url, path, MD5],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)),
        capture_output=True,
        text=True,
    )
    assert (child.stdout, child.stderr) == ("File too large\n", "")
    assert files(path) == {"file.zip.partial": 60_000}
    quietly(url, path)
    assert path.read_bytes() == BODY
    assert shelf.ranges == [None, "bytes=60000-"]
