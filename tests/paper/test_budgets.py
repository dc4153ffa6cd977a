"""Every row has a recipe under every budget, and a budget does not change what rows compare."""

import pytest

from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.models.encoder import build_encoder
from soundalike.paper.budgets import BUDGETS, find_budget
from soundalike.paper.experiments import choose
from soundalike.paper.rows import PaperError, Row
from soundalike.recipes.recipe import read_recipe
from soundalike.training.pretraining_recipe import PRETRAINING

ROWS = list({row.configuration: row for _, row in choose()}.values())


@pytest.fixture(scope="module", params=BUDGETS)
def recipes(request):
    """The recipe of every configuration, under one budget."""
    budget = BUDGETS[request.param]
    return budget, {
        row.configuration: budget.supervised_recipe(row, seed=3, n_clips=800)
        if row.start == "from scratch"
        else budget.pretraining_recipe(row, seed=3, n_clips=800)
        for row in ROWS
    }


def test_every_row_has_its_own_recipe(recipes):
    _, read = recipes
    assert all(recipe["training"]["seed"] == 3 for recipe in read.values())
    assert len({str(recipe) for recipe in read.values()}) == len(read)


def test_encoders_are_as_wide_as_the_budget_says(recipes):
    budget, read = recipes
    for settings in {
        str(recipe["encoder"]): recipe["encoder"] for recipe in read.values()
    }.values():
        encoder = build_encoder(settings)
        if settings["name"] in budget.widths:
            assert encoder.width == budget.widths[settings["name"]]


@pytest.mark.parametrize("n_clips", [10, 128, 129, 4000])
def test_a_training_has_as_many_steps_as_the_budget_says(n_clips):
    """For sets of any size, to within half an epoch; validation is checked a few times."""
    budget = find_budget("laptop")
    pretraining = budget.pretraining_recipe(Row("x"), 0, n_clips)
    supervised = budget.supervised_recipe(Row("x", task="clean"), 0, n_clips)
    per_epoch = -(-n_clips // 128)
    for recipe, n_steps in ((pretraining, 500), (supervised, 900)):
        assert abs(recipe["training"]["n_epochs"] * per_epoch - n_steps) <= per_epoch / 2
    n_validations = (
        supervised["training"]["n_epochs"] / supervised["training"]["validate_every_n_epochs"]
    )
    assert 8 <= n_validations < 16


@pytest.mark.parametrize("budget", BUDGETS.values(), ids=list(BUDGETS))
def test_a_budget_changes_nothing_that_rows_compare(budget):
    compared = {key.removesuffix(".name") for row in ROWS for key in row.changes}
    for key in [*budget.pretraining, *budget.supervised]:
        assert not any(key.startswith(other) or other.startswith(key) for other in compared), key


def test_the_paper_budget_changes_no_recipe():
    budget = find_budget("paper")
    for kind, recipe, read in (
        (PRETRAINING, "paper", budget.pretraining_recipe(Row("x"), 0, 800)),
        (SUPERVISED, "finetune", budget.supervised_recipe(Row("x", task="noisy"), 0, 800)),
    ):
        assert read == read_recipe(recipe, kind)
    assert budget.is_conclusive
    assert budget.n_linear_epochs == 200


def test_fine_tuning_uses_the_encoder_of_the_row():
    row = Row("x", {"encoder.name": "crnn", "views.noise": None}, task="clean")
    recipe = find_budget("small").supervised_recipe(row, 0, 800)
    assert recipe["encoder"]["name"] == "crnn"
    assert recipe["loss"]["name"] == "cross_entropy"


def test_a_budget_describes_its_changes():
    changes = find_budget("small").changes
    assert "resnet18 16" in changes
    assert "steps 140" in changes
    assert find_budget("paper").changes == "linear evaluation: epochs 200"


@pytest.mark.parametrize(("name", "near"), [("labtop", "laptop"), ("Small", "small")])
def test_an_unknown_budget_gets_a_suggestion(name, near):
    with pytest.raises(
        PaperError, match=f"{name}: .* paper, laptop, small, .* did you mean '{near}"
    ):
        find_budget(name)


@pytest.mark.parametrize("name", ["", "0,3", "30 minutes"])
def test_a_budget_unlike_any_other_gets_none(name):
    with pytest.raises(PaperError, match=r"share of the paper's epochs such as 0\.1\.$"):
        find_budget(name)


def test_a_smaller_budget_trains_less():
    lengths = [
        find_budget(name).pretraining_recipe(Row("x"), 0, 800)["training"]["n_epochs"]
        for name in ("small", "laptop", "paper")
    ]
    assert lengths == sorted(lengths)
    assert lengths[-1] == 500


def test_a_number_is_a_share_of_the_paper_s_epochs():
    budget = find_budget("0.1")
    recipe = budget.pretraining_recipe(Row("x"), 0, 15_813)
    assert recipe["training"]["n_epochs"] == 50
    assert recipe["schedule"]["milestones"] == [32, 42]
    assert recipe["optimizer"] == read_recipe("paper", PRETRAINING)["optimizer"]
    tuning = budget.supervised_recipe(Row("x", task="clean"), 0, 1500)
    assert (tuning["training"]["n_epochs"], tuning["schedule"]["milestones"]) == (20, [8, 16])
    assert budget.n_linear_epochs == 20
    simclr = budget.pretraining_recipe(Row("x", recipe="simclr"), 0, 15_813)
    assert simclr["schedule"]["n_warmup_epochs"] == pytest.approx(1)


@pytest.mark.parametrize("share", ["0", "-1", "1.5", "nan"])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(PaperError, match="above 0 and at most 1"):
        find_budget(share)
