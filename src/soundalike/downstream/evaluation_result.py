"""The result of an evaluation: a table of scores and what they are scores of."""

from dataclasses import dataclass

from soundalike.evaluation.score_table import ScoreRow


@dataclass(frozen=True)
class EvaluationResult:
    """What an evaluation measured; ``results.json`` holds the same.

    Args:
        model: the name of the model.
        source: the name of the labeled clips.
        splits: names of the splits, one for each fold.
        n_test_clips: test clips of all splits.
        pretrained_on_test_clips: If true, pre-training included test clips, without their labels.
        seed: random seed.
        out: folder of predictions, classifiers and this result.
        metric: what `score` is in the rows.
        rows: the table.
        notes: reasons to doubt the scores, a line each.
        n_problems: clips of the source that were skipped.
        problems: the CSV file that lists them, if there are any.
    """

    model: str
    source: str
    splits: list[str]
    n_test_clips: int
    pretrained_on_test_clips: bool
    seed: int
    out: str
    metric: str
    rows: list[ScoreRow]
    notes: list[str]
    n_problems: int = 0
    problems: str | None = None
