"""The files of a page, which its server serves by their names, and no others."""

from collections.abc import Mapping
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, Response

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
PageFiles = Mapping[str, tuple[Path, str]]  # by name, a file and its type


def files_of(folder: Path) -> dict[str, tuple[Path, str]]:
    """Return the files of a folder as those of a page."""
    return {path.name: (path, TYPES[path.suffix]) for path in sorted(folder.iterdir())}


FOLDER = Path(__file__).parent / "page"
PAGE_FILES = files_of(FOLDER)


def add_page(app: FastAPI, files: PageFiles) -> None:
    """Serve a page; ``index.html`` is at the server's address."""

    @app.get("/{name}")
    @app.get("/")
    def page_file(name: str = "index.html") -> Response:
        if name not in files:
            return JSONResponse({"message": f"there is no {name!r} here."}, 404)
        path, media_type = files[name]
        return FileResponse(path, media_type=media_type, headers={"cache-control": "no-cache"})
