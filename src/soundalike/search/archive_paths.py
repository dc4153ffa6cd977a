"""Paths in an archive and on the disk: relative to a root that can be moved."""

import os


def path_in(root: str, file: str | os.PathLike[str]) -> str:
    """Return the path that an archive has for a file: relative to the root if it is below it.

    >>> path_in("/sounds", "/sounds/birds/a.wav"), path_in("/sounds", "/elsewhere/a.wav")
    ('birds/a.wav', '/elsewhere/a.wav')
    """
    path = os.path.abspath(os.path.expanduser(os.fspath(file)))
    folder = os.path.join(root, "") if root else ""
    if folder and path.startswith(folder):
        return path[len(folder) :].replace(os.sep, "/")
    return path


def full_path(root: str, path: str) -> str:
    """Return where the file of a row is.

    >>> full_path("/sounds", "birds/a.wav"), full_path("/sounds", "/elsewhere/a.wav")
    ('/sounds/birds/a.wav', '/elsewhere/a.wav')
    """
    return os.path.join(root, path) if root else path
