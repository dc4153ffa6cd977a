import dataclasses
import json

from soundalike.downstream.evaluation_result import EvaluationResult
from soundalike.evaluation.score_table import ScoreRow


def test_a_result_is_plain_values_for_json():
    row = ScoreRow("linear", "pretrained encoder", 0.9, [0.8, 1.0], {"dog": 0.9}, 0.9, [[9, 1]])
    result = EvaluationResult(
        "m", "s", ["test"], 10, False, 0, "out", "balanced accuracy", [row], []
    )
    values = json.loads(json.dumps(dataclasses.asdict(result)))
    assert values["rows"][0]["interval"] == [0.8, 1.0]
    assert values == dataclasses.asdict(result)
