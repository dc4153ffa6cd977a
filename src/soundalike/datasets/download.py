"""Download public data sets and unpack them for their adapters."""

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from soundalike.datasets.clips import SourceError
from soundalike.datasets.fetching import DownloadError, check_room, fetch
from soundalike.runtime.atomic import move_folder
from soundalike.runtime.folders import output_folder
from soundalike.runtime.lock import locked
from soundalike.runtime.progress import progress_bar
from soundalike.runtime.suggestions import did_you_mean

WORK = ".download"  # folder for unfinished downloads


@dataclass(frozen=True)
class Archive:
    """A zip file that contains one folder with the same name.

    Args:
        folder: the folder; the file is called ``folder.zip``.
        md5: of the file, as published.
        unpacked_bytes: approximate size of the folder, checked before the download starts.
    """

    folder: str
    md5: str
    unpacked_bytes: int


@dataclass(frozen=True)
class Publication:
    """Where a data set is published.

    Args:
        url: address of an archive; ``{}`` stands for its file name.
        archives: all archives, the largest first, so that a small disk is noticed early.
    """

    url: str
    archives: tuple[Archive, ...]


DOWNLOADS = {
    "fsdnoisy18k": Publication(
        "https://zenodo.org/records/2529934/files/{}?download=1",
        (
            Archive("FSDnoisy18k.audio_train", "34dc1d34ca44622af5bf439ceb6f0d55", 13_100_000_000),
            Archive("FSDnoisy18k.audio_test", "1ac73d70b4ef3f81900d98c261a832de", 450_000_000),
            Archive("FSDnoisy18k.meta", "96e27a4a63b7a2870522ddcedb5d8296", 2_000_000),
            Archive("FSDnoisy18k.doc", "093a1ca185ec341ca4eac14215e7f96b", 2_000_000),
        ),
    )
}


def download(name: str, root: str | Path, *, progress: bool = True) -> Path:
    """Download a data set and unpack it into the layout that its adapter reads.

    Every folder of the data set is complete or missing. Existing folders are not downloaded again,
    and an interrupted download resumes.

    Args:
        name: a key of `DOWNLOADS`.
        root: folder of the data set; created if missing.
        progress: if true, show progress bars.

    Returns:
        The root; the data set is now the source ``name:root``.

    Raises:
        SourceError: the data set does not exist or cannot be downloaded.
        DownloadError: no connection, a wrong file, or no room on the disk.
        InUseError: another run is downloading it.
    """
    if name not in DOWNLOADS:
        hint = did_you_mean(name, DOWNLOADS) or f"choose from {', '.join(DOWNLOADS)}."
        raise SourceError(f"{name}: no data set of this name can be downloaded; {hint}")
    source, root = DOWNLOADS[name], Path(root).expanduser()
    work = root / WORK
    try:
        with output_folder(root), locked(root):
            for archive in source.archives:
                if not (root / archive.folder).is_dir():
                    _fetch_and_unpack(source.url, archive, root, work, progress)
            if work.exists():
                shutil.rmtree(work)
    except OSError as error:
        where, reason = error.filename or root, (error.strerror or str(error)).lower()
        raise DownloadError(
            f"{where}: {reason}: make room or name another folder, then run it again."
        ) from None
    return root


def _fetch_and_unpack(url: str, archive: Archive, root: Path, work: Path, progress: bool) -> None:
    work.mkdir(parents=True, exist_ok=True)
    zip_file = work / f"{archive.folder}.zip"
    fetch(
        url.format(zip_file.name),
        zip_file,
        archive.md5,
        spare_bytes=archive.unpacked_bytes,
        progress=progress,
    )
    unpack_folder = work / "unpacked"
    if unpack_folder.exists():  # left over from an interrupted run
        shutil.rmtree(unpack_folder)
    _unpack(zip_file, unpack_folder, progress)
    if not (unpack_folder / archive.folder).is_dir():
        raise DownloadError(f"{zip_file}: contains no folder {archive.folder}: unpack it by hand.")
    move_folder(unpack_folder / archive.folder, root / archive.folder)
    zip_file.unlink()


def _unpack(zip_file: Path, unpack_folder: Path, progress: bool) -> None:
    """Unpack a zip file whose members all lie inside the folder and fit on the disk.

    Raises:
        DownloadError: they do not, or the file is damaged.
    """
    try:
        with zipfile.ZipFile(zip_file) as archive:
            members = archive.infolist()
            for path in (PurePosixPath(member.filename) for member in members):
                if path.is_absolute() or ".." in path.parts:
                    raise DownloadError(
                        f"{zip_file}: not safe to unpack: it would write to {path}."
                    )
            check_room(zip_file.parent, sum(member.file_size for member in members), zip_file.stem)
            for member in progress_bar(members, name="unpack", unit="files", is_shown=progress):
                archive.extract(member, unpack_folder)
    except zipfile.BadZipFile as error:
        raise DownloadError(f"{zip_file}: damaged ({error}): delete it and run it again.") from None
