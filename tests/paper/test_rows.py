import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.paper.rows import Row, Table, slug


@given(st.text())
def test_a_slug_is_a_valid_file_name_and_its_own_slug(name):
    name_of_file = slug(name)
    assert set(name_of_file) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert slug(name_of_file) == name_of_file == slug(name.swapcase()) or not name.isascii()


@pytest.mark.parametrize(
    ("row", "configuration"),
    [
        (Row("x"), "paper"),
        (Row("x", {"views.patch_sampling": "same"}), "paper-patch_sampling-same"),
        (Row("x", {"views.mix_back": None}), "paper-mix_back-off"),
        (Row("x", {"views.blur": {}, "views.noise": None}), "paper-blur-on-noise-off"),
        (Row("x", {"encoder.name": "vgg"}, "simclr"), "simclr-encoder-vgg"),
    ],
)
def test_a_configuration_names_the_recipe_and_its_changes(row, configuration):
    assert row.configuration == configuration


def test_rows_with_the_same_work_share_a_result():
    assert Row("one name").work == Row("another", is_reference=True).work
    others = [Row("x", task="noisy"), Row("x", start="untrained"), Row("x", {"a.b": 1})]
    assert len({row.work for row in [Row("x"), *others]}) == 4


def test_a_table_knows_its_reference():
    choice = Row("b", is_reference=True)
    assert Table("t", "?", (Row("a"), choice)).reference is choice
