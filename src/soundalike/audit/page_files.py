"""The files of the page, some of which are those of explore."""

from pathlib import Path

from soundalike.explore import page_files as explore

SHARED = ("base.css", "client.js", "keys.js", "text.js")
FOLDER = Path(__file__).parent / "page"
PAGE_FILES = {name: explore.PAGE_FILES[name] for name in SHARED} | explore.files_of(FOLDER)
