"""What a methodologist reads of conversations against scores: lines, a curve and its cut-offs."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tirek.domain.instruments import Instrument
from tirek.domain.measurement.roc import Area, CutOff, area, cut_offs
from tirek.domain.scales import Worse
from tirek.domain.standing import Verdict
from tirek.domain.standing_disclosure import FEWEST_SHOWN, count, is_small
from tirek.domain.standing_outcomes import (
    Accuracy,
    Group,
    Judged,
    accuracy,
    counts_of,
    groups,
    of_group,
)
from tirek.services import outcome_figures
from tirek.services.unit import Unit


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """One group: its accuracy and area, None where there are too few or it would tell of few."""

    group: Group
    accuracy: Accuracy | None
    area: Area | None


@dataclass(frozen=True, slots=True)
class CutRow:
    """One cut-off as the scale counts, with predictive values where ten or more stand behind."""

    cut: Decimal
    found: CutOff


@dataclass(frozen=True, slots=True)
class OutcomeReport:
    """Conversations about one scale; `total` and `not_flagged` may be hidden as "<10"."""

    scale: str
    total: int | str
    unclear: int | str
    not_flagged: int | str
    is_high_worse: bool
    lines: tuple[OutcomeLine, ...]
    cuts: tuple[CutRow, ...]
    # False-alarm share and sensitivity of each cut-off, from (0, 0) to (1, 1).
    curve: tuple[tuple[float, float], ...]


def of_scale(unit: Unit, instrument: Instrument, scale_id: str) -> OutcomeReport:
    """The report of a scale, or of one computed from it where only that one has a cut-off."""
    found = outcome_figures.judged(unit, instrument)
    name = _judged_scale(instrument, scale_id, found)
    judged = found.get(name, ())
    is_high = instrument.scale(name).worse is Worse.HIGH
    counts = counts_of(judged, worse_is_high=is_high)
    table = cut_offs(counts) if counts is not None else []
    return OutcomeReport(
        name,
        count(len(judged)),
        count(sum(one.verdict is Verdict.UNCLEAR for one in judged)),
        count(sum(not one.is_flagged for one in judged)),
        is_high,
        tuple(_line(judged, group, is_high=is_high) for group in groups(judged)) if judged else (),
        tuple(CutRow(Decimal(str(one.cut if is_high else -one.cut)), one) for one in table),
        _curve(table),
    )


def _judged_scale(instrument: Instrument, scale_id: str, known: Container[str]) -> str:
    names = [scale_id, *(one.id for one in instrument.scoring.scales if one.source == scale_id)]
    return next((name for name in names if name in known), scale_id)


def _line(judged: Sequence[Judged], group: Group, *, is_high: bool) -> OutcomeLine:
    own = of_group(judged, group)
    counts = None if _gives_away(judged, group) else counts_of(own, worse_is_high=is_high)
    if counts is None:
        return OutcomeLine(group, None, None)
    return OutcomeLine(group, accuracy(own), area(counts))


def _gives_away(judged: Sequence[Judged], group: Group) -> bool:
    """Whether what is left of a wider shown group is one to nine of either verdict."""
    wider = [Group(), Group(language=group.language), Group(ages=group.ages)]
    own = of_group(judged, group)
    return any(
        is_small(_number(of_group(judged, one), verdict) - _number(own, verdict))
        for one in wider
        for verdict in (Verdict.CONFIRMED, Verdict.NOT_CONFIRMED)
    )


def _number(judged: Sequence[Judged], verdict: Verdict) -> int:
    return sum(one.verdict is verdict for one in judged)


def _curve(table: Sequence[CutOff]) -> tuple[tuple[float, float], ...]:
    if not table:
        return ()
    points = [
        (1 - (one.specificity.value or 0), one.sensitivity.value or 0) for one in reversed(table)
    ]
    return ((0.0, 0.0), *points)


def shown_share(value: float | None, n: int) -> float | None:
    """A predictive value, where ten or more stand behind it."""
    return value if n >= FEWEST_SHOWN else None
