"""The table of methods."""

from soundalike.downstream.few_shot_methods import (
    FROZEN,
    METHOD_MEANINGS,
    METHODS,
    METHODS_IN_A_SENTENCE,
    OF_THE_MODEL,
    TRAININGS,
)


def test_a_method_is_frozen_or_trained_and_of_the_model_or_a_baseline():
    assert set(FROZEN) | set(TRAININGS) == set(METHODS) == set(METHOD_MEANINGS)
    assert not set(FROZEN) & set(TRAININGS)
    assert set(OF_THE_MODEL) | set(METHODS_IN_A_SENTENCE) == set(METHODS)
    assert not set(OF_THE_MODEL) & set(METHODS_IN_A_SENTENCE)
