"""The command views."""

import pytest


def test_the_page_shows_pairs_of_sounds_or_a_store(results_of, sound_folder, store, tmp_path):
    page = tmp_path / "pages" / "views.html"
    peak = ["--front_end.level", "peak"]  # as in the store
    for source in (sound_folder, store.path):
        words = ["--out", page, "--pairs", 2, "--seed", 5, "--views.blur", "{}", *peak]
        results, last = results_of("views", source, *words)
        assert results == {
            "n_clips": 24, "n_pairs": 2, "n_silent_patches": 0, "page": str(page),
        }  # fmt: skip
        assert last == f"open {page}"
        html = page.read_text()
        assert html.count("<b>blur</b>") == 4
        assert html.count("<figcaption>") == 2 * 6


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "required: SOURCE"),
        (["x", "--pairs", "0"], "argument --pairs: '0': expected a whole number from 1"),
        (["no/such"], "no/such: no such file or folder"),
        (
            ["x", "--recipe", "finetune"],
            "finetune is a supervised recipe, not a pretraining recipe: choose one of default",
        ),
        (["x", "--views.nois.std", "1"], "'nois' is not known: did you mean 'noise'?"),
        (["x", "--out", "."], ".: is a folder: name the HTML file"),
    ],
)
def test_wrong_use(refusal, words, message):
    assert message in refusal("views", *words)
