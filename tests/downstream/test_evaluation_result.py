import dataclasses
import json

from soundalike.downstream.evaluation_result import EvaluationResult
from soundalike.downstream.verdict import Verdict
from soundalike.evaluation.score_table import ScoreRow


def test_a_result_is_plain_values_for_json():
    row = ScoreRow("linear", "pretrained encoder", 0.9, [0.8, 1.0], {"dog": 0.9}, 0.9, [[9, 1]])
    verdict = Verdict("Your model is good.", "linear", 0.9, [0.8, 1.0], {})
    result = EvaluationResult(
        verdict=verdict,
        model="m",
        source="s",
        task="noisy",
        splits=["test"],
        classes=["dog"],
        n_test_clips=10,
        pretrained_on_test_clips=False,
        seed=0,
        out="out",
        store="out/store",
        metric="balanced accuracy",
        rows=[row],
        notes=[],
    )
    values = json.loads(json.dumps(dataclasses.asdict(result)))
    assert values["verdict"]["sentence"] == "Your model is good."
    assert values["rows"][0]["interval"] == [0.8, 1.0]
    assert values == dataclasses.asdict(result)
