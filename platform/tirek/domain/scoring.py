"""From answers to scores, exactly: a value for each scale, or the reason why there is none.

Sums are exact fractions; nothing is rounded unless the instrument declares it. A blank counts only
as the instrument's own rule says (reference: instruments §5.4), and every doubt ends in
"not computable", which a person must look at. An item that earlier answers hide has no weight,
whatever was once answered to it, and counts as the scale's `hidden_as` says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tirek.domain import exact
from tirek.domain.calibration import Place, category_of, place_of
from tirek.domain.instruments import Answer, Instrument
from tirek.domain.scales import SECOND_ORDER, BlankAs, HiddenAs, Method, MissingRule, Scale, Scope
from tirek.domain.showing import hidden_items

# Stored with every score; raised whenever any score of any answers could change.
ENGINE_VERSION = "1.0.0"

NEITHER, OTHER_TYPE, MAJOR_TYPE = Fraction(0), Fraction(1), Fraction(2)
UNINVOLVED, VICTIM, AGGRESSOR, BOTH_ROLES = map(Fraction, range(4))


class ScoreState(StrEnum):
    """Whether a scale has a value."""

    COMPUTED = "computed"
    NOT_COMPUTABLE = "not_computable"


class Reason(StrEnum):
    """Why a scale has no value."""

    TOO_MANY_MISSING = "too_many_missing"
    CORE_MISSING = "core_missing"
    OUT_OF_RANGE = "out_of_range"
    # A shorter run did not ask for all of it; nobody left anything out.
    NOT_ASKED = "not_asked"


class NotComputableError(Exception):
    """A scale has no value; carries the reason."""

    def __init__(self, reason: Reason) -> None:
        """Keep the reason for the score row."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ScaleScore:
    """The exact value of one scale, or the reason for having none."""

    scale: str
    value: Fraction | None
    reason: Reason | None
    answered: int
    prorated: bool = False
    band: str | None = None
    # The standard error of an estimate from calibrated items; None for any other score.
    error: Fraction | None = None

    @property
    def state(self) -> ScoreState:
        """Whether there is a value."""
        return ScoreState.NOT_COMPUTABLE if self.value is None else ScoreState.COMPUTED


def score(
    instrument: Instrument, answers: Mapping[str, Answer], unasked: frozenset[str] = frozenset()
) -> tuple[ScaleScore, ...]:
    """Return the score of every scale, in the file's order.

    `unasked` are the items that a shorter run passed over: a scale that needs one of them has no
    value, whatever blanks it bears, for they were not left out by chance.
    An item absent from `answers` was never shown. Raises UnknownItemError for an item and
    UnknownOptionError for a code that the instrument does not have: such answers are no answers
    to this instrument, and no score of them is right.
    """
    sheet = _sheet(instrument, answers, unasked)
    done: dict[str, ScaleScore] = {}
    for scale in instrument.scoring.scales:
        done[scale.id] = _score(instrument, scale, sheet, done)
    return tuple(done.values())


def as_number(value: Fraction) -> int | float:
    """Return the exact value as the nearest JSON number: whole ones as int, others as float."""
    return value.numerator if value.denominator == 1 else float(value)


