"""Names of models and classifiers, and the folders that they stand for."""

from pathlib import Path

import pytest

from soundalike.embedding.model_path import (
    ModelError,
    find_classifier,
    find_model,
    is_shipped,
    run_of,
)
from soundalike.pretrained import SHIPPED_MODELS


def write_config(folder):
    folder.mkdir(parents=True)
    (folder / "config.json").touch()
    return folder


def test_a_model_is_a_folder_a_run_or_a_shipped_name(tmp_path, monkeypatch):
    in_run = write_config(tmp_path / "run" / "encoder")
    assert find_model(in_run) == find_model(str(tmp_path / "run")) == in_run
    monkeypatch.setitem(SHIPPED_MODELS, "mine", in_run)
    monkeypatch.chdir(tmp_path)
    assert find_model("mine") == in_run


def test_a_shipped_name_that_is_also_a_model_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "default").mkdir()
    assert find_model("default") == SHIPPED_MODELS["default"]
    folder = write_config(tmp_path / "default" / "encoder")
    with pytest.raises(ModelError, match=r"default: both .*write \./default for the folder"):
        find_model("default")
    assert find_model("./default").samefile(folder)
    assert find_model(Path("default")).samefile(folder)
    assert is_shipped("default")
    assert not is_shipped(Path("default"))


def test_a_missing_model_is_refused_with_the_shipped_names(tmp_path):
    with pytest.raises(ModelError, match=r"yours: no model there: .*: default"):
        find_model(tmp_path / "yours")


def test_the_model_folder_in_a_run_is_of_the_run(tmp_path):
    run = tmp_path / "run"
    encoder = write_config(run / "encoder")
    assert run_of(encoder) == encoder, "the model folder of no run"
    (run / "training_audio.txt").touch()
    assert run_of(str(encoder)) == run_of(run) == run
    assert run_of("default") is None


def test_a_classifier_may_be_inside_a_run(tmp_path):
    run = tmp_path / "run"
    linear = run / "evaluation" / "set" / "linear"
    write_config(linear / "classifier")
    (run / "training_audio.txt").touch()
    for folder in (run, run / "encoder", run / "evaluation", linear.parent, linear):
        assert find_classifier(folder) == linear


def test_no_or_several_classifiers_are_refused(tmp_path):
    with pytest.raises(ModelError, match="no classifier there: train one on your labels"):
        find_classifier(tmp_path)
    for name in ("finetune", "linear"):
        write_config(tmp_path / name / "classifier")
    with pytest.raises(ModelError, match=r"several classifiers there; .*finetune.*linear"):
        find_classifier(tmp_path)


def test_sounds_in_place_of_a_model_get_a_hint(tmp_path):
    """`evaluate sounds/ runs/mine` has its arguments in the wrong order."""
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog" / "a.WAV").touch()
    for path in (tmp_path, tmp_path / "dog" / "a.WAV"):
        with pytest.raises(ModelError, match=r"no model there: .* the model comes first"):
            find_model(path)
    with pytest.raises(ModelError, match=r"default[.]$"):
        find_model(tmp_path / "none")
