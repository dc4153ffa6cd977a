"""Kill a program before every change of a file, run it again, and compare.

The program is a script that defines ``work(folder)``, which writes into the folder. Changes are
renames and deletions, and opening a file to write in place, without a temporary file: between two
of them, nothing changes but temporary files, which nobody reads. With a power cut (`power_cut`), it
is killed before every flush to the disk, and what was not flushed is lost.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from power_cut import POWER_CUTS
from programs import Nursery

LIMIT_S = 1800  # longer than all moments of a program take together

KILLED_BEFORE_EACH_CHANGE = """
import hashlib, json, os, signal, sys, traceback
from pathlib import Path
from power_cut import Disk, lose_unflushed

root, last, names, cut, *arguments = sys.argv[1:]
names = set(json.loads(names))
record = Path(root, "disk")
{script}

def changed_path(event, of_event):
    if event == "os.rename":
        return str(of_event[1])
    if event in ("os.remove", "os.rmdir"):
        path, descriptor = of_event
        return str(path) if descriptor == -1 else os.path.join(folder_of(descriptor), path)
    if event == "open" and of_event[2] & (os.O_WRONLY | os.O_RDWR):
        path = str(of_event[0])
        return "" if path.endswith(".partial") else path
    return ""

def folder_of(descriptor):
    return os.readlink(f"/proc/self/fd/{{descriptor}}")

def kill_before(moment, folder):
    n_changes = 0

    def count():
        nonlocal n_changes
        n_changes += 1
        if n_changes == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def count_change(event, of_event):
        path = changed_path(event, of_event)
        if str(folder) in path and (not names or os.path.basename(path) in names):
            count()

    def count_flush(descriptor):
        count()
        disk.fsync(descriptor)

    if cut:
        disk, os.fsync = Disk(folder, record), count_flush
    else:
        sys.addaudithook(count_change)

def was_killed(folder, moment=0):
    if (child := os.fork()) == 0:
        code = 1
        try:
            if moment:
                kill_before(moment, folder)
            work(folder)
            code = 0
        except BaseException:
            traceback.print_exc()
        os._exit(code)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0, (folder, "fails")
    return os.WIFSIGNALED(status)

def contents(folder):
    return {{
        str(path.relative_to(folder)): hashlib.sha256(
            path.read_bytes().replace(bytes(folder), b"FOLDER")
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".partial", ".lock")
    }}

moments, killed = [], True
for moment in range(1, int(last) + 1):
    folder = Path(root, "folders", f"{{moment:03d}}")
    folder.parent.mkdir(exist_ok=True)
    killed = was_killed(folder, moment)
    if cut:
        lose_unflushed(folder, record, cut, moment)
    after_kill = contents(folder)
    assert not was_killed(folder)
    left = [path.name for path in folder.rglob("*") if path.suffix in (".partial", ".lock")]
    moments.append({{"after_kill": after_kill, "at_end": contents(folder), "left": left}})
    if not killed:
        break
assert not killed, "there are more moments"
Path(root, "moments.json").write_text(json.dumps(moments))
"""


KILLED_BEFORE_EACH_COMMIT = """
import os, signal, sys, traceback
from pathlib import Path
import lancedb.table
from power_cut import Disk, lose_unflushed
from soundalike.search.archive import Archive

root, cut, *arguments = sys.argv[1:]
record = Path(root, "disk")
{script}

TABLE = lancedb.table.LanceTable
n_changes = 0

def kill_before(moment, folder):
    def counted(change):
        def counting(*arguments, **settings):
            global n_changes
            n_changes += 1
            if n_changes == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*arguments, **settings)
        return counting
    if cut:
        os.fsync = counted(Disk(folder, record).fsync)
        return
    for name in ("add", "delete", "optimize"):
        setattr(TABLE, name, counted(getattr(TABLE, name)))
    os.replace = counted(os.replace)

def was_killed(folder, moment=0):
    if (child := os.fork()) == 0:
        code = 1
        try:
            if moment:
                kill_before(moment, folder)
            work(folder)
            table = Archive.open(folder).to_pandas()
            table["vector"] = table["vector"].map(lambda vector: vector.tobytes().hex())
            Path(f"{{folder}}.json").write_text(table.to_json())
            code = 0
        except BaseException:
            traceback.print_exc()
        os._exit(code)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)

moment, killed = 0, True
while killed:
    moment += 1
    folder = Path(root, f"{{moment:03d}}")
    killed = was_killed(folder, moment)
    if cut:
        lose_unflushed(folder, record, cut, moment)
    assert not was_killed(folder)
