"""The experiments are consistent: rows can be run, and change only what they name."""

import pytest

from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.paper.experiments import TABLES, choose
from soundalike.paper.rows import PaperError, slug
from soundalike.recipes.recipe import read_recipe
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.views import AUGMENTATIONS

ABLATIONS = [table for table in TABLES if all(row.task == "linear" for row in table.rows)]
ROWS = [row for _, row in choose()]


def row_of(name):
    return choose([name])[0][1]


def views_on(name):
    row = row_of(name)
    views = read_recipe(row.recipe, PRETRAINING, row.changes)["views"]
    return {part for part in AUGMENTATIONS if views[part] is not None}


def flat(recipe, prefix=""):
    for key, value in recipe.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_one_reference_and_a_name_for_every_row(table):
    assert sum(row.is_reference for row in table.rows) == 1
    assert len({slug(row.name) for row in table.rows}) == len(table.rows)
    assert len({row.work for row in table.rows}) == len(table.rows), "a row is there twice"


def test_the_reference_changes_nothing():
    assert {table.reference.configuration for table in TABLES} == {"paper"}
    assert len({slug(table.name) for table in TABLES}) == len(TABLES)


def test_a_row_changes_what_it_names_and_nothing_else():
    paper = dict(flat(read_recipe("paper", PRETRAINING)))
    rows = {row.configuration: row for table in ABLATIONS for row in table.rows}
    assert len(rows) > 20
    for row in rows.values():
        if row.recipe != "paper" or row.start != "pretrained":
            continue
        changed = dict(flat(read_recipe("paper", PRETRAINING, row.changes)))
        different = {
            key for key in paper.keys() | changed.keys() if paper.get(key) != changed.get(key)
        }
        for key in different:
            assert any(key.startswith(row_of.removesuffix(".name")) for row_of in row.changes), row
        for row_of in row.changes:
            assert any(key.startswith(row_of.removesuffix(".name")) for key in different), row


def test_augmentations_are_on_where_the_row_says_so():
    chosen = {"resized_crop", "compression", "noise"}
    assert views_on("augmentation/none") == set()
    assert views_on("augmentation/crop alone") == {"resized_crop"}
    assert views_on("augmentation/SpecAugment alone") == {"spec_augment"}
    assert views_on("augmentation/without compression") == chosen - {"compression"}
    assert views_on("augmentation/crop + compression + noise") == chosen
    assert views_on("augmentation/everything") == set(AUGMENTATIONS)
    assert views_on("composition/random patches only") == set()
    assert views_on("composition/augmentation only") == chosen


def test_the_ingredients_alone_are_rows_of_other_tables_too():
    for alone, other in {
        "composition/mix-back only": "augmentation/none",
        "composition/augmentation only": "mix-back/none",
        "composition/same patch + all": "patch sampling/same patch",
        "linear evaluation/CRNN, from scratch": "fine-tuning noisy/CRNN, from scratch",
    }.items():
        assert row_of(alone).work == row_of(other).work


def test_logistic_regression_on_labels_and_on_soft_labels_start_from_the_same_encoder():
    name = "fine-tuning noisy/ResNet-18, pretrained"
    tuned, plain, soft = (
        row_of(f"{name}{way}") for way in ("", ", logistic regression", ", soft labels")
    )
    assert {each.configuration for each in (tuned, plain, soft)} == {"paper"}
    assert [each.task for each in (tuned, plain, soft)] == [
        "noisy", "logistic regression", "soft labels",
    ]  # fmt: skip
    assert row_of(f"{name}, linear").work == row_of("linear evaluation/ResNet-18, pretrained").work


def test_wrong_labels_are_found_in_two_ways_from_three_starts():
    rows = [row for _, row in choose(["wrong labels"])]
    ways = {(row.start, row.task) for row in rows}
    starts = {"log-mel statistics", "untrained", "pretrained"}
    assert ways == {(start, way) for start in starts for way in ("self-confidence", "audit")}
    assert all(row.name == f"{row.start}, {row.task}" for row in rows)
    assert row_of("wrong labels/pretrained, audit").is_reference


def test_every_loss_for_one_label_per_clip_is_a_row_of_the_baseline():
    rows = [row for _, row in choose(["fine-tuning noisy"]) if row.recipe == "baseline"]
    losses = [row.changes["loss.name"] for row in rows]
    assert sorted(losses) == sorted(set(CLASSIFICATION_LOSSES) - {"binary_cross_entropy"})


def test_choose_returns_rows_in_the_order_of_the_tables():
    assert [row for _, row in choose()] == [row for table in TABLES for row in table.rows]
    names = [f"{table.name}/{row.name}" for table, row in choose(["temperature", "Mix-Back/NONE"])]
    assert names[0] == "mix-back/none"
    assert names[1:] == [f"temperature/temperature {t}" for t in (0.05, 0.1, 0.2, 0.5)]
    assert choose(["mix back", "mix-back/none"]) == choose(["mix-back"])


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("temprature", "did you mean 'temperature'"),
        ("fine tuning", "did you mean 'fine-tuning-"),
        ("patch sampling/same", "did you mean 'patch-sampling/same-patch'"),
        ("mix-back/alpha 0.05", "did you mean 'mix-back/other-clips-alpha-0.05'"),
        ("zzz", "tables are patch-sampling, mix-back"),
        ("", "tables are patch-sampling, mix-back"),
    ],
)
def test_an_unknown_name_gets_a_suggestion(name, hint):
    with pytest.raises(PaperError, match=hint):
        choose([name])
