"""The texts of the health page."""

from soundalike.evaluation.representation_measures import MEASURES
from soundalike.report.health_curves import CURVES


def test_every_measure_has_a_curve_with_whole_sentences():
    assert {curve.column for curve in CURVES} == {"loss", "knn", *MEASURES}
    for curve in CURVES:
        assert curve.meaning.endswith(".")
        assert curve.healthy.endswith(".")
        assert curve.name[0].isupper()
