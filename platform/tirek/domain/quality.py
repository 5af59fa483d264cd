"""How an administration was answered: shown beside the scores, never a reason to discard them.

A pupil in distress answers "carelessly" too (all threes is a long string), so these numbers never
weaken a flag (reference: instruments §5.5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import sqrt

from tirek.domain.instruments import UNSEEN, Answer, AnswerState, Instrument
from tirek.domain.showing import asked_answers


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts of answer states, the longest run of one code, and the spread within the person."""

    answered: int
    declined: int
    skipped: int
    unseen: int
    longstring: int | None
    irv: float | None


def quality(instrument: Instrument, answers: Mapping[str, Answer]) -> Quality:
    """Return the response quality of one administration.

    States are counted over all items; the two indices read the scored items only, in presentation
    order and before reversing, and are None where the instrument does not declare them. An item
    that earlier answers hide counts as unseen.
    """
    answers = asked_answers(instrument, answers)
    states = [answers.get(item.id, UNSEEN).state for item in instrument.items]
    sheet = [answers.get(item.id, UNSEEN) for item in instrument.scored_items]
    weights = [
        instrument.weight(item.id, answer)
        for item, answer in zip(instrument.scored_items, sheet, strict=True)
    ]
    declared = instrument.scoring.quality
    return Quality(
        answered=states.count(AnswerState.ANSWERED),
        declined=states.count(AnswerState.DECLINED),
        skipped=states.count(AnswerState.SKIPPED),
        unseen=states.count(AnswerState.UNSEEN),
        longstring=longstring([answer.code for answer in sheet])
        if "longstring" in declared
        else None,
        irv=irv([weight for weight in weights if weight is not None])
        if "irv" in declared
        else None,
    )


def longstring(codes: Sequence[str | None]) -> int:
    """Return the longest run of equal codes; a blank (None) ends a run. 0 to the number of codes.

    Source: Meade & Craig 2012, as R careless::longstring.
    """
    runs = (len(list(run)) for code, run in groupby(codes) if code is not None)
    return max(runs, default=0)


def irv(weights: Sequence[Fraction]) -> float | None:
    """Return the intra-individual response variability: the person's sd over items (n - 1).

    0 when all are equal; None below two answers. Source: Dunn et al. 2018, as R careless::irv.
    """
    n = len(weights)
    if n < 2:  # noqa: PLR2004 (a spread needs two values)
        return None
    mean = sum(weights, Fraction(0)) / n
    return sqrt(sum(((weight - mean) ** 2 for weight in weights), Fraction(0)) / (n - 1))
