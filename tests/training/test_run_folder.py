"""The run folder: its configuration."""

import pytest

from soundalike.training.run_folder import (
    RunError,
    RunFolder,
    read_run_config,
    read_training_audio,
)

CONFIG = {"source": "sounds", "clips": "abc", "test_fold": None, "recipe": {"loss": {"a": 1}}}


def test_a_new_run_writes_its_configuration(tmp_path):
    RunFolder(tmp_path / "run").configure(**CONFIG)
    assert read_run_config(tmp_path / "run") == CONFIG
    RunFolder(tmp_path / "run").configure(**CONFIG)


def test_another_configuration_is_refused_naming_the_key(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.configure(**CONFIG)
    run.checkpoints.last.write_bytes(b"trained")
    with pytest.raises(RunError, match=r"recipe\.loss\.a is 1 there and 2 here"):
        RunFolder(tmp_path / "run").configure(**CONFIG | {"recipe": {"loss": {"a": 2}}})
    with pytest.raises(RunError, match="test_fold is None there and 3 here"):
        RunFolder(tmp_path / "run").configure(**CONFIG | {"test_fold": "3"})


def test_another_source_is_refused_by_name(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.configure(**CONFIG)
    run.checkpoints.last.write_bytes(b"trained")
    run.configure(**CONFIG | {"source": "the/same/sounds"})
    with pytest.raises(RunError, match="holds a run on sounds, not on frogs: name a new folder"):
        run.configure(**CONFIG | {"source": "frogs", "clips": "def"})


def test_a_run_of_some_epochs_continues_for_minutes(tmp_path):
    run, recipe = RunFolder(tmp_path / "run"), {"training": {"n_epochs": 1, "seed": 0}}
    run.configure(**CONFIG | {"recipe": recipe, "minutes": None})
    run.checkpoints.last.write_bytes(b"trained")
    longer = {"recipe": {"training": {"n_epochs": 60, "seed": 0}}}
    with pytest.raises(RunError, match=r"is 1 there and 60 here.* continue it with --minutes"):
        run.configure(**CONFIG | longer | {"minutes": None})
    run.configure(**CONFIG | longer | {"minutes": 30})
    with pytest.raises(RunError, match="seed is 0 there and 1 here"):
        run.configure(**CONFIG | {"recipe": {"training": {"seed": 1}}, "minutes": 30})


def test_before_training_the_configuration_may_change(tmp_path):
    RunFolder(tmp_path / "run").configure(**CONFIG)
    RunFolder(tmp_path / "run").configure(**CONFIG | {"test_fold": "3"})
    assert read_run_config(tmp_path / "run")["test_fold"] == "3"


def test_a_folder_that_is_not_a_run_is_not_touched(tmp_path):
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(RunError, match="is not a run"):
        RunFolder(tmp_path)
    with pytest.raises(RunError, match="is not a run"):
        RunFolder(tmp_path / "thesis.tex")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_configuration_of_another_program_is_not_replaced(tmp_path):
    (tmp_path / "config.yaml").write_text("defaults: [model]\n")
    with pytest.raises(RunError, match=r"config\.yaml is not the configuration of a run: name a"):
        RunFolder(tmp_path).configure(**CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]
    assert (tmp_path / "config.yaml").read_text() == "defaults: [model]\n"


def test_a_folder_with_only_a_prepared_store_is_accepted(tmp_path):
    (tmp_path / "run" / "store").mkdir(parents=True)
    RunFolder(tmp_path / "run").configure(**CONFIG)


def test_a_damaged_configuration_is_named(tmp_path):
    for text in ("a: [", "- a"):
        (tmp_path / "config.yaml").write_text(text)
        with pytest.raises(RunError, match=r"config\.yaml is damaged|is not a run"):
            read_run_config(tmp_path)


def test_a_folder_without_a_configuration_has_none(tmp_path):
    assert read_run_config(tmp_path) == {}


def test_a_training_refuses_a_configuration_that_another_wrote_meanwhile(tmp_path):
    run, other = RunFolder(tmp_path / "run"), RunFolder(tmp_path / "run")
    run.configure(**CONFIG)
    other.configure(**CONFIG | {"test_fold": "3"})
    with pytest.raises(RunError, match="test_fold is 3 there"), run.claimed():
        pass
    with other.claimed():
        pass


def test_the_clips_that_a_model_has_learned(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.configure(**CONFIG)
    run.training_audio.write_text("0123\n\n4567\n")
    assert read_training_audio(run.path).tolist() == [b"0123", b"4567"]
    assert len(read_training_audio(None)) == len(read_training_audio(tmp_path)) == 0
