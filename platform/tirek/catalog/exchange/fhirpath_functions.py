"""The functions of FHIRPath that constraints and scores of questionnaires use."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

from tirek.catalog.exchange.fhir_names import ITEM_WEIGHT, ORDINAL_VALUE
from tirek.catalog.exchange.fhirpath_text import FhirPathError, Node, Step

Values = list[object]
Arguments = list[Values]
# Evaluates a part of the expression with one value in focus.
Each = Callable[[Node, Values], Values]
Lambda = Callable[[Values, tuple[Node, ...], Each], Values]
MAX_DESCENDANTS = 50_000
MAX_PATTERN = 200
RISKY = re.compile(r"[+*}]\)?[+*{]|\)[+*{]")


def single(values: Values) -> object:
    """Return the one value, None for none; several are an error."""
    if len(values) > 1:
        raise FhirPathError("one value is wanted where there are several")
    return values[0] if values else None


def truth(values: Values) -> bool | None:
    """Return the truth of a collection: of its one value, None for none."""
    value = single(values)
    return value if value is None or isinstance(value, bool) else True


def lambda_function(name: str) -> Lambda | None:
    """Return a function that evaluates its argument for each value, None where there is none."""
    return LAMBDAS.get(name)


def _where(values: Values, parts: tuple[Node, ...], each: Each) -> Values:
    return [value for value in values if truth(each(_only(parts), [value])) is True]


def _select(values: Values, parts: tuple[Node, ...], each: Each) -> Values:
    return [found for value in values for found in each(_only(parts), [value])]


def _all(values: Values, parts: tuple[Node, ...], each: Each) -> Values:
    return [all(truth(each(_only(parts), [value])) is True for value in values)]


def _exists(values: Values, parts: tuple[Node, ...], each: Each) -> Values:
    return [bool(_where(values, parts, each) if parts else values)]


def _iif(values: Values, parts: tuple[Node, ...], each: Each) -> Values:
    if len(parts) not in {2, 3}:
        raise FhirPathError("iif() takes a test and one or two values")
    if truth(each(parts[0], values)) is True:
        return each(parts[1], values)
    return each(parts[2], values) if parts[2:] else []


def _repeat(values: Values, parts: tuple[Node, ...], each: Each) -> Values:
    found: Values = []
    waiting = list(values)
    while waiting:
        more = each(_only(parts), [waiting.pop(0)])
        found += more
        waiting += more
        if len(found) > MAX_DESCENDANTS:
            raise FhirPathError("repeat() finds too much")
    return found


def _of_type(values: Values, parts: tuple[Node, ...], _: Each) -> Values:
    part = _only(parts)
    if not isinstance(part, Step):
        raise FhirPathError("ofType() takes the name of a type")
    wanted = part.name
    if wanted not in TYPES:
        return [
            v for v in values if isinstance(v, dict) and v.get("resourceType", wanted) == wanted
        ]
    return [value for value in values if TYPES[wanted](value)]


TYPES: Mapping[str, Callable[[object], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "decimal": lambda value: isinstance(value, Decimal),
    "Decimal": lambda value: isinstance(value, Decimal),
    "string": lambda value: isinstance(value, str),
    "String": lambda value: isinstance(value, str),
}
LAMBDAS: Mapping[str, Lambda] = {
    "where": _where,
    "select": _select,
    "all": _all,
    "exists": _exists,
    "iif": _iif,
    "repeat": _repeat,
    "ofType": _of_type,
}


def _only(parts: tuple[Node, ...]) -> Node:
    if len(parts) != 1:
        raise FhirPathError("one argument is wanted")
    return parts[0]


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise FhirPathError("a number is wanted")
    return Decimal(value)


def _sum(values: Values, _: Arguments) -> Values:
    total = sum((_number(value) for value in values), Decimal(0))
    return [int(total) if all(isinstance(value, int) for value in values) else total]


def _extreme(choose: Callable[[list[Decimal]], Decimal]) -> Callable[[Values, Arguments], Values]:
    def found(values: Values, _: Arguments) -> Values:
        return [choose([_number(value) for value in values])] if values else []

    return found


def _rounded(mode: str) -> Callable[[Values, Arguments], Values]:
    def found(values: Values, _: Arguments) -> Values:
        value = single(values)
        return [] if value is None else [int(_number(value).to_integral_value(mode))]

    return found


def _text(apply: Callable[[str, str], object]) -> Callable[[Values, Arguments], Values]:
    """Make a function of a text and at most one more text."""

    def found(values: Values, arguments: Arguments) -> Values:
        value = single(values)
        other = single(arguments[0]) if arguments else ""
        if value is None or other is None:
            return []
        if not isinstance(value, str) or not isinstance(other, str):
            raise FhirPathError("a text is wanted")
        return [apply(value, other)]

    return found


def _matches(text: str, pattern: str) -> bool:
    if len(pattern) > MAX_PATTERN or RISKY.search(pattern) or len(text) > MAX_PATTERN:
        raise FhirPathError("the pattern could take for ever")
    try:
        return re.search(pattern, text) is not None
    except (re.error, RecursionError):
        raise FhirPathError("the pattern cannot be read") from None


def _to_number(kind: type[int | Decimal]) -> Callable[[Values, Arguments], Values]:
    def found(values: Values, _: Arguments) -> Values:
        try:
            number = Decimal(str(single(values)).strip())
        except InvalidOperation:
            return []
        if kind is int and (number % 1 or not number.is_finite()):
            return []
        return [kind(number)]

    return found


def _to_string(values: Values, _: Arguments) -> Values:
    value = single(values)
    if isinstance(value, bool):
        return [str(value).lower()]
    return [] if value is None else [str(value)]


def _not(values: Values, _: Arguments) -> Values:
    value = single(values)
    return [] if value is None else [value is False]


def _distinct(values: Values, _: Arguments) -> Values:
    found: Values = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def _children(values: Values) -> Iterator[object]:
    for value in values:
        for inner in value.values() if isinstance(value, dict) else ():
            yield from inner if isinstance(inner, list) else [inner]


def _descendants(values: Values, _: Arguments) -> Values:
    found: Values = []
    level = list(_children(values))
    while level:
        found += level
        if len(found) > MAX_DESCENDANTS:
            raise FhirPathError("descendants() finds too much")
        level = list(_children(level))
    return found


def _weight(values: Values, _: Arguments) -> Values:
    """Give the weights that the answers carry; SDC looks elsewhere too, which we do not."""
    found: Values = []
    for value in values:
        extensions = value.get("extension", []) if isinstance(value, dict) else []
        listed = extensions if isinstance(extensions, list) else []
        by_url = {
            str(each.get("url")): each.get("valueDecimal")
            for each in listed
            if isinstance(each, dict)
        }
        weight = by_url.get(ITEM_WEIGHT, by_url.get(ORDINAL_VALUE))
        found += [] if weight is None else [weight]
    return found


def _taken(arguments: Arguments) -> int:
    found = single(arguments[0]) if arguments else None
    if not isinstance(found, int):
        raise FhirPathError("a whole number is wanted")
    return max(found, 0)


FUNCTIONS: Mapping[str, Callable[[Values, Arguments], Values]] = {
    "count": lambda values, _: [len(values)],
    "empty": lambda values, _: [not values],
    "hasValue": lambda values, _: [len(values) == 1 and not isinstance(values[0], dict)],
    "not": _not,
    "first": lambda values, _: values[:1],
    "last": lambda values, _: values[-1:],
    "tail": lambda values, _: values[1:],
    "single": lambda values, _: [] if single(values) is None else values,
    "skip": lambda values, arguments: values[_taken(arguments) :],
    "take": lambda values, arguments: values[: _taken(arguments)],
    "sum": _sum,
    "min": _extreme(min),
    "max": _extreme(max),
    "floor": _rounded(ROUND_FLOOR),
    "ceiling": _rounded(ROUND_CEILING),
    "abs": lambda values, _: [abs(_number(value)) for value in values],
    "allTrue": lambda values, _: [all(value is True for value in values)],
    "anyTrue": lambda values, _: [any(value is True for value in values)],
    "distinct": _distinct,
    "isDistinct": lambda values, arguments: [len(_distinct(values, arguments)) == len(values)],
    "children": lambda values, _: list(_children(values)),
    "descendants": _descendants,
    "combine": lambda values, arguments: [*values, *(arguments[0] if arguments else [])],
    "contains": _text(lambda text, part: part in text),
    "startsWith": _text(str.startswith),
    "endsWith": _text(str.endswith),
    "matches": _text(_matches),
    "length": _text(lambda text, _: len(text)),
    "lower": _text(lambda text, _: text.lower()),
    "upper": _text(lambda text, _: text.upper()),
    "trim": _text(lambda text, _: text.strip()),
    "toInteger": _to_number(int),
    "toDecimal": _to_number(Decimal),
    "toString": _to_string,
    "weight": _weight,
    "ordinal": _weight,
}
