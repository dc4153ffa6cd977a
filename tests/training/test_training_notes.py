"""What evaluate notes about the training of a model."""

import pytest

from soundalike.training.training_notes import notes_on_training


@pytest.mark.parametrize(("n_steps", "words"), [(1, "1 step:"), (4, "4 steps:"), (50, None)])
def test_a_training_of_a_few_steps_is_noted(tmp_path, n_steps, words):
    (tmp_path / "config.yaml").write_text("source: sounds")
    rows = [f"{step},1\n" for step in range(1, n_steps + 1)]
    (tmp_path / "metrics.csv").write_text("".join(["step,epoch\n", *rows]))
    notes = notes_on_training(tmp_path)
    assert [words in note for note in notes] == ([True] if words else [])


def test_nothing_is_known_of_a_model_without_a_run(tmp_path):
    assert notes_on_training(None) == notes_on_training(tmp_path) == []
    (tmp_path / "config.yaml").write_text("source: sounds")
    assert notes_on_training(tmp_path) == []
