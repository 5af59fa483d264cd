"""Scoring keys that are right: each item once, the right way round, in a true range."""

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import gcd, lcm

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.calibration import PLACES, place_of
from tirek.domain.instruments import Answer, AnswerState, Instrument, Item
from tirek.domain.interpretation import AnyItem, Condition, ItemAtLeast
from tirek.domain.scales import CATEGORIES, THRESHOLDED, Method, Scale, Scope, Worse
from tirek.domain.scoring import (
    BOTH_ROLES,
    MAJOR_TYPE,
    NEITHER,
    UNINVOLVED,
    ScaleScore,
    score,
)
from tirek.domain.showing import hidden_items

# A single item must move these; a count, a maximum or a pattern may stay where it is.
ALWAYS_MOVING = frozenset(
    {Method.SUM, Method.SUM_PRORATED, Method.MEAN, Method.MEAN_TIMES_K, Method.IRT_EAP}
)


def items_count_once(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `one-scale`: each scored item is in exactly one scale that is not secondary."""
    homes: Counter[str] = Counter()
    for index, scale in enumerate(files.instrument.scoring.scales):
        for place, item in enumerate(scale.items):
            keys = ("scales", index, "items", place)
            if item in scale.items[:place]:
                yield files.finding(
                    "one-scale", "scoring", keys, f"{item} counts twice in {scale.id}"
                )
            elif homes[item] and _is_at_home(scale, item):
                reason = f"{item} has its scale already: is {scale.id} secondary?"
                yield files.finding("one-scale", "scoring", keys, reason)
            homes[item] += _is_at_home(scale, item)
    for scored in files.instrument.scored_items:
        if not homes[scored.id]:
            reason = f"{scored.id} is in no scale of its own: is it not_scored?"
            yield files.finding("one-scale", "scoring", ("scales",), reason)


def _is_at_home(scale: Scale, item: str) -> bool:
    return not scale.secondary and item not in scale.shared


def items_move_scales_the_right_way(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `sign`: from all items at their best end, a worse answer never betters a scale."""
    instrument = files.instrument
    best = {item.id: _end(instrument, item, worse=False) for item in instrument.scored_items}
    before = _scores(instrument, best)
    for item in instrument.scored_items:
        worse = {**best, item.id: _end(instrument, item, worse=True)}
        after = _scores(instrument, worse)
        is_hidden = item.id in hidden_items(instrument, worse)
        for index, scale in enumerate(instrument.scoring.scales):
            moved = _worsening(scale, before[scale.id], after[scale.id])
            must_move = item.id in scale.items and scale.method in ALWAYS_MOVING and not is_hidden
            if moved is None or moved < 0 or (moved == 0 and must_move):
                yield _wrong_way(files, index, scale, item)
    for place, rule in enumerate(instrument.flags):
        for name in _high_weights(rule.when):
            if instrument.item(name).worse is Worse.LOW:
                reason = f"{rule.id} flags high weights, but low ones are worse in {name}"
                yield files.finding("sign", "interpretation", ("flags", place), reason)


def unscored_items_have_no_low_end(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `sign`: where neither score nor flag shows which end is worse, only `high` may stand.

    A `low` there could not be told from a slip, and code books would carry it on.
    """
    for index, item in enumerate(files.instrument.items):
        if not (item.is_scored or item.critical) and item.worse is Worse.LOW:
            reason = f"nothing of {item.id} is counted that could show low as worse: write high"
            yield files.finding("sign", "structure", ("items", index), reason)


def _high_weights(condition: Condition) -> list[str]:
    """Return the items whose high weights fulfil a condition."""
    some = condition.conditions if isinstance(condition, AnyItem) else (condition,)
    return [one.item for one in some if isinstance(one, ItemAtLeast)]


def _end(instrument: Instrument, item: Item, *, worse: bool) -> Answer:
    options = sorted(instrument.options(item.id), key=lambda option: option.weight)
    highest = (item.worse is Worse.HIGH) is worse
    return Answer(AnswerState.ANSWERED, options[-1 if highest else 0].code)


def _scores(instrument: Instrument, answers: Mapping[str, Answer]) -> dict[str, ScaleScore]:
    return {scale_score.scale: scale_score for scale_score in score(instrument, answers)}


def _worsening(scale: Scale, before: ScaleScore, after: ScaleScore) -> Fraction | None:
    if before.value is None or after.value is None:
        return None
    rise = after.value - before.value
    return rise if scale.worse is Worse.HIGH else -rise


def _wrong_way(files: InstrumentFiles, index: int, scale: Scale, item: Item) -> Finding:
    is_reversed = item.id in scale.reverse
    place = ("reverse",) if is_reversed or item.id not in scale.items else ("items",)
    reason = f"a worse answer to {item.id} does not worsen {scale.id}: check reverse and worse"
    return files.finding("sign", "scoring", ("scales", index, *place), reason)


def ranges_are_true(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `range`: range and step are what the items can give."""
    instrument = files.instrument
    for index, scale in enumerate(instrument.scoring.scales):
        lowest, highest = attainable(instrument, scale)
        if (scale.lowest, scale.highest) != (lowest, highest):
            reason = f"{scale.id} runs from {lowest} to {highest}"
            yield files.finding("range", "scoring", ("scales", index, "range"), reason)
        step = _step(instrument, scale)
        if scale.step != step:
            reason = f"{scale.id} moves in steps of {step}"
            yield files.finding("range", "scoring", ("scales", index, "step"), reason)


def attainable(instrument: Instrument, scale: Scale) -> tuple[Fraction, Fraction]:
    """Return the lowest and the highest value that complete answers can give."""
    if scale.method is Method.SYMPTOM_PATTERN:
        return NEITHER, MAJOR_TYPE
    if scale.method is Method.ROLES:
        return UNINVOLVED, BOTH_ROLES
    if scale.method is Method.IRT_EAP:
        return _ends_of_estimate(instrument, scale)
    if scale.source is not None:
        ends = [
            scale.factor * end for end in attainable(instrument, instrument.scale(scale.source))
        ]
        return min(ends), max(ends)
    weights = [[o.weight for o in instrument.options(item)] for item in scale.items]
    lows, highs = [min(w) for w in weights], [max(w) for w in weights]
    return _extreme(scale, lows), _extreme(scale, highs)


def _ends_of_estimate(instrument: Instrument, scale: Scale) -> tuple[Fraction, Fraction]:
    """Return the estimates from every item at its lowest and at its highest answer."""
    calibration = instrument.scoring.calibration
    if calibration is None:
        return scale.lowest, scale.highest
    known = calibration.parameters
    items = [item for item in scale.items if item in known]
    low = place_of(calibration, dict.fromkeys(items, 0))
    high = place_of(calibration, {item: len(known[item].b) for item in items})
    return low.value, high.value


def _extreme(scale: Scale, weights: list[Fraction]) -> Fraction:
    total = sum(weights, Fraction(0))
    match scale.method:
        case Method.MEAN | Method.MEAN_TIMES_K:
            return total / len(weights) * scale.factor
        case Method.MAX:
            return max(weights)
        case Method.COUNT_GE:
            return Fraction(_met(scale, weights))
        case Method.ANY_GE:
            return Fraction(min(_met(scale, weights), 1))
        case _:
            return total


def _met(scale: Scale, weights: list[Fraction]) -> int:
    limits = scale.thresholds or {}
    return sum(w >= limits[item] for item, w in zip(scale.items, weights, strict=True))


def _step(instrument: Instrument, scale: Scale) -> Fraction:
    """Return the largest step on whose grid every value of complete answers lies."""
    if scale.method is Method.IRT_EAP:
        return Fraction(1, 10**PLACES)
    if scale.method in THRESHOLDED | CATEGORIES:
        return Fraction(1)
    if scale.source is not None:
        return abs(scale.factor) * _step(instrument, instrument.scale(scale.source))
    sheets = [[option.weight for option in instrument.options(item)] for item in scale.items]
    gaps = [weight - weights[0] for weights in sheets for weight in weights]
    unit = lcm(*(gap.denominator for gap in gaps))
    step = Fraction(gcd(*(int(gap * unit) for gap in gaps)), unit)
    is_mean = scale.method in {Method.MEAN, Method.MEAN_TIMES_K}
    return step * scale.factor / len(scale.items) if is_mean else step


def something_is_answered(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `blanks`: a rule for blanks leaves at least one answer to compute from."""
    form = len(files.instrument.scored_items)
    for index, scale in enumerate(files.instrument.scoring.scales):
        rule = scale.missing
        if rule is None:
            continue
        counted = form if rule.scope is Scope.FORM else len(scale.items)
        if rule.max_blanks >= counted:
            reason = f"{scale.id} would bear {rule.max_blanks} blanks of {counted} items"
            yield files.finding("blanks", "scoring", ("scales", index, "missing"), reason)


def thresholds_divide(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `threshold`: each stands between two options of its item, so an answer can change it."""
    for index, scale in enumerate(files.instrument.scoring.scales):
        for item, least in (scale.thresholds or {}).items():
            weights = [option.weight for option in files.instrument.options(item)]
            if not min(weights) < least <= max(weights):
                reason = f"no answer to {item} can change whether it reaches {least}"
                keys = ("scales", index, "thresholds", item)
                yield files.finding("threshold", "scoring", keys, reason)


def codes_are_weights(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `weight`: a code that is a number weighs that number, as it was published."""
    for name, options in files.instrument.structure.option_sets.items():
        for index, option in enumerate(options):
            if option.code.isdecimal() and option.weight != int(option.code):
                keys = ("option_sets", name, index)
                reason = f"code {option.code} weighs {option.weight}"
                yield files.finding("weight", "structure", keys, reason)
