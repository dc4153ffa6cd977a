"""Files from outside are never unpickled or evaluated, and no shell is started."""

import ast
import io
import zipfile
from pathlib import Path

import advisories
import pytest

from soundalike.datasets import download
from soundalike.datasets.fetching import DownloadError

SOURCE = Path(__file__).parent.parent / "src" / "soundalike"
# Calls that run what is in a file, or hand a name to a shell.
FORBIDDEN = {
    "pickle.load", "pickle.loads", "pickle.Unpickler", "joblib.load", "dill.load", "marshal.load",
    "marshal.loads", "shelve.open", "pandas.read_pickle", "pd.read_pickle", "yaml.load",
    "yaml.unsafe_load", "yaml.full_load", "os.system", "os.popen", "subprocess.getoutput",
    "subprocess.getstatusoutput", "exec", "shutil.unpack_archive", "torch.jit.load",
}  # fmt: skip
LOADERS = {"torch.load", "fabric.load"}
# Evaluates code of soundalike's own source files.
MAY_EVALUATE = {"recipes/signatures.py"}


def calls():
    """Yield every call in the source: where it is, what is called, and its keywords."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                keywords = {each.arg: ast.unparse(each.value) for each in node.keywords}
                yield path.relative_to(SOURCE).as_posix(), ast.unparse(node.func), keywords


def test_nothing_from_outside_is_unpickled_or_evaluated():
    offenders = []
    for file, name, keywords in calls():
        is_unsafe = (
            name in FORBIDDEN
            or (name == "eval" and file not in MAY_EVALUATE)
            or (name in LOADERS and keywords.get("weights_only") != "True")
            or keywords.get("allow_pickle", "False") != "False"
        )
        offenders += [(file, name)] if is_unsafe else []
    assert offenders == []


def test_no_shell_is_started():
    assert [(file, name) for file, name, keywords in calls() if "shell" in keywords] == []


def test_a_link_in_an_archive_is_unpacked_as_text(tmp_path):
    link = zipfile.ZipInfo("a/link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    zip_file = tmp_path / "a.zip"
    zip_file.write_bytes(content.getvalue())
    download._unpack(zip_file, tmp_path / "unpacked", False)
    path = tmp_path / "unpacked" / "a" / "link"
    assert not path.is_symlink()
    assert path.read_text() == "/etc/passwd"


def test_an_archive_that_holds_more_than_it_says_is_refused(tmp_path):
    """A bomb: its directory says ten bytes, and its member goes on."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.bin", bytes(1_000_000))
    content = stream.getvalue()
    at = content.rindex(b"PK\x01\x02")
    content = content[: at + 24] + (10).to_bytes(4, "little") + content[at + 28 :]
    zip_file = tmp_path / "a.zip"
    zip_file.write_bytes(content)
    with pytest.raises(DownloadError, match="damaged"):
        download._unpack(zip_file, tmp_path / "unpacked", False)
    sizes = [path.stat().st_size for path in (tmp_path / "unpacked").rglob("*") if path.is_file()]
    assert sum(sizes) <= 10


def test_advisories_are_reported(capsys):
    sound = {"name": "numpy", "version": "2.4.6", "vulns": []}
    advisory = {"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"]}
    weak = {"name": "parser", "version": "1.0", "vulns": [advisory]}
    unknown = {"name": "ours", "skip_reason": "not on PyPI"}
    assert advisories.report([sound, weak, unknown]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "parser 1.0: PYSEC-1, mended in 1.1, 2.0",
        "not checked: ours",
        "2 of 3 packages checked: 1 known vulnerabilities",
    ]
    assert advisories.report([sound]) == 0
    assert advisories.report([unknown]) == 0
    assert "nothing was checked" in capsys.readouterr().out
