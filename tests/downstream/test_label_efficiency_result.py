"""The result of a few-shot evaluation as JSON."""

import dataclasses
import json

from soundalike.downstream.few_shot_curves import CurvePoint
from soundalike.downstream.label_efficiency_result import LabelEfficiencyResult
from soundalike.downstream.label_saving import LabelSaving


def test_a_result_is_plain_json():
    saving = LabelSaving("With 5 labels", "linear", 5, 5.0, 0.7, [0.6, 0.8], {"scratch": None})
    point = CurvePoint("linear", None, 32.0, 0.9, [0.8, 1.0])
    result = LabelEfficiencyResult(
        saving, "default", "mine", "noisy", ["test"], ["a", "b"], 9, False, [0], [5, None],
        ["linear"], [point], [], "out",
    )  # fmt: skip
    content = json.loads(json.dumps(dataclasses.asdict(result)))
    assert content["saving"]["needed"] == {"scratch": None}
    assert content["labels"] == [5, None]
    assert content["points"][0]["lead"] is None
