"""The files of the page, which the server serves by their names, and no others."""

from pathlib import Path

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
FOLDER = Path(__file__).parent / "page"
PAGE_FILES = {path.name: (path, TYPES[path.suffix]) for path in sorted(FOLDER.iterdir())}
