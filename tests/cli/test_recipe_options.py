"""Recipe keys as options, checked by the recipe that pretrain prints."""

import pytest
import yaml

from soundalike.cli import DONE, UsageError
from soundalike.cli.recipe_options import parse_values, refuse_fixed_by_model, split_overrides


@pytest.fixture
def print_recipe(call, capsys):
    """Return the recipe that pretrain prints."""

    def run(*words):
        assert call("pretrain", "--print_recipe", *words) == DONE
        return yaml.safe_load(capsys.readouterr().out)

    return run


def test_the_printed_recipe_can_be_read_back(print_recipe, tiny_options, tmp_path):
    recipe = print_recipe(*tiny_options, "--views.noise", "null", "--schedule.name", "cosine")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(recipe))
    assert print_recipe("--recipe", tmp_path / "mine.yaml") == recipe


def test_overrides_are_yaml_values_after_a_space_or_an_equals_sign(print_recipe):
    recipe = print_recipe(
        "--loss.temperature", "0.5",
        "--training.n_epochs=7",
        "--optimizer.lr=1e-4",
        "--views.resized_crop", "{area: [0.5, 1.0]}",
        "--views.noise=null",
        "--views.mix_back.alpha", "0.1",
        "--training.merge_views", "false",
        "--encoder.name", "vgg",
    )  # fmt: skip
    assert recipe["loss"]["temperature"] == 0.5
    assert recipe["training"]["n_epochs"] == 7
    assert recipe["training"]["merge_views"] is False
    assert recipe["optimizer"]["lr"] == 1e-4
    assert recipe["views"]["resized_crop"]["area"] == [0.5, 1.0]
    assert recipe["views"]["noise"] is None
    assert recipe["views"]["mix_back"]["alpha"] == 0.1
    assert recipe["encoder"] == {"name": "vgg", "width": 32}, "not the other encoder's 64"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--loss.temprature", "1"], "'temprature' is not known: did you mean 'temperature'?"),
        (["--los.temperature=1"], "'los' is not known: did you mean 'loss'?"),
        (["--encoder.name", "resnet81"], "'resnet81' is not known: did you mean 'resnet18'?"),
        (["--training.n_epochs", "many"], "training.n_epochs"),
        (["--loss.temperature"], "--loss.temperature needs a value"),
        (["--loss.temperature=[1"], "'[1' is not a valid YAML value"),
        (["--views.noise", "loud"], "views.noise must hold keys, got 'loud'"),
        (["--recipe", "tinny"], "did you mean 'tiny'?"),
        (["--views.noise", "--out", "foo"], "--views.noise needs a value, but '--out' follows"),
        (["--a.b", "--loss.temperature", "1"], "--a.b needs a value, but '--loss.temperature'"),
        (["--training.precision", "16-true"], "precision"),
        (["--training.precision", "64-true"], "precision"),
        (["--training.batch_size", "null"], "training.batch_size is null and needs a value"),
    ],
)
def test_invalid_overrides_are_refused(refusal, words, message):
    assert message in refusal("pretrain", "--print_recipe", *words)


def test_overrides_are_separated_from_other_words():
    words = ["x", "--out", "a.b", "--a.b", "1", "--c.d=2=3", "--e.f"]
    assert split_overrides(words) == (
        ["x", "--out", "a.b"],
        {"--a.b": "1", "--c.d": "2=3", "--e.f": None},
    )
    assert parse_values({"--a.b": "1", "--c.d": "no"}) == {"a.b": 1, "c.d": False}


def test_what_the_model_determines_is_refused():
    refuse_fixed_by_model({"loss.temperature": 1}, ("encoder.",))
    with pytest.raises(UsageError, match=r"--encoder\.width: fixed by the loaded model"):
        refuse_fixed_by_model({"encoder.width": 1}, ("encoder.",))


def test_contradictory_front_end_settings_are_refused(refusal, sound_folder, tmp_path):
    words = ["--out", tmp_path / "x", "--front_end.fmax", "20000"]
    for command in ("prepare", "views", "pretrain"):
        assert "fmax at most half the sample_rate" in refusal(command, sound_folder, *words)
    assert not (tmp_path / "x").exists()