print(moment)
"""


def kills(*names: str) -> pytest.MarkDecorator:
    """Parametrize a test by ``names`` and ``cut``, as `kill_before_each_change` takes them.

    The suite kills before each change of files with these names, by default of any; slow tests
    before any change, and by each kind of power cut.
    """
    anything = [pytest.param((), "", id="anything", marks=[pytest.mark.slow] if names else [])]
    named = [pytest.param(names, "", id="some files")] if names else []
    cuts = [pytest.param((), cut, id=cut, marks=pytest.mark.slow) for cut in POWER_CUTS]
    return pytest.mark.parametrize(("names", "cut"), named + anything + cuts)


def kill_before_each_commit(
    nursery: Nursery, script: str, root: Path, *arguments: object, cut: str = ""
) -> int:
    """Kill a program that writes an archive before each change of a table or a file; run it again.

    All runs must end with the same rows and vectors, and leave no temporary file.

    Args:
        nursery: starts the program.
        script: defines ``work(folder)``; ``arguments`` are those of the program, as text.
        root: folder of all the archives.
        arguments: of the program.
        cut: one of `POWER_CUTS`: the power fails before each flush, and when all is done.

    Returns:
        The number of moments; at the last one, nothing was killed.
    """
    program = KILLED_BEFORE_EACH_COMMIT.format(script=script)
    process = nursery.run("-c", program, root, cut, *arguments, limit_s=LIMIT_S)
    assert process.returncode == 0, process.stderr
    n_moments = int(process.stdout)
    print(f"{n_moments} moments of {cut or 'a kill'}")
    assert len({(root / f"{n:03d}.json").read_text() for n in range(1, n_moments + 1)}) == 1
    assert not list(root.rglob("*.partial"))
    return n_moments


@dataclass(frozen=True)
class Moment:
    """What is in the folder of a program that was killed once.

    Args:
        folder: the folder.
        after_kill: hash of every file by name, but temporary files and locks, after the kill.
        at_end: the same after the program has run again, to its end.
        left: names of temporary files and locks that are there at the end.
    """

    folder: Path
    after_kill: dict[str, str]
    at_end: dict[str, str]
    left: list[str]


def kill_before_each_change(
    nursery: Nursery,
    script: str,
    root: Path,
    *arguments: object,
    names: tuple[str, ...] = (),
    last: int = 200,
    cut: str = "",
) -> list[Moment]:
    """Kill a program before its first change, then before its second, and so on; run it again.

    Args:
        nursery: starts the program.
        script: defines ``work(folder)``; ``arguments`` are those of the program, as text.
        root: folder of all the folders.
        arguments: of the program.
        names: of the files before whose changes the program is killed; by default of all.
        last: no more moments than these are expected.
        cut: one of `POWER_CUTS`: the power fails before each flush, and when all is done.

    Returns:
        The moments; at the last one, nothing was killed.
    """
    program = KILLED_BEFORE_EACH_CHANGE.format(script=script)
    words = ["-c", program, root, last, json.dumps(names), cut, *arguments]
    process = nursery.run(*words, limit_s=LIMIT_S)
    assert process.returncode == 0, process.stderr
    moments = json.loads((root / "moments.json").read_text())
    print(f"{len(moments)} moments of {cut or 'a kill'}")
    folders = sorted((root / "folders").iterdir())
    return [Moment(folder, **each) for folder, each in zip(folders, moments, strict=True)]


def assert_whole(
    moments: list[Moment],
    growing: tuple[str, ...] = (),
    varying: tuple[str, ...] = (),
    mark: str = "",
) -> dict[str, str]:
    """Check that no kill made a difference; return the undisturbed files.

    Whatever is there after a kill is as it is in the end, and nothing is left behind. When all is
    done, everything is there, also after a power cut.

    Args:
        moments: what `kill_before_each_change` returns.
        growing: names of files, or of folders, that change before the end.
        varying: names of other files, or of folders, that hold times.
        mark: name of the file that says that all is done: where it is, everything is.
    """
    expected = _fixed(moments[-1].at_end, growing, varying)
    assert set(expected) <= set(moments[-1].after_kill)
    for moment in moments:
        assert _fixed(moment.at_end, growing, varying) == expected, moment.folder
        for name, value in moment.after_kill.items():
            if not _is_among(name, growing):
                assert value == expected.get(name, value), (moment.folder, name)
        assert mark not in moment.after_kill or set(expected) <= set(moment.after_kill)
        assert not moment.left, moment.folder
    return expected


def _fixed(
    contents: dict[str, str], growing: tuple[str, ...], varying: tuple[str, ...]
) -> dict[str, str]:
    return {
        name: value
        for name, value in contents.items()
        if _is_among(name, growing) or not _is_among(name, varying)
    }


def _is_among(name: str, names: tuple[str, ...]) -> bool:
    return any(part in names for part in Path(name).parts)
