"""Messages that newcomers could not use, with the sentences that stand there now."""

import io
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile

from soundalike.audio.audio_error import AudioError
from soundalike.audio.waveform import read_waveform
from soundalike.datasets.clips import SourceError
from soundalike.datasets.manifest import clips_of_table
from soundalike.evaluation.diagnosis import diagnosis_summary
from soundalike.paper.budgets import find_budget
from soundalike.paper.rows import PaperError
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.recipe import read_recipe
from soundalike.runtime.hardware import choose_hardware
from soundalike.runtime.progress import FORMAT, LINE, WITHOUT_TOTAL, progress_bar
from soundalike.training.pretraining_recipe import PRETRAINING

TRAINING_KEYS = (
    "n_epochs, batch_size, merge_views, post_norm, precision, memory_format, seed, segment_s"
)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        # was: did you mean 'post_normalise'?
        ("max_minutes", 5, f" 'max_minutes' is not known: choose from {TRAINING_KEYS}."),
        ("n_epoch", 5, " 'n_epoch' is not known: did you mean 'n_epochs'?"),
        # was: Expected a <class 'int'>
        ("n_epochs", "ten", ".n_epochs: expected a whole number, got ten"),
        ("n_epochs", None, ".n_epochs is null and needs a value."),
        ("merge_views", "maybe", ".merge_views: expected true or false, got maybe"),
    ],
)
def test_a_recipe_that_cannot_be_used(key, value, sentence):
    with pytest.raises(RecipeError) as refusal:
        read_recipe("paper", PRETRAINING, {f"training.{key}": value})
    assert str(refusal.value) == f"paper: training{sentence}"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        # was: did you mean 'laptop'?
        (
            "0,3",
            "the budgets are paper, laptop, small, or a share of the paper's epochs such as 0.1.",
        ),
        ("30", "a budget's share of the epochs must be above 0 and at most 1."),
    ],
)
def test_a_budget_that_is_no_number(name, sentence):
    with pytest.raises(PaperError) as refusal:
        find_budget(name)
    assert str(refusal.value) == f"{name}: {sentence}"


@pytest.mark.parametrize(
    ("sample", "at", "sentence"),
    [
        # was: absurd samples: found after 0.00 s
        (1e30, 0, "absurd samples: the first at 0.00 s; encode the file again or remove it"),
        (1e30, 11025, "absurd samples: the first at 0.50 s; encode the file again or remove it"),
        (
            np.nan,
            22049,
            "samples that are not numbers: the first at 1.00 s; encode the file again or remove it",
        ),
    ],
)
def test_samples_that_cannot_be_right(tmp_path, sample, at, sentence):
    samples = np.zeros(22050, np.float32)
    samples[at] = sample
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 22050, subtype="FLOAT")
    with pytest.raises(AudioError) as refusal:
        read_waveform(path, 22050)
    assert str(refusal.value) == f"{path}: {sentence}"


MPEG_4 = b"\0\0\0\x20ftypM4A " + bytes(100)
INSTALL = "needs PyAV: it is MPEG-4; install the extra av: pip install 'soundalike[av]'"


@pytest.mark.parametrize(
    ("content", "has_av", "sentence"),
    [
        # was: not audio: no decoder knows what is in it
        (MPEG_4, False, INSTALL),
        (
            MPEG_4,
            True,
            "damaged: it is MPEG-4, but decoding failed (Invalid data found when processing "
            "input); encode it again",
        ),
        (
            bytes(range(256)),
            True,
            "not audio: no decoder can read it; convert it to wav, flac, ogg, opus, mp3 or aiff",
        ),
    ],
)
def test_m4a_that_cannot_be_read(tmp_path, monkeypatch, content, has_av, sentence):
    if has_av:
        pytest.importorskip("av")
    else:
        monkeypatch.setitem(sys.modules, "av", None)
    path = tmp_path / "a.m4a"
    path.write_bytes(content)
    with pytest.raises(AudioError) as refusal:
        read_waveform(path, 22050)
    assert str(refusal.value) == f"{path}: {sentence}"


def test_a_table_is_a_source_and_no_path():
    """Was: path: missing: there is no such file."""
    assert list(clips_of_table(pd.DataFrame({"path": ["a.wav"]})).rows["path"]) == ["a.wav"]
    with pytest.raises(SourceError) as refusal:
        clips_of_table(pd.DataFrame({"x": ["a.wav"]}))
    assert str(refusal.value) == (
        "table: no column 'path' (its columns: x): name the column of file names 'path'."
    )


def test_too_early_to_tell_is_for_runs_that_go_on():
    assert diagnosis_summary([], 128) == "too early to tell"
    assert diagnosis_summary([], 128, is_finished=True) == "too few checks to tell"


def test_the_machine_without_internals():
    """Was: 32-true, contiguous (bf16 is not native here)."""
    assert not any(word in choose_hardware().name for word in ("true", "contiguous", "bf16"))


def test_progress_in_units_that_people_count():
    """Was: it, s/it and s/ steps, in lines of more than 80 columns."""
    for form in (FORMAT, LINE, WITHOUT_TOTAL):
        assert "UNIT" in form
        assert "rate" not in form
    file = io.StringIO()
    with pytest.raises(TypeError, match="unit"):
        progress_bar([1], name="embed", file=file)  # type: ignore[call-arg]
