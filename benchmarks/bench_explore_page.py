"""The page of explore in headless Chromium with WebGL in software: first paint, frames, memory.

The first paint is the time from opening the page to the map on it, of a server that has just
started: it computes the principal components then. Frames are counted while the map is dragged;
memory is that of the page's process, and of the process that draws. All is measured twice: alone,
and while UMAP is computed. Archives are of jittered embeddings of real sounds, without sound files.

Without Chromium and its driver there is nothing to measure. Sizes other than 10,000 and 200,000
rows are arguments: `python benchmarks/bench_explore_page.py 50000`.
"""

import contextlib
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from bench_search import write
from measure import Row, table

from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.explore.collection import Collection
from soundalike.explore.layouts import Layouts
from soundalike.explore.serve import listen, make_server
from soundalike.search.archive import Archive

AIMS_S = {10_000: 2, 200_000: 6}
N_MOVES, MOVE_MS = 150, 20
COUNT_FRAMES = """
window.frames_ms = [];
let before = performance.now();
const next = (now) => { frames_ms.push(now - before); before = now; requestAnimationFrame(next); };
requestAnimationFrame(next);
"""
WINDOW = "1200,900"


def rows() -> Iterator[Row]:
    """Yield the figures of every size; nothing without a browser."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        return
    base = SoundEncoder.from_pretrained("default").background.numpy()
    for n_rows in [int(word) for word in sys.argv[1:]] or AIMS_S:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder) / "archive", n_rows, base)
            for state in ("alone", "while UMAP is computed"):
                archive = Archive.open(Path(folder) / "archive")
                with served(archive, state != "alone") as address, browser() as driver:
                    yield from measure(driver, address, n_rows, state)


def measure(driver, address: str, n_rows: int, state: str) -> Iterator[Row]:
    """Yield the figures of one page."""
    what = f"{n_rows:,} rows, {state}"
    aim = f" (aim: under {AIMS_S[n_rows]} s)" if n_rows in AIMS_S else ""
    driver.get(address)
    while not driver.execute_script("return document.getElementById('points').dataset.drawn"):
        time.sleep(0.02)
    seconds = driver.execute_script("return performance.now()") / 1000
    yield Row(f"{what}: first paint{aim}", seconds, "s")
    frames_ms = drag(driver)
    for name, quantile in {"median": 0.5, "95th percentile": 0.95}.items():
        figure = float(np.quantile(frames_ms, quantile))
        yield Row(f"{what}: frame while dragging, {name} (aim: under 100 ms)", figure, "ms")
    page, drawing = memory_mb("renderer"), memory_mb("gpu-process")
    yield Row(f"{what}: memory of the page (aim: under 500 MB)", page, "MB")
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
def served(archive: Archive, has_umap: bool) -> Iterator[str]:
    """Serve an archive, and compute its UMAP if it shall have one; yield its address."""
    is_ready, listener, collection = threading.Event(), listen(0), Collection(archive)
    layouts = Layouts(collection)
    server = make_server(collection, layouts, listener, lambda address: is_ready.set())
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    is_ready.wait()
    try:
        with layouts if has_umap else contextlib.nullcontext():
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextlib.contextmanager
def browser() -> Iterator:
    """Run a headless browser."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder:
        for argument in (
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio",
            "--disable-background-networking", f"--window-size={WINDOW}",
            f"--user-data-dir={folder}",
        ):  # fmt: skip
            options.add_argument(argument)
        driver = webdriver.Chrome(
            options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
        )
        try:
            yield driver
        finally:
            driver.quit()


def memory_mb(kind: str) -> float:
    """Return the memory of the largest process of the browser of one kind."""
    sizes = [0]
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"--type={kind}" in (folder / "cmdline").read_text():
                text = (folder / "smaps_rollup").read_text()
                sizes.append(int(re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE)[1]))
    return max(sizes) / 1024


if __name__ == "__main__":
    print(table(rows()))
