"""The command search."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile

from soundalike.cli import DONE, FAILED
from soundalike.cli.main import main
from soundalike.pretrained import SHIPPED_MODELS


@pytest.fixture(scope="module")
def sounds(sound_folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("archive of a command")
    for kind in ("low", "high"):
        (root / kind).mkdir()
        for number in (0, 3):
            shutil.copy(sound_folder / kind / f"{number}.wav", root / kind / f"{number}\n'ü'.wav")
    return root


@pytest.fixture(scope="module")
def archive(run, sounds, tmp_path_factory):
    path = tmp_path_factory.mktemp("archives") / "archive"
    assert main(["embed", str(run.path), str(sounds), "--out", str(path)]) == DONE
    return path


def test_a_table_of_the_most_similar_sounds(results_of, archive, sounds, tmp_path, capsys):
    query = shutil.copy(sounds / "low" / "0\n'ü'.wav", tmp_path)
    main(["search", str(archive), str(query)])
    head, first, second, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["similarity", "id", "seconds", "path"]
    assert first.split()[0] == "1.000"
    assert first.endswith("  low/0\\n'ü'.wav  [low]")
    assert second.endswith("  low/3\\n'ü'.wav  [low]")
    words = ["search", archive, query, "-k", 3, "--csv", tmp_path / "x" / "hits.csv"]
    words += ["--page", tmp_path / "y" / "hits.html"]
    results, last = results_of(*words, "--out", tmp_path / "hits")
    assert last == f"3 sounds in {tmp_path / 'hits'}"
    assert (results["root"], results["missing"]) == (str(sounds), [])
    page = (tmp_path / "y" / "hits.html").read_text()
    assert page.count("data:audio/") == 4, "the query and three hits"
    table = pd.read_csv(tmp_path / "x" / "hits.csv")
    assert table["path"].tolist() == [hit["path"] for hit in results["hits"]]
    assert table["id"].tolist() == [hit["id"] for hit in results["hits"]]
    assert results["n_rows"] > 3
    files = sorted((tmp_path / "hits").iterdir())
    assert [soundfile.info(file).samplerate for file in files] == [22050] * 3


def test_conditions_and_sounds_to_steer_away_from(results_of, archive, sounds):
    words = ["search", archive, "0", "--all_windows"]
    everything, _ = results_of(*words, "-k", 100)
    assert len(everything["hits"]) == everything["n_rows"] - 1
    low, _ = results_of(*words, "--label", "low", "--folder", "low", "--longest_s", 1.2)
    assert {hit["path"] for hit in low["hits"]} == {"low/0\n'ü'.wav"}
    away, _ = results_of(*words, "--not", "0", "--exact")
    assert away["hits"][0]["label"] == everything["hits"][0]["label"]
    _, last = results_of(*words, "--split", "train")
    assert last == "no rows: no sound of the archive has a split"


def test_sounds_that_have_been_moved_are_said(archive, sounds, tmp_path, capsys):
    assert main(["search", str(archive), "0", "--root", str(tmp_path)]) == DONE
    captured = capsys.readouterr()
    assert f"3 of these sounds are not in {tmp_path} any more" in captured.err
    assert "\\n" in captured.err.splitlines()[-1]
    main(["search", str(archive), "0"])
    assert "any more" not in capsys.readouterr().err


def test_a_folder_is_embedded_first(results_of, run, sounds, tmp_path, monkeypatch):
    monkeypatch.setitem(SHIPPED_MODELS, "default", run.encoder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    results, _ = results_of("search", sounds, sounds / "high" / "3\n'ü'.wav")
    assert [hit["label"] for hit in results["hits"]] == ["high", "low", "low"]


def test_near_duplicates_are_listed_in_groups(results_of, archive, sounds, tmp_path, capsys):
    copies = shutil.copytree(sounds, tmp_path / "copies")
    rng = np.random.default_rng(99)
    noise = 0.1 * rng.standard_normal(22050 * 2).astype(np.float32)
    soundfile.write(copies / "a.wav", noise, 22050)
    soundfile.write(copies / "b\n.wav", 0.5 * noise, 22050)
    (copies / "broken.wav").touch()
    file = tmp_path / "groups.csv"
    words = ["search", copies, "--duplicates", "--threads", 1, "--csv", file]
    results, last = results_of(*words)
    assert results["groups"] == [["a.wav", "b\n.wav"]]
    assert last == "1 group of near-duplicates"
    assert pd.read_csv(file)["path"].tolist() == ["a.wav", "b\n.wav"]
    none, last = results_of("search", archive, "--duplicates", "--threads", 1)
    assert (none["groups"], last) == ([], "0 groups of near-duplicates")


def test_wrong_use(refusal, archive, sounds, tmp_path):
    assert "gone.wav: no such file" in refusal("search", archive, "gone.wav")
    assert "has no row 999" in refusal("search", archive, "999")
    assert "gone: no such file or folder" in refusal("search", tmp_path / "gone", "0")
    message = refusal("search", tmp_path / "gone", "nor.wav", "--out", sounds)
    assert "gone: no such file or folder" in message  # the first argument is named first
    assert "holds something else" in refusal("search", archive, "0", "--out", sounds)
    assert "name a QUERY" in refusal("search", archive)
    assert "--duplicates takes no QUERY" in refusal("search", archive, "0", "--duplicates")
    (tmp_path / "text.wav").write_text("no sound")
    assert "text.wav" in refusal("search", archive, tmp_path / "text.wav")


def test_options_without_an_effect_are_refused(refusal, archive, sounds):
    """They were ignored: the sounds of a source are where it is, not in another folder."""
    message = refusal("search", sounds, sounds / "low" / "0\n'ü'.wav", "--root", "elsewhere")
    assert "--root is for an archive" in message
    assert "leave it out" in message
    assert "--root" in refusal("search", sounds, "--duplicates", "--root", "elsewhere")
    assert "--distinct is for --all_windows" in refusal("search", archive, "0", "--distinct")
    for option in ("-k 3", "--not 0", "--label low", "--page x.html", "--out x", "--center no"):
        message = refusal("search", archive, "--duplicates", *option.split())
        assert f"{option.split()[0]} has no effect on --duplicates" in message


def test_windows_of_long_recordings_are_centered_and_it_is_said(call, tmp_path, capsys):
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, 40 * 22050)
    for start_s in (5, 25):
        noise[start_s * 22050 :][:22050] += 0.5 * np.sin(np.arange(22050) / 5)
    recording = tmp_path / "recording.wav"
    soundfile.write(recording, noise, 22050)
    assert call("embed", recording, "--out", tmp_path / "archive") == DONE
    words = ["search", tmp_path / "archive", f"{recording}@5-6", "--all_windows", "--json"]
    similarities = {}
    for center in ("yes", "no", ""):
        file = tmp_path / f"{center}.json"
        capsys.readouterr()
        assert call(*words, file, *(["--center", center] if center else [])) == DONE
        is_said = "the mean of each 60 s" in capsys.readouterr().err
        results = json.loads(file.read_text())
        assert is_said is results["is_centered"] is (center != "no")
        starts_s = [hit["start_s"] for hit in results["hits"][:6]]
        assert any(23 < start_s < 26 for start_s in starts_s) or center == "no"
        similarities[center] = [hit["similarity"] for hit in results["hits"]]
    assert similarities[""] == similarities["yes"] != similarities["no"]
    assert call("search", tmp_path / "archive", recording, "0", "--json", file) == DONE
    assert "recording.wav is a long recording" in capsys.readouterr().err
    assert not json.loads(file.read_text())["is_centered"]


def test_a_newer_archive_is_refused(refusal, archive, tmp_path):
    newer = shutil.copytree(archive, tmp_path / "newer")
    head = json.loads((newer / "archive.json").read_text())
    (newer / "archive.json").write_text(json.dumps(head | {"format": 99}))
    assert "update soundalike" in refusal("search", newer, "0")


def test_a_search_by_row_or_by_a_known_file_needs_no_torch(archive, sounds):
    code = (
        "import sys\n"
        "from soundalike.cli.main import main\n"
        "assert main(['search', sys.argv[1], '0', sys.argv[2]]) == 0\n"
        "print('torch' in sys.modules)"
    )
    words = [sys.executable, "-c", code, archive, sounds / "low" / "0\n'ü'.wav"]
    child = subprocess.run(words, capture_output=True, text=True, check=True)
    assert child.stdout.splitlines()[-1] == "False"


def test_a_full_disk_is_one_line(call, archive, capsys):
    assert call("search", archive, "0", "--csv", "/dev/full/x.csv") == FAILED
    assert "Traceback" not in capsys.readouterr().err
