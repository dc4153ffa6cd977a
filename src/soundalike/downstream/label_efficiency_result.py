"""The result of a few-shot evaluation: learning curves, and how many labels pre-training saves."""

from dataclasses import dataclass

from soundalike.downstream.few_shot_curves import CurvePoint
from soundalike.downstream.label_saving import LabelSaving


@dataclass(frozen=True)
class LabelEfficiencyResult:
    """What a few-shot evaluation measured; ``few_shot.json`` holds the same.

    Args:
        saving: the answer in one sentence, with its numbers.
        model: the name of the model.
        source: the name of the labeled clips.
        task: which clips train, as for `evaluation_splits`.
        splits: names of the splits, one for each fold.
        classes: names of the classes.
        n_test_clips: test clips of all splits.
        pretrained_on_test_clips: If true, pre-training included test clips, without their labels.
        seeds: random seeds of the draws.
        labels: numbers of labels per class, ascending; None for all.
        methods: what was compared.
        points: the curves, method by method.
        notes: reasons to doubt the scores, a line each.
        out: folder of this result.
    """

    saving: LabelSaving
    model: str
    source: str
    task: str
    splits: list[str]
    classes: list[str]
    n_test_clips: int
    pretrained_on_test_clips: bool
    seeds: list[int]
    labels: list[int | None]
    methods: list[str]
    points: list[CurvePoint]
    notes: list[str]
    out: str
