"""The files of the page."""

import re

from soundalike.audit.page_files import FOLDER, PAGE_FILES, SHARED

MOST_LINES = 250


def test_every_file_that_the_page_loads_is_served():
    for name, (path, _) in PAGE_FILES.items():
        names = re.findall(r"""(?:from|src=|href=) ?"(?:\./)?([\w.]+)\"""", path.read_text())
        assert set(names) <= set(PAGE_FILES), name
    assert set(PAGE_FILES) == {path.name for path in FOLDER.iterdir()} | set(SHARED)


def test_the_page_loads_nothing_from_elsewhere():
    for path in FOLDER.iterdir():
        assert "//" not in re.sub(r"^ *//.*| // .*", "", path.read_text(), flags=re.MULTILINE), path


def test_modules_are_short_and_say_what_they_are():
    for path in FOLDER.glob("*.js"):
        text = path.read_text()
        assert text.startswith("// "), path
        assert len(text.splitlines()) <= MOST_LINES, path
