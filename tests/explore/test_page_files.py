"""The files of the page."""

import re

from soundalike.explore.page_files import FOLDER, PAGE_FILES

MOST_LINES, MOST_BYTES = 250, 1_000_000


def test_every_file_of_the_page_is_served_with_its_type():
    assert set(PAGE_FILES) == {path.name for path in FOLDER.iterdir()}
    assert PAGE_FILES["index.html"] == (FOLDER / "index.html", "text/html")


def test_the_page_loads_nothing_from_elsewhere():
    for name, (path, _) in PAGE_FILES.items():
        if name != "libraries.txt" and name != "libraries.js":
            assert "//" not in re.sub(r"^ *//.*| // .*", "", path.read_text(), flags=re.MULTILINE)


def test_modules_are_short_and_say_what_they_are():
    for path in FOLDER.glob("*.js"):
        if path.name != "libraries.js":
            text = path.read_text()
            assert text.startswith("// "), path
            assert len(text.splitlines()) <= MOST_LINES, path


def test_the_libraries_are_small_and_come_with_their_licenses():
    assert PAGE_FILES["libraries.js"][0].stat().st_size < MOST_BYTES
    licenses = PAGE_FILES["libraries.txt"][0].read_text()
    for library in ("regl-scatterplot 1", "regl 2", "wavesurfer.js 8", "kdbush 4", "gl-matrix 3"):
        assert re.search(rf"^{library}", licenses, re.MULTILINE), library
