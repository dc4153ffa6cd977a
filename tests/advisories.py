"""Look up known vulnerabilities of pinned packages; `make audit` runs it.

    python tests/advisories.py requirements.lock torch==2.13.0

Needs pip-audit. Exit code 1: there are some. If the advisories cannot be reached, it says so.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT_S = 300


def look_up(requirements: Path) -> dict | None:
    """Return what pip-audit finds; None if it cannot reach the advisories."""
    command = [
        sys.executable, "-m", "pip_audit", "-r", requirements, "--disable-pip", "--no-deps",
        "--progress-spinner", "off", "--timeout", "15", "-f", "json",
    ]  # fmt: skip
    process = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    if "ConnectionError" in process.stderr:
        return None
    return json.loads(process.stdout)


def report(packages: list[dict]) -> int:
    """Print the vulnerabilities of packages; return the exit code."""
    known = [package for package in packages if "vulns" in package]
    n_vulnerable = 0
    for package in known:
        for advisory in package["vulns"]:
            n_vulnerable += 1
            mended = ", ".join(advisory["fix_versions"]) or "no version"
            print(f"{package['name']} {package['version']}: {advisory['id']}, mended in {mended}")
    if not known:
        print("advisories cannot be reached: nothing was checked")
        return 0
    if missing := [package["name"] for package in packages if "vulns" not in package]:
        print(f"not checked: {', '.join(missing)}")
    print(f"{len(known)} of {len(packages)} packages checked: {n_vulnerable} known vulnerabilities")
    return int(n_vulnerable > 0)


def main(lock: str, *others: str) -> int:
    """Check a lock file and further requirements; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [line.removesuffix("\\") for line in Path(lock).read_text().splitlines()]
        pinned = [line for line in lines if re.match(r"[\w.\[\]-]+==", line)]  # without hashes
        requirements = Path(folder, "requirements.txt")
        requirements.write_text("\n".join([*pinned, *others]))
        results = look_up(requirements)
    if results is None:
        print("advisories cannot be reached: nothing was checked")
        return 0
    return report(results["dependencies"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
