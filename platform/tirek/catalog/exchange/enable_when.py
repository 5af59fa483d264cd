"""Which items are asked, given the answers: `enableWhen` in all its operators and behaviours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tirek.catalog.exchange.constraints import Scope
from tirek.catalog.exchange.fault import Code, Faults
from tirek.catalog.exchange.fhir_names import ENABLE_WHEN_EXPRESSIONS
from tirek.catalog.exchange.fhir_primitives import order
from tirek.catalog.exchange.fhirpath import evaluate
from tirek.catalog.exchange.fhirpath_functions import truth
from tirek.catalog.exchange.fhirpath_text import FhirPathError
from tirek.catalog.exchange.foreign import extensions, value_of
from tirek.catalog.exchange.questionnaire_form import FormItem

Resource = Mapping[str, object]
Value = tuple[str, object]
ORDERED = {">": {1}, "<": {-1}, ">=": {0, 1}, "<=": {-1, 0}}
OPERATORS = frozenset({"exists", "=", "!=", *ORDERED})


def answers_by_link(items: object) -> dict[str, list[Value]]:
    """Return the values of every answer in a response, by linkId."""
    found: dict[str, list[Value]] = {}
    for item in _all_items(items):
        link = item.get("linkId")
        answers = item.get("answer")
        for answer in answers if isinstance(answers, list) else []:
            value = value_of(answer) if isinstance(answer, dict) else None
            if value is not None and isinstance(link, str):
                found.setdefault(link, []).append(value)
    return found


def _all_items(items: object) -> Iterator[Resource]:
    waiting = [items]
    while waiting:
        found = waiting.pop()
        for item in found if isinstance(found, list) else []:
            if isinstance(item, dict):
                yield item
                waiting.append(item.get("item"))
                answers = item.get("answer")
                waiting.extend(
                    answer.get("item")
                    for answer in (answers if isinstance(answers, list) else [])
                    if isinstance(answer, dict)
                )


@dataclass(frozen=True, slots=True)
class Conditions:
    """What conditions are judged by: the answers, the form's items, and what FHIRPath may name."""

    answers: Mapping[str, list[Value]]
    known: Mapping[str, FormItem]
    scope: Scope

    def enabled(self, item: FormItem, faults: Faults) -> bool | None:
        """Whether the item is asked; None, after saying so, where its condition cannot be read."""
        found = [self._by_tests(item, faults), self._by_expression(item, faults)]
        return None if None in found and False not in found else all(found)

    def _by_tests(self, item: FormItem, faults: Faults) -> bool | None:
        tests = item.element.get("enableWhen")
        if not isinstance(tests, list) or not tests:
            return True
        met: list[bool] = []
        for index, test in enumerate(tests):
            place = f"{item.place}.enableWhen[{index}]"
            question = test.get("question") if isinstance(test, dict) else None
            if not isinstance(question, str) or question not in self.known:
                text = f"{item.link} depends on a question that is not there"
                faults.warn(Code.NOT_FOUND, place, text)
                return None
            result = _is_met(test, self.answers.get(question, []))
            if result is None:
                text = f"the condition of {item.link} cannot be read"
                faults.warn(Code.NOT_SUPPORTED, place, text)
                return None
            met.append(result)
        # Without a behaviour, which que-12 asks for where there are several, all must hold.
        return any(met) if item.element.get("enableBehavior") == "any" else all(met)

    def _by_expression(self, item: FormItem, faults: Faults) -> bool | None:
        for extension in extensions(item.element, *ENABLE_WHEN_EXPRESSIONS):
            said = extension.get("valueExpression")
            expression = said.get("expression") if isinstance(said, dict) else None
            try:
                found = truth(self._evaluated(str(expression)))
            except FhirPathError as error:
                text = f"the condition of {item.link} was not judged: {error}"
                faults.warn(Code.NOT_SUPPORTED, item.place, text)
                return None
            if not found:
                return False
        return True

    def _evaluated(self, expression: str) -> list[object]:
        named = self.scope.variables
        return evaluate(expression, named["resource"], named, self.scope.together)


def _is_met(test: Resource, answers: list[Value]) -> bool | None:
    operator = test.get("operator")
    # STU3 had no operator: hasAnswer stood beside answer[x].
    if operator is None and "hasAnswer" in test:
        return bool(answers) is (test["hasAnswer"] is True)
    wanted = _wanted(test)
    if not isinstance(operator, str) or operator not in OPERATORS or wanted is None:
        return None
    if operator == "exists":
        return bool(answers) is (wanted[1] is True)
    if operator == "=":
        return any(_equal(answer, wanted) for answer in answers)
    if operator == "!=":
        return not any(_equal(answer, wanted) for answer in answers)
    return any(order(answer[1], wanted[1]) in ORDERED[operator] for answer in _plain(answers))


def _plain(answers: list[Value]) -> Iterator[Value]:
    """Yield the answers that can be larger or smaller, a quantity by its number."""
    for name, content in answers:
        yield name, content.get("value") if isinstance(content, dict) else content


def _wanted(test: Resource) -> Value | None:
    for name, content in test.items():
        if name.startswith("answer") and name != "answer":
            value = content
            if name == "answerQuantity" and isinstance(content, dict):
                value = content.get("value")
            return name.replace("answer", "value", 1), value
    return None


def _equal(answer: Value, wanted: Value) -> bool:
    ours, theirs = wanted[1], answer[1]
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = [key for key in ("system", "code", "reference") if key in ours]
        return bool(keys) and all(ours[key] == theirs.get(key) for key in keys)
    if isinstance(theirs, dict):
        return order(theirs.get("value"), ours) == 0
    return ours == theirs and isinstance(ours, bool) is isinstance(theirs, bool)
