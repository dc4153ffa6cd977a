"""Run all benchmarks, each in its own process, and write BENCHMARKS.md.

Run: make bench, on an idle machine; or python benchmarks/run.py NAME, which replaces one section.
"""

import ast
import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import torch

FOLDER = Path(__file__).parent
PACKAGES = ["torch", "numpy", "scipy", "soxr", "soundalike"]

ABOUT = """\
# Benchmarks

Each row compares soundalike with a plain reference in the same run on one machine. "Ratio" says how
many times better soundalike is. Times are the minimum or the median of several runs. Each section
says what its reference is, in which unit it counts the difference between the results, and on which
machine and when it was measured: `make bench` measures all, `python benchmarks/run.py NAME` one.
"""


def machine() -> str:
    """Return machine, versions and date on a line, without host or folder names."""
    n_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    return (
        f"Measured on {processor()}, {os.cpu_count()} cores, torch on {torch.get_num_threads()} of "
        f"them, {n_gib:.0f} GiB{gpu}; Python {platform.python_version()}, {', '.join(versions)}; "
        f"{datetime.date.today().isoformat()}."
    )


def processor() -> str:
    """Return the name of the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def stages() -> list[Path]:
    """Return the benchmarks in alphabetical order."""
    return [*sorted(FOLDER.glob("bench_*.py")), FOLDER / "first_hour.py"]


def section(stage: Path) -> str:
    """Run a benchmark; return title, first paragraph of its docstring, machine, and table."""
    about = ast.get_docstring(ast.parse(stage.read_text())) or ""
    process = subprocess.run([sys.executable, stage], stdout=subprocess.PIPE, text=True, check=True)
    title = stage.stem.removeprefix("bench_").replace("_", " ").capitalize()
    return "\n\n".join(
        [f"## {title}", about.partition("\n\n")[0], machine(), process.stdout.strip()]
    )


def with_section(text: str, new: str) -> str:
    """Replace the section of the same title, and keep the sections in alphabetical order."""
    about, *sections = text.rstrip("\n").split("\n\n## ")
    by_title = {section.partition("\n")[0]: section for section in sections}
    by_title[new.partition("\n")[0].removeprefix("## ")] = new.removeprefix("## ").rstrip("\n")
    return "\n\n## ".join([about, *(by_title[title] for title in sorted(by_title))]) + "\n"


def main() -> int:
    """Run every benchmark, or those named on the command line; write BENCHMARKS.md after each."""
    file, names = FOLDER.parent / "BENCHMARKS.md", sys.argv[1:]
    text, n_failures = file.read_text() if names else ABOUT, 0
    for stage in stages():
        if names and stage.stem.removeprefix("bench_") not in names:
            continue
        start = time.monotonic()
        try:
            text = with_section(text, section(stage))
        except subprocess.CalledProcessError as error:
            n_failures += 1
            print(f"{stage.name}: exit code {error.returncode}", file=sys.stderr)
            continue
        file.write_text(text)
        print(f"{stage.name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    return int(n_failures > 0)


if __name__ == "__main__":
    sys.exit(main())
