"""Sounds, stores and models that tests share: small, generated, reproducible."""

import gc
import os
import shutil
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

# Before anything imports NumPy or torch: workers of pytest-xdist share the processors.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import numpy as np
import pytest
import soundfile
from kills import Moment, kill_before_each_change
from programs import HeldProgram, Nursery

RATE = 22050

# In a forked process, garbage of its parent may wait forever for a thread that only the parent has.
os.register_at_fork(after_in_child=gc.freeze)

# Modules and tests are there to stay: looking for garbage among them takes a tenth of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of later garbage collections."""
    gc.freeze()
    gc.enable()


# `make stress` tries the many examples. CI always uses the same ones; a run by hand tries new ones.
# No example fails for being slow: that depends on who else is at work on the machine.
for profile, n_examples in {"quick": 25, "thorough": 500}.items():
    hypothesis.settings.register_profile(
        profile,
        max_examples=n_examples,
        deadline=None,
        derandomize=bool(os.environ.get("CI")),
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile("quick")


def tone(frequency: float, duration_s: float = 1.2, seed: int = 0) -> np.ndarray:
    """Return a tone with a little noise, float32 at 22,050 Hz."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(duration_s * RATE)) / RATE
    wave = 0.5 * np.sin(2 * np.pi * frequency * time_s + rng.uniform(0, 6))
    return (wave + 0.02 * rng.standard_normal(len(time_s))).astype(np.float32)


@pytest.fixture(scope="session", autouse=True)
def no_fsync():
    """Do not wait for the disk: what tests write need not survive a power failure."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def sound_folder(tmp_path_factory) -> Path:
    """Twenty-four clips of three easily distinguished classes, in sub-folders."""
    root = tmp_path_factory.mktemp("sounds")
    for kind, frequency in {"low": 200, "middle": 1000, "high": 5000}.items():
        (root / kind).mkdir()
        for number in range(8):
            clip = tone(frequency * (1 + 0.03 * number), 1.0 + 0.25 * number, seed=number)
            soundfile.write(root / kind / f"{number}.wav", clip, RATE)
    return root


@pytest.fixture(scope="session")
def store(sound_folder, tmp_path_factory):
    """The store of `sound_folder`."""
    from soundalike.datasets.prepare import prepare
    from soundalike.datasets.source import read_source

    out = tmp_path_factory.mktemp("stores") / "store"
    return prepare(read_source(sound_folder), out, n_workers=1, progress=False)


@pytest.fixture(scope="session")
def tiny_recipe():
    """A recipe that trains in seconds, in float32 so that results do not depend on the machine."""
    from soundalike.recipes.recipe import read_recipe
    from soundalike.training.pretraining_recipe import PRETRAINING

    return read_recipe(
        "tiny",
        PRETRAINING,
        {
            "encoder.width": 4,
            "head.hidden_dim": 16,
            "head.out_dim": 16,
            "training.n_epochs": 3,
            "training.batch_size": 10,
            "training.precision": "32-true",
            "monitor.every_n_epochs": 1,
        },
    )


@pytest.fixture(scope="session")
def run(store, tiny_recipe, tmp_path_factory):
    """A finished pre-training on `store`."""
    from soundalike.training.pretraining import pretrain
    from soundalike.training.run_folder import RunFolder

    run = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    run.configure(source="-", clips=store.fingerprint, test_fold=None, recipe=tiny_recipe)
    pretrain(store, run, tiny_recipe, progress=False)
    return run


@pytest.fixture(scope="module")
def rough_sounds():
    """Invert views to sounds with 2 iterations, not 32; test_inversion covers their quality."""
    from soundalike.audio.inversion import to_waveform
    from soundalike.report import recordings, sample_views

    with pytest.MonkeyPatch.context() as patch:
        for module in (recordings, sample_views):
            patch.setattr(module, "to_waveform", partial(to_waveform, n_iterations=2))
        yield


@pytest.fixture
def every_update_is_shown(monkeypatch):
    """Write a line of progress for every update, not every 30 seconds."""
    from soundalike.runtime import heartbeat

    monkeypatch.setattr(heartbeat, "SECONDS_PER_LINE", 0)


@pytest.fixture(scope="module")
def few_rounds():
    """Clean labels in two rounds; test_clean_labels covers how well."""
    from soundalike.evaluation import label_cleaner

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_cleaner, "N_ROUNDS", 2)
        yield


@pytest.fixture(scope="module")
def few_resamples():
    """Bootstrap with 100 resamples, not 1,000; test_intervals covers how exact intervals are."""
    from soundalike.evaluation.intervals import bootstrap_interval

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(bootstrap_interval.__kwdefaults__, "n_resamples", 100)
        yield


@pytest.fixture(scope="session")
def nursery():
    """Starts programs in their own processes, with all imports done."""
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def start_held(nursery, tmp_path_factory):
    """Return a function that starts a `HeldProgram`: ``start_held(script, *arguments)``."""
    programs = []

    def start(script: str, *arguments: object) -> HeldProgram:
        folder = tmp_path_factory.mktemp("held")
        programs.append(HeldProgram(nursery, script, *arguments, folder=folder))
        return programs[-1]

    yield start
    for program in programs:
        program.close()


@pytest.fixture
def kill_everywhere(nursery, tmp_path):
    """Return a function that kills a program before each change of a file, and runs it again."""

    def kill(script: str, *arguments: object, **settings: Any) -> list[Moment]:
        root = tmp_path / "kills"
        root.mkdir()
        return kill_before_each_change(nursery, script, root, *arguments, **settings)

    return kill


class HtmlPage(HTMLParser):
    """A parsed page: its elements, the addresses they load, and their text by id or tag."""

    VOID = frozenset({"meta", "link", "img"})

    def __init__(self, html):
        super().__init__()
        self.html, self.elements, self.addresses = html, [], []
        self.open, self.text = [], {}
        self.feed(html)
        self.close()

    def handle_startendtag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        self.addresses += [attributes[name] for name in ("src", "href") if name in attributes]

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in self.VOID:
            self.open.append((tag, dict(attributes).get("id", tag)))

    def handle_endtag(self, tag):
        opened, _ = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data):
        if self.open and data.strip():
            self.text.setdefault(self.open[-1][1], []).append(data.strip())

    def all(self, tag, name=""):
        """Return the attributes of the elements with this tag, and this class if one is named."""
        of_tag = [attributes for each, attributes in self.elements if each == tag]
        return [each for each in of_tag if not name or name in each.get("class", "").split()]


@pytest.fixture(scope="session")
def parse_html():
    """Return a function that parses HTML into an `HtmlPage`."""
    return HtmlPage


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A real browser, for pages."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        absent = pytest.fail if os.environ.get("CI") else pytest.skip
        absent("needs chromium and chromedriver (Debian: chromium chromium-driver)")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--mute-audio", "--window-size=1200,900",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    browser.quit()
