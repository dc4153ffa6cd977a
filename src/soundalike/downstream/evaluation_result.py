"""The result of an evaluation: a table of scores and what they are scores of."""

from dataclasses import dataclass

from soundalike.downstream.verdict import Verdict
from soundalike.evaluation.score_table import ScoreRow


@dataclass(frozen=True)
class EvaluationResult:
    """What an evaluation measured; ``results.json`` holds the same.

    Args:
        verdict: the answer in one sentence, with its numbers.
        model: the name of the model.
        source: the name of the labeled clips.
        task: which clips trained, as for `evaluation_splits`.
        splits: names of the splits, one for each fold.
        classes: names of the classes, in the order of the rows of a confusion matrix.
        n_test_clips: test clips of all splits.
        pretrained_on_test_clips: If true, pre-training included test clips, without their labels.
        seed: random seed.
        out: folder of predictions, classifiers and this result.
        store: folder of the log-mels of the clips.
        metric: what `score` is in the rows.
        rows: the table.
        notes: reasons to doubt the scores, a line each.
        n_problems: clips of the source that were skipped.
        problems: the CSV file that lists them, if there are any.
    """

    verdict: Verdict
    model: str
    source: str
    task: str
    splits: list[str]
    classes: list[str]
    n_test_clips: int
    pretrained_on_test_clips: bool
    seed: int
    out: str
    store: str
    metric: str
    rows: list[ScoreRow]
    notes: list[str]
    n_problems: int = 0
    problems: str | None = None
