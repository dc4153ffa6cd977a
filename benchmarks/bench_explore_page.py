"""The page of explore in headless Chromium with WebGL in software: first paint, frames, memory.

The command is a process of its own, on an archive of jittered embeddings without sound files. First
paint is the time from opening the page to the map on it. Frames are counted while the map is
dragged; memory is that of the page's process, and of the process that draws. All is measured twice:
while UMAP is computed, when the page opens on the principal components, and with a stored map, for
which the principal components stand in.

Without Chromium and its driver there is nothing to measure. Sizes other than 10,000 and 200,000
rows are arguments: `python benchmarks/bench_explore_page.py 50000`.
"""

import contextlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jittered_archives import jittered_archive
from measure import Row, as_installed, table

from soundalike.explore import stored_map
from soundalike.explore.collection import Collection
from soundalike.explore.layouts import Layouts
from soundalike.search.archive import Archive

AIMS_S = {10_000: 2, 200_000: 6}
N_MOVES, MOVE_MS = 150, 20
MOST_S = 120.0  # that anything is waited for
COUNT_FRAMES = """
window.frames_ms = [];
let before = performance.now();
const next = (now) => { frames_ms.push(now - before); before = now; requestAnimationFrame(next); };
requestAnimationFrame(next);
"""
# The time is noted in the page, since asking for it takes a while.
NOTE_FIRST_PAINT = """
const canvas = document.getElementById("points");
const note = () => { if (canvas.dataset.drawn) window.first_paint_ms ??= performance.now(); };
new MutationObserver(note).observe(canvas, { attributes: true });
note();
"""
WINDOW = "1200,900"


def rows() -> Iterator[Row]:
    """Yield the figures of every size; nothing without a browser."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        return
    for n_rows in [int(word) for word in sys.argv[1:]] or AIMS_S:
        path = jittered_archive(n_rows).path
        (path / stored_map.FILE).unlink(missing_ok=True)
        for state in ("while UMAP is computed", "with a stored map"):
            what = f"{n_rows:,} rows, {state}"
            with browser() as driver:
                start = time.perf_counter()
                with served(path) as address:
                    seconds = time.perf_counter() - start
                    yield Row(f"{what}: from the command to its address", seconds, "s")
                    yield from measure(driver, address, n_rows, what)
            store_map(path)


def measure(driver, address: str, n_rows: int, what: str) -> Iterator[Row]:
    """Yield the figures of one page."""
    aim = f" (aim: under {AIMS_S[n_rows]})" if n_rows in AIMS_S else ""
    driver.get(address)
    driver.execute_script(NOTE_FIRST_PAINT)
    deadline = time.monotonic() + MOST_S
    while not (paint_ms := driver.execute_script("return window.first_paint_ms")):
        if time.monotonic() > deadline:
            raise TimeoutError(driver.execute_script("return document.body.innerText"))
        time.sleep(0.05)
    yield Row(f"{what}: first paint{aim}", paint_ms / 1000, "s")
    frames_ms = drag(driver)
    for name, quantile in {"median": 0.5, "95th percentile": 0.95}.items():
        figure = float(np.quantile(frames_ms, quantile))
        yield Row(f"{what}: frame while dragging, {name} (aim: under 100)", figure, "ms")
    root = driver.service.process.pid
    page, drawing = memory_mb(root, "renderer"), memory_mb(root, "gpu-process")
    yield Row(f"{what}: memory of the page (aim: under 500)", page, "MB")
    yield Row(f"{what}: memory of the process that draws", drawing, "MB")


def drag(driver) -> list[float]:
    """Drag the map to and fro for some seconds; return the times between frames."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    canvas = driver.find_element(By.ID, "points")
    actions = ActionChains(driver, duration=MOVE_MS).move_to_element(canvas).click_and_hold()
    for number in range(N_MOVES):
        step = 4 if number // 30 % 2 else -4
        actions.move_by_offset(step, step)
    driver.execute_script(COUNT_FRAMES)
    actions.release().perform()
    return driver.execute_script("return frames_ms")[1:]


@contextlib.contextmanager
def served(path: Path) -> Iterator[str]:
    """Run `soundalike explore` on an archive, until it is interrupted; yield its address."""
    command = [sys.executable, "-u", "-m", "soundalike", "explore", str(path), "--no_browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=as_installed()
    ) as process:
        try:
            for line in process.stdout:
                if address := re.search(r"http://\S+", line):
                    yield address[0]
                    break
            else:
                raise RuntimeError(f"{' '.join(command)}: ended with {process.wait()}")
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def store_map(path: Path) -> None:
    """Store the principal components of an archive as its map."""
    archive = Archive.open(path)
    collection = Collection(archive)
    keys, first = np.unique(stored_map.row_keys(collection.rows), return_index=True)
    points = Layouts(collection).points("pca")[first]
    kinds = np.full(len(keys), stored_map.PLACED, np.uint8)
    stored_map.write(archive, stored_map.StoredMap(keys, points, kinds))


@contextlib.contextmanager
def browser() -> Iterator:
    """Run a headless browser."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for argument in (
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio",
            "--disable-background-networking", f"--window-size={WINDOW}",
            f"--user-data-dir={folder}",
        ):  # fmt: skip
            options.add_argument(argument)
        driver = webdriver.Chrome(
            options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
        )
        driver.set_script_timeout(MOST_S)
        try:
            yield driver
        finally:
            driver.quit()


def memory_mb(root: int, kind: str) -> float:
    """Return the memory of the largest process of one kind among those below a process."""
    parents, kinds = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(after_name[1])
            kinds[int(folder.name)] = f"--type={kind}" in (folder / "cmdline").read_text()
    sizes = [0]
    for process, is_kind in kinds.items():
        with contextlib.suppress(OSError):
            if is_kind and root in ancestors(process, parents):
                text = Path(f"/proc/{process}/smaps_rollup").read_text()
                sizes.append(int(re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE)[1]))
    return max(sizes) / 1024


def ancestors(process: int, parents: dict[int, int]) -> Iterator[int]:
    """Yield the processes above one."""
    while process := parents.get(process, 0):
        yield process


if __name__ == "__main__":
    print(table(rows()))
