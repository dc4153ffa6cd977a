"""The members of tars that are not trusted."""

import io
import tarfile
import tracemalloc

import pytest
import tars

from soundalike.datasets.tar_file import files_in

AB = [("a.wav", b"a" * 700), ("b.wav", b"b" * 10)]


def read(path):
    """Return the contents of a tar by name, and the messages of its problems."""
    problems, contents = [], {}
    for name, content in files_in(path, problems):
        try:
            contents[str(name)] = content.read()
        except tarfile.ReadError:
            continue
    assert all(problem.path == str(path) for problem in problems)
    assert all(problem.message.isprintable() for problem in problems)
    return contents, [problem.message.removeprefix(f"{path}: ") for problem in problems]


def test_the_files_of_a_tar_are_read_in_their_order(tmp_path):
    folder = tarfile.TarInfo("dog")
    folder.type = tarfile.DIRTYPE
    path = tars.write_tar(tmp_path / "a.tar", [folder, ("./dog/b.wav", b"x"), *AB])
    contents, problems = read(path)
    assert list(contents.items()) == [("dog/b.wav", b"x"), *AB]
    assert problems == []


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (tars.link("x.wav", "/etc/passwd"), "it is a link"),
        (tars.link("x.wav", "a.wav", tarfile.LNKTYPE), "it is a link"),
        (tars.link("x.wav", "", tarfile.FIFOTYPE), "it is no file"),
        (tars.link("x.wav", "", tarfile.CHRTYPE), "it is no file"),
        (("/x.wav", b"x"), "its name leads out of the tar"),
        (("a/../../x.wav", b"x"), "its name leads out of the tar"),
        (("d/" * 1800 + "x.wav", b"x"), "its folders are too deep"),
        (("x\udcff.wav", b"x"), "its name is not valid UTF-8"),
    ],
)
def test_what_is_no_file_inside_the_tar_is_a_problem(tmp_path, member, reason):
    path = tars.write_tar(tmp_path / "a.tar", [AB[0], member, AB[1]])
    contents, (problem,) = read(path)
    assert list(contents.items()) == AB
    assert problem.endswith(f" is not read: {reason}.")


def test_a_sparse_file_is_a_problem(tmp_path):
    """A bomb: it says that it is of a terabyte, and the tar has 512 bytes of it."""
    member = tarfile.TarInfo("x.wav")
    member.pax_headers = {"GNU.sparse.map": "0,512", "GNU.sparse.size": str(10**12)}
    member.size = 512
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(member, io.BytesIO(b"x" * 512))
    contents, (problem,) = read(path)
    assert contents == {}
    assert "sparse" in problem


@pytest.mark.parametrize("size", [2**33, 2**62])
def test_a_member_that_declares_more_than_there_is_ends_the_tar(tmp_path, size):
    liar = tarfile.TarInfo("x.wav")
    liar.size = size
    path = tmp_path / "a.tar"
    header = liar.tobuf(tarfile.GNU_FORMAT)
    path.write_bytes(tars.write_tar(path, AB[:1]).read_bytes()[: 512 * 3] + header + b"few")
    contents, (problem,) = read(path)
    assert list(contents.items()) == AB[:1]
    assert problem.startswith("damaged after 1 file (unexpected end of data)")


def test_a_header_that_points_backwards_does_not_read_for_ever(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("x.wav")
        member.pax_headers = {"size": "-2048"}
        tar.addfile(member)
    _, (problem,) = read(path)
    assert problem.startswith("damaged after")


def test_every_cut_is_noticed(tmp_path):
    path = tars.write_tar(tmp_path / "a.tar", AB)
    whole = path.read_bytes()
    end = len(whole.rstrip(b"\0"))
    for n_bytes in [*range(0, end, 61), end, 512 * 5]:
        path.write_bytes(whole[:n_bytes])
        contents, (problem,) = read(path)
        assert all(contents[name] == content for name, content in AB if name in contents)
        assert problem.startswith(("damaged after ", "ends without the mark of an end, after "))
        assert f"after {len(contents)} file" in problem


def test_damage_between_files_is_noticed(tmp_path):
    path = tars.write_tar(tmp_path / "a.tar", AB)
    content = bytearray(path.read_bytes())
    content[512 * 3] ^= 1  # in the second header
    path.write_bytes(content)
    contents, (problem,) = read(path)
    assert list(contents) == ["a.wav"]
    assert problem.startswith("damaged after 1 file (no header): what follows is not read")


def test_a_tar_that_goes_on_after_its_end_is_a_problem(tmp_path):
    path = tars.write_tar(tmp_path / "a.tar", AB)
    for rest in (path.read_bytes(), bytes(2**21)):
        path = tars.write_tar(tmp_path / "a.tar", AB)
        path.write_bytes(path.read_bytes() + rest)
        contents, (problem,) = read(path)
        assert list(contents.items()) == AB
        assert problem.startswith("goes on after its end, which follows 2 files")


@pytest.mark.parametrize(
    ("mode", "program"), [("w:gz", "gunzip"), ("w:bz2", "bunzip2"), ("w:xz", "unxz")]
)
def test_a_compressed_tar_is_refused(tmp_path, mode, program):
    path = tmp_path / "a.tar"
    with tarfile.open(path, mode) as tar:
        tar.addfile(tarfile.TarInfo("a.wav"))
    assert read(path) == ({}, [f"is compressed: uncompress it with {program}."])


@pytest.mark.parametrize("content", [b"", b"text", b"text" * 1000, bytes(100)])
def test_what_is_no_tar_is_a_problem(tmp_path, content):
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    contents, (problem,) = read(path)
    assert contents == {}
    assert problem.startswith("damaged after 0 files")


def test_a_tar_of_many_files_keeps_few_in_memory(tmp_path):
    path = tars.write_tar(tmp_path / "a.tar", [(f"{number}.wav", b"") for number in range(5000)])
    tracemalloc.start()
    try:
        n_files = sum(1 for _ in files_in(path, []))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n_files == 5000
    assert peak < 2 * 10**6
