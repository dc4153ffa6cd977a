"""The answer of an evaluation in words: how good the model is, and what training added."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from soundalike.downstream.plain_names import BASELINES, OPENINGS
from soundalike.evaluation.power import clips_to_show
from soundalike.evaluation.score_table import PRETRAINED, ScoreRow
from soundalike.runtime.counts import counted

# An exact test of fewer recordings, all in favor of one side, is above 5%: 2 * 0.5**5 = 6%.
MIN_DIFFERING = 6
DIFFERENCE = 0.05  # that more clips should show
Outcome = Literal["better", "worse", "unclear"]
WIDTH = 2 * 1.96  # of a 95% interval, in standard errors


@dataclass(frozen=True)
class Verdict:
    """How good the model is, and whether it is better than the baselines.

    The model is better if it is above every baseline, and worse if it is below the closest one: the
    one that the model is least certain to be above. Each time, the paired 95% interval of the
    difference must exclude zero, and at least `MIN_DIFFERING` recordings must tell the two apart.

    Args:
        sentence: all of it in words.
        protocol: of the rows that were compared.
        score: of the model; balanced accuracy or mAP.
        interval: its 95% interval.
        baselines: score of each baseline, by representation.
        outcome: whether the model is better than the baselines; None without any.
        closest: the closest baseline.
        lead: score of the model minus that of the closest baseline.
        lead_interval: its paired 95% interval.
        n_more_clips: if the outcome is unclear, how many more labeled clips like these would be
            needed to detect a difference of `DIFFERENCE`; 0 if these clips are enough.
    """

    sentence: str
    protocol: str
    score: float
    interval: list[float]
    baselines: dict[str, float]
    outcome: Outcome | None = None
    closest: str | None = None
    lead: float | None = None
    lead_interval: list[float] | None = None
    n_more_clips: int | None = None


def verdict(
    rows: Sequence[ScoreRow], n_clips: int, n_recordings: int, is_shipped: bool = False
) -> Verdict:
    """Compare the model with the baselines of the first protocol.

    The sentence also names other protocols that disagree clearly.

    Args:
        rows: the table of scores.
        n_clips: number of test clips.
        n_recordings: number of recordings that they are of.
        is_shipped: If true, the model comes with the package.
    """
    all_rows, rows = rows, [row for row in rows if row.protocol == rows[0].protocol]
    (model,) = (row for row in rows if row.representation == PRETRAINED)
    baselines = {row.representation: row for row in rows if row is not model}
    result = Verdict(
        sentence="",
        protocol=model.protocol,
        score=model.score,
        interval=model.interval,
        baselines={name: row.score for name, row in baselines.items()},
    )
    closest_rows: dict[str, ScoreRow] = {}
    outcomes: dict[str, Outcome] = {}
    for row in all_rows:
        rival = closest_rows.get(row.protocol)
        if not row.lead_interval or (rival and (rival.lead_interval or []) <= row.lead_interval):
            continue
        low, high = row.lead_interval
        is_clear = (row.n_differing or 0) >= MIN_DIFFERING and not low <= 0 <= high
        closest_rows[row.protocol] = row
        outcomes[row.protocol] = "unclear" if not is_clear else "better" if low > 0 else "worse"
    closest = closest_rows.pop(model.protocol, None)
    if closest and closest.lead_interval:
        (low, high), outcome = closest.lead_interval, outcomes[model.protocol]
        # One recording that differs is the least that more clips would bring.
        standard_error = max((high - low) / WIDTH, 1 / n_recordings)
        result = replace(
            result,
            outcome=outcome,
            closest=closest.representation,
            lead=closest.lead,
            lead_interval=closest.lead_interval,
            n_more_clips=clips_to_show(DIFFERENCE, standard_error, n_clips)
            if outcome == "unclear"
            else None,
        )
    subject = "the shipped model" if is_shipped else "your model"
    sentences = [f"{OPENINGS[model.protocol]}{subject} {_answer(result, model, closest)}."]
    for protocol, row in closest_rows.items():
        if outcomes[protocol] in ("unclear", result.outcome) or row.lead_interval is None:
            continue
        scale, digits, unit = (1, 2, "") if row.confusion is None else (100, 0, " points")
        sizes = scale * np.abs([row.lead or 0.0, *sorted(row.lead_interval, key=abs)])
        digits += not np.round(sizes[1], digits)  # a clear difference does not begin at zero
        size, least, most = [f"{value:.{digits}f}" for value in sizes]
        sentences.append(
            f"{OPENINGS[protocol]}it is {outcomes[protocol]} than {BASELINES[row.representation]} "
            f"by {size}{unit} ({least}-{most})."
        )
    return replace(result, sentence=" ".join(each[0].upper() + each[1:] for each in sentences))


def _answer(result: Verdict, model: ScoreRow, closest: ScoreRow | None) -> str:
    """Return the answer without its subject and its last full stop."""
    is_multi_label = model.confusion is None
    scale, digits = (1, 2) if is_multi_label else (100, 0)
    lead, lead_interval = result.lead or 0.0, result.lead_interval or [0.0, 0.0]
    if result.outcome == "worse":
        lead, lead_interval = -lead, [-lead_interval[1], -lead_interval[0]]
    if closest:  # one more digit if the rounded scores do not differ by the rounded lead, or if
        # the interval of a clear difference would seem to begin at zero
        values = [abs(model.score - closest.score), model.score, closest.score, lead_interval[0]]
        difference, ours, theirs, least = np.round(scale * np.array(values), digits)
        does_add_up = np.isclose(abs(ours - theirs), difference)
        digits += not does_add_up or (result.outcome != "unclear" and least == 0)
    numbers = [model.score, *model.interval, lead, *lead_interval, *result.baselines.values()]
    rounded = np.round(scale * np.array(numbers), digits) + 0.0  # no -0
    score, low, high, lead_text, lead_low, lead_high, *others = [
        f"{number:.{digits}f}" for number in rounded
    ]
    answer = f"names {score} of 100 clips right ({low}-{high})"
    if is_multi_label:
        answer = (
            f"finds the classes of clips with a mean average precision of {score} ({low}-{high})"
        )
    elif len({sum(row) for row in model.confusion or [] if sum(row)}) > 1:
        answer += ", every class counting the same"
    if not closest:
        return answer
    names = [BASELINES[name] for name in result.baselines]
    answer += f"; {', '.join(f'{name} {text}' for name, text in zip(names, others, strict=True))}: "
    rival = BASELINES[closest.representation]
    if result.outcome == "better":
        return f"{answer}pre-training helps by {lead_text} ({lead_low}-{lead_high})"
    if result.outcome == "worse":
        return f"{answer}{rival} is better by {lead_text} ({lead_low}-{lead_high})"
    answer += f"no clear difference from {rival} ({lead_low} to {lead_high})"
    n_differing = closest.n_differing or 0
    if n_differing < MIN_DIFFERING:
        few = f"only {counted(n_differing, 'recording')}" if n_differing else "no recording"
        answer += f", as they differ on {few}"
    size = f"{DIFFERENCE:g}" if is_multi_label else f"{100 * DIFFERENCE:g} points"
    if not result.n_more_clips:
        return f"{answer}. These clips are enough to detect a difference of {size}"
    more = counted(result.n_more_clips, "more labeled clip")
    return f"{answer}. About {more} would be needed to detect a difference of {size}"
