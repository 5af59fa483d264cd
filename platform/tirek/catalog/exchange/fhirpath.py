"""FHIRPath evaluated over JSON: navigation, operators, and the functions of `fhirpath_functions`.

Not the whole language. What is not known raises FhirPathError, and whoever asked says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from tirek.catalog.exchange.fhir_primitives import is_decimal, order
from tirek.catalog.exchange.fhirpath_functions import FUNCTIONS, lambda_function, single, truth
from tirek.catalog.exchange.fhirpath_text import (
    FhirPathError,
    Index,
    Literal,
    Node,
    Operation,
    Step,
    Variable,
    parse,
)

Values = list[object]
# An expression of a form is a line; one that takes more steps than this is an attack, and so is
# a form whose expressions take more than the second together.
MAX_STEPS, MAX_STEPS_TOGETHER = 50_000, 200_000


@dataclass(slots=True)
class Spent:
    """How many steps all expressions of one form have taken so far."""

    steps: int = 0


@dataclass(slots=True)
class Surroundings:
    """The variables of one evaluation, and how many steps it has taken."""

    variables: Mapping[str, object]
    together: Spent
    steps: int = 0

    def step(self) -> None:
        """Count one step; raise FhirPathError when there were too many."""
        self.steps += 1
        self.together.steps += 1
        if self.steps > MAX_STEPS or self.together.steps > MAX_STEPS_TOGETHER:
            raise FhirPathError("the expression takes too long")


def evaluate(
    expression: str,
    focus: object,
    variables: Mapping[str, object],
    together: Spent | None = None,
) -> Values:
    """Return what an expression gives of `focus`; raise FhirPathError where it cannot be said.

    `variables` are named without their %; %context is the focus. `together` bounds the steps of
    all expressions that share it.
    """
    named = {"context": focus, **variables}
    return _of(parse(expression), [focus], Surroundings(named, together or Spent()))


def _of(node: Node, focus: Values, around: Surroundings) -> Values:
    around.step()
    match node:
        case Literal(values):
            return list(values)
        case Variable(name):
            return _variable(name, focus, around)
        case Step():
            return _step(node, focus, around)
        case Index(target, index):
            return _indexed(_of(target, focus, around), _of(index, focus, around))
        case Operation():
            return _operation(node, focus, around)


def _variable(name: str, focus: Values, around: Surroundings) -> Values:
    if name == "$this":
        return focus
    bare = name.removeprefix("%")
    if name.startswith("$") or bare not in around.variables:
        raise FhirPathError(f"{name} is not known here")
    value = around.variables[bare]
    return value if isinstance(value, list) else [value]


def _indexed(values: Values, index: Values) -> Values:
    at = single(index)
    if not isinstance(at, int) or at < 0:
        raise FhirPathError("an index must be a whole number")
    return values[at : at + 1]


def _step(node: Step, focus: Values, around: Surroundings) -> Values:
    values = focus if node.target is None else _of(node.target, focus, around)
    if node.arguments is None:
        return list(_children(values, node.name, around, is_first=node.target is None))
    special = lambda_function(node.name)
    if special is not None:
        return special(values, node.arguments, lambda part, one: _of(part, one, around))
    if node.name not in FUNCTIONS:
        raise FhirPathError(f"the function {node.name}() is not known here")
    arguments = [_of(argument, focus, around) for argument in node.arguments]
    return FUNCTIONS[node.name](values, arguments)


def _children(
    values: Values, name: str, around: Surroundings, *, is_first: bool
) -> Iterator[object]:
    for value in values:
        around.step()
        if not isinstance(value, dict):
            continue
        if is_first and value.get("resourceType") == name:
            yield value
            continue
        found = value.get(name)
        if found is None and name == "value":
            found = next((v for k, v in value.items() if k.startswith("value")), None)
        if isinstance(found, list):
            yield from found
        elif found is not None:
            yield found


def _operation(node: Operation, focus: Values, around: Surroundings) -> Values:
    right = _of(node.right, focus, around)
    if node.left is None:
        number = single(right)
        return (
            [] if number is None else [_calculated("-" if node.operator == "-" else "+", 0, number)]
        )
    left = _of(node.left, focus, around)
    for operators, apply in GROUPS:
        if node.operator in operators:
            return apply(node.operator, left, right)
    raise FhirPathError(f"the operator {node.operator} is not known here")


def _logic(operator: str, left: Values, right: Values) -> Values:
    """Three-valued logic: what is empty is unknown."""
    one, other = truth(left), truth(right)
    if operator == "implies":
        one, operator = (None if one is None else not one), "or"
    if operator == "and":
        return [False] if False in (one, other) else _known(one, other, result=True)
    if operator == "or":
        return [True] if True in (one, other) else _known(one, other, result=False)
    return _known(one, other, result=one is not other)


def _known(one: bool | None, other: bool | None, *, result: bool) -> Values:  # noqa: FBT001 (unknown too)
    return [] if one is None or other is None else [result]


def _equality(operator: str, left: Values, right: Values) -> Values:
    is_loose = operator in {"~", "!~"}
    if not is_loose and (not left or not right):
        return []
    same = len(left) == len(right) and all(
        equal(one, other) for one, other in zip(left, right, strict=True)
    )
    return [same is (operator in {"=", "~"})]


def equal(one: object, other: object) -> bool:
    """Whether two values are the same; a number is not a truth value."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _comparison(operator: str, left: Values, right: Values) -> Values:
    one, other = single(left), single(right)
    if one is None or other is None:
        return []
    found = order(one, other)
    if found is None:
        if not (isinstance(one, str) and isinstance(other, str)):
            raise FhirPathError("these two cannot be compared")
        found = (one > other) - (one < other)
    return [found in {"<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {0, 1}}[operator]]


def _membership(operator: str, left: Values, right: Values) -> Values:
    part, whole = (left, right) if operator == "in" else (right, left)
    value = single(part)
    return [] if value is None else [any(equal(value, each) for each in whole)]


def _union(_: str, left: Values, right: Values) -> Values:
    found: Values = []
    for value in (*left, *right):
        if not any(equal(value, each) for each in found):
            found.append(value)
    return found


def _arithmetic(operator: str, left: Values, right: Values) -> Values:
    one, other = single(left), single(right)
    if operator == "&":
        return [str(one or "") + str(other or "")]
    if one is None or other is None:
        return []
    if operator == "+" and isinstance(one, str) and isinstance(other, str):
        return [one + other]
    if operator in {"/", "div", "mod"} and other == 0:
        return []
    return [_calculated(operator, one, other)]


def _calculated(operator: str, one: object, other: object) -> object:
    if not (is_decimal(one) and is_decimal(other)):
        raise FhirPathError(f"{operator} needs numbers")
    left, right = Decimal(str(one)), Decimal(str(other))
    try:
        match operator:
            case "+":
                found = left + right
            case "-":
                found = left - right
            case "*":
                found = left * right
            case "/":
                return left / right
            case "div":
                found = left // right
            case _:
                found = left % right
    except InvalidOperation:
        raise FhirPathError("the number is too large") from None
    is_whole = isinstance(one, int) and isinstance(other, int)
    return int(found) if is_whole or operator == "div" else found


GROUPS = (
    (frozenset({"and", "or", "xor", "implies"}), _logic),
    (frozenset({"=", "!=", "~", "!~"}), _equality),
    (frozenset({"<", "<=", ">", ">="}), _comparison),
    (frozenset({"in", "contains"}), _membership),
    (frozenset({"|"}), _union),
    (frozenset({"+", "-", "*", "/", "div", "mod", "&"}), _arithmetic),
)
