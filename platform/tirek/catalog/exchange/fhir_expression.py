"""A scale as a FHIRPath expression that gives nothing where we say "not computable".

Codes are counted and multiplied with their weights, so the expression needs neither `weight()`,
which few engines know, nor weights that somebody must have copied into the response. Its guard
counts the answers first: a bare sum would call a half-empty form healthy (screening §2.B).
"""

from collections.abc import Iterable
from fractions import Fraction

from tirek.domain.instruments import Instrument
from tirek.domain.scales import BlankAs, HiddenAs, Method, MissingRule, Rounding, Scale, Scope
from tirek.domain.scoring import as_number

EXPRESSED = frozenset(
    {
        Method.SUM,
        Method.SUM_PRORATED,
        Method.MEAN,
        Method.MEAN_TIMES_K,
        Method.MAX,
        Method.COUNT_GE,
        Method.MULTIPLE,
    }
)
# What these would say of a hidden item, a guard that counts answers cannot tell from a blank.
UNSAYABLE = frozenset({HiddenAs.ZERO, HiddenAs.LEFT_OUT})


def score_expression(instrument: Instrument, scale: Scale) -> str | None:
    """Return the expression over %resource, or None where FHIRPath cannot say the rule."""
    if scale.method not in EXPRESSED:
        return None
    if scale.method is Method.MULTIPLE:
        source = score_expression(instrument, instrument.scale(str(scale.source)))
        return None if source is None else f"({source}) * {_written(scale.factor)}"
    rule = scale.missing
    if rule is None or rule.hidden_as in UNSAYABLE:
        return None
    return f"iif({_guard(instrument, scale, rule)}, {_rounded(instrument, scale, rule)}, {{}})"


def _guard(instrument: Instrument, scale: Scale, rule: MissingRule) -> str:
    """Enough answers are there: in the scale at least one, and few enough blanks where counted."""
    over = scale.items
    if rule.scope is Scope.FORM:
        over = tuple(item.id for item in instrument.scored_items)
    least = len(over) - rule.max_blanks
    enough = f"{_answered(over)} >= {least}"
    return enough if over == scale.items and least > 0 else f"{enough} and {_some(scale)}"


def _some(scale: Scale) -> str:
    return f"{_answered(scale.items)} >= 1"


def _rounded(instrument: Instrument, scale: Scale, rule: MissingRule) -> str:
    value = _value(instrument, scale, rule)
    return f"({value} + 0.5).floor()" if rule.rounding is Rounding.HALF_UP else value


def _value(instrument: Instrument, scale: Scale, rule: MissingRule) -> str:
    # Where a blank counts as zero, it is one of the values that a mean is taken over.
    is_zeroed = rule.blank_as is BlankAs.ZERO
    answered = str(len(scale.items)) if is_zeroed else _answered(scale.items)
    total = _total(_worth(instrument, scale))
    match scale.method:
        case Method.SUM_PRORATED:
            return f"({total} * {len(scale.items)} / {answered})"
        case Method.MEAN:
            return f"({total} / {answered})"
        case Method.MEAN_TIMES_K:
            return f"({total} * {_written(scale.factor)} / {answered})"
        case Method.MAX:
            return _largest(_worth(instrument, scale))
        case Method.COUNT_GE:
            return _total(_met(instrument, scale))
        case _:
            return total


# (items, code) -> what one such answer is worth.
Worth = dict[tuple[tuple[str, ...], str], Fraction]


def _worth(instrument: Instrument, scale: Scale) -> Worth:
    """Return what an answer of each code adds, items of like options taken together."""
    worth: Worth = {}
    for items, is_reversed in _alike(instrument, scale):
        options = instrument.options(items[0])
        ends = [option.weight for option in options]
        mirror = min(ends) + max(ends)
        for option in options:
            worth[items, option.code] = mirror - option.weight if is_reversed else option.weight
    return worth


def _met(instrument: Instrument, scale: Scale) -> Worth:
    """Return 1 for each answer that reaches its item's threshold."""
    thresholds = scale.thresholds or {}
    return {
        ((item,), option.code): Fraction(1)
        for item in scale.items
        for option in instrument.options(item)
        if _keyed(instrument, scale, item, option.weight) >= thresholds[item]
    }


def _keyed(instrument: Instrument, scale: Scale, item: str, weight: Fraction) -> Fraction:
    if item not in scale.reverse:
        return weight
    ends = [option.weight for option in instrument.options(item)]
    return min(ends) + max(ends) - weight


def _alike(instrument: Instrument, scale: Scale) -> list[tuple[tuple[str, ...], bool]]:
    groups: dict[tuple[str, bool], list[str]] = {}
    for item in scale.items:
        key = (instrument.item(item).options, item in scale.reverse)
        groups.setdefault(key, []).append(item)
    return [(tuple(items), is_reversed) for (_, is_reversed), items in groups.items()]


def _total(worth: Worth) -> str:
    terms = [
        _count(items, code) if value == 1 else f"{_count(items, code)} * {_written(value)}"
        for (items, code), value in worth.items()
        if value
    ]
    return "(" + " + ".join(terms or ["0"]) + ")"


def _largest(worth: Worth) -> str:
    falling = sorted(worth.items(), key=lambda pair: pair[1], reverse=True)
    expression = "{}"
    for (items, code), value in reversed(falling):
        expression = f"iif({_count(items, code)} > 0, {_written(value)}, {expression})"
    return expression


def _count(items: tuple[str, ...], code: str) -> str:
    return f"{_answers(items)}.where(code = {_text(code)}).count()"


def _answered(items: Iterable[str]) -> str:
    return f"{_of(items)}.where(answer.value.exists()).count()"


def _answers(items: Iterable[str]) -> str:
    return f"{_of(items)}.answer.value"


def _of(items: Iterable[str]) -> str:
    named = [_text(item) for item in items]
    test = f"linkId = {named[0]}" if len(named) == 1 else f"linkId in ({' | '.join(named)})"
    return f"%resource.item.where({test})"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _written(value: Fraction) -> str:
    return str(as_number(value))