# The weight of each scored item's answer; None where it is blank.
Weights = Mapping[str, Fraction | None]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What the scored items weigh, and which of all items were not to be asked, or not chosen."""

    weights: Weights
    hidden: frozenset[str]
    unasked: frozenset[str]


def _sheet(
    instrument: Instrument, answers: Mapping[str, Answer], unasked: frozenset[str]
) -> _Sheet:
    weights = {item_id: instrument.weight(item_id, answer) for item_id, answer in answers.items()}
    hidden = hidden_items(instrument, answers)
    scored = (item.id for item in instrument.scored_items)
    known = {one: None if one in hidden else weights.get(one) for one in scored}
    return _Sheet(known, hidden, unasked)


def _score(
    instrument: Instrument, scale: Scale, sheet: _Sheet, done: Mapping[str, ScaleScore]
) -> ScaleScore:
    source = done[scale.source] if scale.source else None
    weights = sheet.weights
    answered = source.answered if source else _answered(scale, weights)
    try:
        place = _place(instrument, scale, sheet) if scale.method is Method.IRT_EAP else None
        value = place.value if place else _value(instrument, scale, sheet, done)
    except NotComputableError as refusal:
        return ScaleScore(scale.id, None, refusal.reason, answered)
    error = place.error if place else None
    band = instrument.interpretation.band(scale.id, scale.banded(value))
    prorated = source.prorated if source else _is_prorated(scale, answered)
    return ScaleScore(scale.id, value, None, answered, prorated, band, error)


def _place(instrument: Instrument, scale: Scale, sheet: _Sheet) -> Place:
    """Return the estimate from what was asked; a blank among that counts against the scale."""
    calibration = instrument.scoring.calibration
    if calibration is None:
        raise TypeError(f"scale {scale.id} has no parameters")
    asked = [item for item in scale.items if item not in sheet.unasked]
    given = {item: sheet.weights[item] for item in asked}
    blanks = sum(weight is None for weight in given.values())
    if blanks == len(given) or blanks > _rule(scale).max_blanks:
        raise NotComputableError(Reason.TOO_MANY_MISSING)
    place = place_of(calibration, {item: _category(instrument, item, given) for item in asked})
    if not scale.covers(place.value):
        raise NotComputableError(Reason.OUT_OF_RANGE)
    return place


def _category(instrument: Instrument, item: str, given: Weights) -> int | None:
    weight = given[item]
    if weight is None:
        return None
    return category_of([option.weight for option in instrument.options(item)], weight)


def _answered(scale: Scale, weights: Weights) -> int:
    return len([item for item in scale.items if weights[item] is not None])


def _value(
    instrument: Instrument, scale: Scale, sheet: _Sheet, done: Mapping[str, ScaleScore]
) -> Fraction:
    if scale.method in SECOND_ORDER:
        value = _of_score(instrument, scale, sheet.weights, done)
    else:
        value = _of_items(instrument, scale, sheet)
    if not scale.covers(value):
        raise NotComputableError(Reason.OUT_OF_RANGE)
    return value


def _is_prorated(scale: Scale, answered: int) -> bool:
    return _rule(scale).blank_as is BlankAs.PRORATE and answered < len(scale.items)


def _rule(scale: Scale) -> MissingRule:
    if scale.missing is None:
        raise TypeError(f"scale {scale.id} has no rule for blanks")
    return scale.missing


def _of_items(instrument: Instrument, scale: Scale, sheet: _Sheet) -> Fraction:
    rule, weights = _rule(scale), sheet.weights
    if sheet.unasked & {*scale.items}:
        raise NotComputableError(Reason.NOT_ASKED)
    given = _given(instrument, scale, weights)
    if not given:
        raise NotComputableError(Reason.TOO_MANY_MISSING)
    counted_over = weights if rule.scope is Scope.FORM else scale.items
    if len(given) < len(counted_over):
        given |= _zeros(scale, rule, sheet, counted_over)
    return rule.rounding.of(_apply(scale, given))


def _zeros(
    scale: Scale, rule: MissingRule, sheet: _Sheet, counted_over: Iterable[str]
) -> dict[str, Fraction]:
    """Return the items of the scale that count as 0 without an answer; refuse too many blanks."""
    # Items not to be asked, where the instrument says what they then count as.
    is_spared = rule.hidden_as in {HiddenAs.ZERO, HiddenAs.LEFT_OUT}
    spared = sheet.hidden if is_spared else frozenset()
    blanks = {item for item in counted_over if sheet.weights[item] is None} - spared
    if len(blanks) > rule.max_blanks:
        raise NotComputableError(Reason.TOO_MANY_MISSING)
    zeros = blanks if rule.blank_as is BlankAs.ZERO else set()
    zeros |= spared if rule.hidden_as is HiddenAs.ZERO else set()
    return {item: Fraction(0) for item in scale.items if item in zeros}


def _given(instrument: Instrument, scale: Scale, weights: Weights) -> dict[str, Fraction]:
    """Return the weights of the answered items, reversed where the key says so."""
    return {
        item: _reversed(instrument, item, weight) if item in scale.reverse else weight
        for item in scale.items
        if (weight := weights[item]) is not None
    }


def _reversed(instrument: Instrument, item_id: str, weight: Fraction) -> Fraction:
    """Mirror a weight within its options: lowest + highest - weight; twice is the weight itself."""
    weights = [option.weight for option in instrument.options(item_id)]
    return min(weights) + max(weights) - weight


def _apply(scale: Scale, given: Mapping[str, Fraction]) -> Fraction:
    match scale.method:
        case Method.MAX:
            return max(given.values())
        case Method.COUNT_GE | Method.ANY_GE:
            return _of_thresholds(scale, given)
        case _:
            return _of_total(scale, given)


def _of_total(scale: Scale, given: Mapping[str, Fraction]) -> Fraction:
    total = exact.total(given.values())
    match scale.method:
        case Method.SUM:
            return total
        case Method.SUM_PRORATED:
            # All answered: the sum itself, without a detour through a fraction.
            is_whole = len(given) == len(scale.items)
            return total if is_whole else total * len(scale.items) / len(given)
        case Method.MEAN:
            return total / len(given)
        case Method.MEAN_TIMES_K:
            return total / len(given) * scale.factor
        case _:
            raise TypeError(f"{scale.method} reads a score, not items")


def _of_thresholds(scale: Scale, given: Mapping[str, Fraction]) -> Fraction:
    met = [_meets(scale, item, weight) for item, weight in given.items()].count(True)
    if scale.method is Method.COUNT_GE:
        return Fraction(met)
    return _any(met, blanks=len(scale.items) - len(given))


def _meets(scale: Scale, item_id: str, weight: Fraction) -> bool:
    if scale.thresholds is None:
        raise TypeError(f"scale {scale.id} has no thresholds")
    return exact.is_at_least(weight, scale.thresholds[item_id])


def _any(met: int, *, blanks: int) -> Fraction:
    """Return 1 when any item reaches its threshold, 0 when all are answered and none does.

    One item that does decides, whatever is blank beside it; without one, a blank could be it.
    """
    if not met and blanks:
        raise NotComputableError(Reason.CORE_MISSING)
    return Fraction(min(met, 1))


def _of_score(
    instrument: Instrument, scale: Scale, weights: Weights, done: Mapping[str, ScaleScore]
) -> Fraction:
    value = _read(scale, scale.source, done)
    match scale.method:
        case Method.MULTIPLE:
            return value * scale.factor
        case Method.ROLES:
            return _role(value, _read(scale, scale.beside, done))
        case _:
            return _pattern(scale, instrument.scale(str(scale.source)), value, weights)


def _read(scale: Scale, source: str | None, done: Mapping[str, ScaleScore]) -> Fraction:
    """Return the value of a scale that another is computed from; without it neither has one."""
    if source is None:
        raise TypeError(f"scale {scale.id} names no scale to be computed from")
    found = done[source]
    if found.value is None:
        raise NotComputableError(found.reason or Reason.OUT_OF_RANGE)
    return found.value


def _role(suffered: Fraction, did: Fraction) -> Fraction:
    """Return the part played in bullying: 0 none, 1 victim, 2 aggressor, 3 both (Del Rey 2015)."""
    if suffered and did:
        return BOTH_ROLES
    if suffered:
        return VICTIM
    return AGGRESSOR if did else UNINVOLVED


def _pattern(scale: Scale, symptoms: Scale, count: Fraction, weights: Weights) -> Fraction:
    """Return which symptom pattern is met: 0 neither, 1 "other", 2 "major".

    Kroenke, Spitzer, Williams 2001: at least `major_count` symptoms, or at least `other_count`,
    one of them a core item. A blank core item that would decide the matter leaves it undecided.
    """
    if count < scale.other_count:
        return NEITHER
    core = [weights[item] for item in scale.core]
    met = any(
        _meets(symptoms, item, weight)
        for item, weight in zip(scale.core, core, strict=True)
        if weight is not None
    )
    if met:
        return MAJOR_TYPE if count >= scale.major_count else OTHER_TYPE
    if None in core:
        raise NotComputableError(Reason.CORE_MISSING)
    return NEITHER
