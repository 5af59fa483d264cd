"""Scoring as the rules are told, step by step on fractions, slowly: what the engine must equal.

Leaves out the estimates from calibrated items, which have tests of their own.
"""

from collections.abc import Mapping
from fractions import Fraction

from tirek.domain.instruments import Answer, Instrument
from tirek.domain.scales import BlankAs, HiddenAs, Method, Rounding, Scale, Scope
from tirek.domain.scoring import Reason, ScaleScore
from tirek.domain.showing import hidden_items

Sheet = Mapping[str, Answer]
Scores = dict[str, ScaleScore]


class NoValueError(Exception):
    pass


def plain_scores(instrument: Instrument, sheet: Sheet) -> tuple[ScaleScore, ...]:
    weights = all_weights(instrument, sheet)
    hidden = hidden_items(instrument, sheet)
    done: Scores = {}
    for scale in instrument.scoring.scales:
        done[scale.id] = plain_score(instrument, scale, weights, hidden, done)
    return tuple(done.values())


def all_weights(instrument: Instrument, sheet: Sheet) -> dict[str, Fraction | None]:
    hidden = hidden_items(instrument, sheet)
    found = {}
    for item in instrument.items:
        if not item.is_scored:
            continue
        found[item.id] = None
        answer = sheet.get(item.id)
        if answer is not None and answer.code is not None and item.id not in hidden:
            options = instrument.structure.option_sets[item.options]
            found[item.id] = next(one.weight for one in options if one.code == answer.code)
    return found


def plain_score(instrument, scale, weights, hidden, done: Scores) -> ScaleScore:
    source = done[scale.source] if scale.source else None
    answered = sum(weights[item] is not None for item in scale.items)
    is_prorated = scale.missing is not None and scale.missing.blank_as is BlankAs.PRORATE
    if source:
        answered, prorated = source.answered, source.prorated
    else:
        prorated = is_prorated and answered < len(scale.items)
    try:
        value = in_range(scale, plain_value(instrument, scale, weights, hidden, done))
    except NoValueError as error:
        return ScaleScore(scale.id, None, error.args[0], answered)
    read = rounded(scale.missing.band_rounding, value) if scale.missing else value
    bands = instrument.interpretation.bands.get(scale.id, ())
    band = next((band.id for band in bands if read <= band.le), None)
    return ScaleScore(scale.id, value, None, answered, prorated, band)


def in_range(scale: Scale, value: Fraction) -> Fraction:
    if value < scale.lowest or value > scale.highest:
        raise NoValueError(Reason.OUT_OF_RANGE)
    return value


def rounded(rule: Rounding, value: Fraction) -> Fraction:
    return Fraction((value + Fraction(1, 2)) // 1) if rule is Rounding.HALF_UP else value


def plain_value(instrument, scale: Scale, weights, hidden, done: Scores) -> Fraction:
    if scale.source is None:
        return rounded(scale.missing.rounding, of_items(instrument, scale, weights, hidden))
    source = done[scale.source]
    if source.value is None:
        raise NoValueError(source.reason)
    if scale.method is Method.MULTIPLE:
        return source.value * scale.factor
    if scale.method is Method.ROLES:
        beside = done[scale.beside]
        if beside.value is None:
            raise NoValueError(beside.reason)
        return Fraction((1 if source.value else 0) + (2 if beside.value else 0))
    return pattern(instrument, scale, source.value, weights)


def of_items(instrument, scale: Scale, weights, hidden) -> Fraction:
    rule, given = scale.missing, {}
    for item in scale.items:
        if weights[item] is not None:
            given[item] = (
                turned(instrument, item) - weights[item] if item in scale.reverse else weights[item]
            )
    spared = hidden if rule.hidden_as in {HiddenAs.ZERO, HiddenAs.LEFT_OUT} else frozenset()
    asked = weights if rule.scope is Scope.FORM else scale.items
    blanks = {item for item in asked if weights[item] is None and item not in spared}
    if not given or len(blanks) > rule.max_blanks:
        raise NoValueError(Reason.TOO_MANY_MISSING)
    for item in scale.items:
        is_zero = item in blanks and rule.blank_as is BlankAs.ZERO
        if is_zero or (item in hidden and rule.hidden_as is HiddenAs.ZERO):
            given[item] = Fraction(0)
    return by_method(scale, given)


def turned(instrument: Instrument, item: str) -> Fraction:
    weights = [option.weight for option in instrument.options(item)]
    return min(weights) + max(weights)


def by_method(scale: Scale, given: Mapping[str, Fraction]) -> Fraction:
    total, n = sum(given.values(), Fraction(0)), len(given)
    met = sum(given[item] >= scale.thresholds[item] for item in given) if scale.thresholds else 0
    if scale.method is Method.ANY_GE and not met and n < len(scale.items):
        raise NoValueError(Reason.CORE_MISSING)
    return {
        Method.SUM: total,
        Method.SUM_PRORATED: total * len(scale.items) / n,
        Method.MEAN: total / n,
        Method.MEAN_TIMES_K: total / n * scale.factor,
        Method.MAX: max(given.values()),
        Method.COUNT_GE: Fraction(met),
        Method.ANY_GE: Fraction(min(met, 1)),
    }[scale.method]


def pattern(instrument, scale: Scale, count: Fraction, weights) -> Fraction:
    thresholds = instrument.scale(scale.source).thresholds
    core = [
        None if weights[item] is None else weights[item] >= thresholds[item] for item in scale.core
    ]
    if count >= scale.other_count and True not in core and None in core:
        raise NoValueError(Reason.CORE_MISSING)
    if count < scale.other_count or True not in core:
        return Fraction(0)
    return Fraction(2) if count >= scale.major_count else Fraction(1)
