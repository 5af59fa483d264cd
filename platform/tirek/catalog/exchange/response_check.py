"""A QuestionnaireResponse judged against its Questionnaire.

Written from the specification (R4 and R5, SDC `validation`): structure, types, options, limits,
required and repeating items, conditions, constraints. A completed response must conform wholly; in
one that is not, what is still missing or too much is only a warning, but a wrong value is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tirek.catalog.exchange.answer_choices import check_choice, check_exclusive
from tirek.catalog.exchange.answer_limits import check_limits
from tirek.catalog.exchange.answer_types import VALUES, check_type
from tirek.catalog.exchange.constraints import Scope, check_constraints
from tirek.catalog.exchange.enable_when import Conditions, Value, answers_by_link
from tirek.catalog.exchange.fault import Code, Fault, Faults
from tirek.catalog.exchange.foreign import ExchangeError, objects, value_of
from tirek.catalog.exchange.questionnaire_form import Form, FormItem, read_form
from tirek.catalog.exchange.response_head import check_head

FINAL = frozenset({"completed", "amended"})
ITEM_NAMES = frozenset(
    {"id", "extension", "linkId", "definition", "text", "answer", "item", "subject"}
)
ANSWER_NAMES = frozenset({"id", "extension", "item"})
MAX_NESTING = 40
Resource = Mapping[str, object]


def check(questionnaire: Resource, response: Resource) -> list[Fault]:
    """Return everything that is wrong with a response, in the order of the response."""
    faults = Faults()
    form = read_form(questionnaire, faults)
    check_head(questionnaire, response, faults)
    is_final = str(response.get("status")) in FINAL
    named = {"resource": response, "rootResource": response, "questionnaire": questionnaire}
    scope = Scope(named, is_final)
    conditions = Conditions(answers_by_link(response.get("item")), form.by_link, scope)
    walk = _Walk(form, faults, conditions, is_final)
    walk.items(form.items, response.get("item"), "QuestionnaireResponse.item", depth=0)
    check_constraints(questionnaire, response, scope, "QuestionnaireResponse", faults)
    return faults.found


@dataclass(frozen=True, slots=True)
class _Walk:
    """One walk through the response beside the form."""

    form: Form
    faults: Faults
    conditions: Conditions
    is_final: bool

    def items(self, asked: tuple[FormItem, ...], found: object, place: str, *, depth: int) -> None:
        """Judge the items of one level, then what is not there."""
        if depth > MAX_NESTING:
            self.faults.error(Code.STRUCTURE, place, f"is nested deeper than {MAX_NESTING}")
            return
        here: dict[str, list[tuple[str, Resource]]] = {}
        for at, item in self._objects(found, place):
            link = item.get("linkId")
            if not isinstance(link, str) or not link:
                self.faults.error(Code.STRUCTURE, f"{at}.linkId", "is missing")
            elif not any(link == one.link for one in asked):
                self._unknown(link, at)
            else:
                here.setdefault(link, []).append((at, item))
        self._check_order(asked, list(here), place)
        for one in asked:
            self._one(one, here.get(one.link, []), place, depth=depth)

    def _objects(self, found: object, place: str) -> list[tuple[str, Resource]]:
        try:
            listed = list(objects(found, place))
        except ExchangeError as error:
            self.faults.error(Code.STRUCTURE, error.place, error.reason)
            return []
        if isinstance(found, list) and not found:
            self.faults.error(Code.STRUCTURE, place, "is an empty list")
        return listed

    def _unknown(self, link: str, place: str) -> None:
        text = f"{link[:60]!r} is no item of the Questionnaire"
        if link in self.form.by_link:
            text = f"{link[:60]!r} is an item of the Questionnaire, but not at this place"
        self.faults.error(Code.NOT_FOUND, f"{place}.linkId", text)

    def _check_order(self, asked: tuple[FormItem, ...], found: list[str], place: str) -> None:
        ranks = {one.link: rank for rank, one in enumerate(asked)}
        places = [ranks[link] for link in found]
        if places != sorted(places):
            text = "the items stand in another order than in the Questionnaire"
            self.faults.error(Code.STRUCTURE, place, text)

    def _one(
        self, one: FormItem, found: list[tuple[str, Resource]], place: str, *, depth: int
    ) -> None:
        """Judge one item of the form with all that answers it."""
        enabled = self.conditions.enabled(one, self.faults)
        if enabled is False:
            self._disabled(one, found)
        elif enabled is None:
            # Nobody knows whether it is asked, so nobody can say that it must be answered.
            replace(self, is_final=False).asked(one, found, place, depth=depth)
        else:
            self.asked(one, found, place, depth=depth)

    def _disabled(self, one: FormItem, found: list[tuple[str, Resource]]) -> None:
        for at, item in found:
            if _says_something(item):
                text = f"{one.link} has an answer although it is not to be asked"
                self.faults.error(Code.BUSINESS_RULE, at, text)

    def asked(
        self, one: FormItem, found: list[tuple[str, Resource]], place: str, *, depth: int
    ) -> None:
        """Judge an item that is to be asked."""
        for at, item in found:
            self._names(item, ITEM_NAMES, at)
            self._text(one, item, at)
        if one.kind == "group":
            self._group(one, found, place, depth=depth)
        elif one.kind == "display":
            self._display(one, found)
        elif one.kind in VALUES:
            self._question(one, found, place, depth=depth)
        else:
            self._unanswerable(one, found)

    def _unanswerable(self, one: FormItem, found: list[tuple[str, Resource]]) -> None:
        """`question`, the abstract parent of all types, or a type that FHIR does not have."""
        for at, _ in found:
            text = f"{one.link} is of type {one.kind!r}, which nothing can answer"
            self.faults.error(Code.STRUCTURE, at, text)

    def _names(self, element: Resource, names: frozenset[str], place: str) -> None:
        for name in element:
            if name.startswith("value") and name[5:6].isupper() and "item" in names:
                continue
            bare = name.removeprefix("_")
            if name == "modifierExtension":
                self.faults.error(Code.NOT_SUPPORTED, f"{place}.{name}", "may turn the meaning")
            elif bare not in names and not bare.startswith("value"):
                self.faults.error(Code.STRUCTURE, f"{place}.{name}", "is no element of FHIR here")

    def _text(self, one: FormItem, item: Resource, place: str) -> None:
        said, ours = item.get("text"), one.element.get("text")
        if isinstance(said, str) and isinstance(ours, str) and said != ours:
            shadow = str(one.element.get("_text", ""))
            if said not in shadow:
                text = f"{one.link}: the text is not the one that the Questionnaire asks with"
                self.faults.warn(Code.BUSINESS_RULE, f"{place}.text", text)

    def _display(self, one: FormItem, found: list[tuple[str, Resource]]) -> None:
        for at, item in found:
            if _says_something(item):
                text = f"{one.link} is only shown and takes no answer"
                self.faults.error(Code.STRUCTURE, at, text)

    def _group(
        self, one: FormItem, found: list[tuple[str, Resource]], place: str, *, depth: int
    ) -> None:
        for at, item in found:
            if "answer" in item:
                text = f"group {one.link} takes items, not answers"
                self.faults.error(Code.STRUCTURE, f"{at}.answer", text)
            self.items(one.children, item.get("item"), f"{at}.item", depth=depth + 1)
            self._constraints(one, item, at)
        full = [item for _, item in found if _says_something(item)]
        self._count(one, len(full), len(found), found[0][0] if found else place)
        if not found:
            # The public cases pass a group that is absent with its required questions. For us it
            # is a hole in the answers that somebody should see.
            absent = replace(self, is_final=False)
            inside = f"{place}.where(linkId = '{one.link}').item"
            absent.items(one.children, None, inside, depth=depth + 1)

    def _question(
        self, one: FormItem, found: list[tuple[str, Resource]], place: str, *, depth: int
    ) -> None:
        values: list[Value] = []
        for number, (at, item) in enumerate(found):
            if number:
                text = f"{one.link} stands a second time; all answers to it belong together"
                self.faults.error(Code.STRUCTURE, at, text)
            if "item" in item:
                text = f"items under question {one.link} belong into its answers"
                self.faults.error(Code.STRUCTURE, f"{at}.item", text)
            values += self._answers(one, item, at, depth=depth)
            self._constraints(one, item, at)
        where = found[0][0] if found else place
        self._count(one, len(values), len(values), where)
        check_exclusive(one, values, where, self.faults)

    def _answers(self, one: FormItem, item: Resource, at: str, *, depth: int) -> list[Value]:
        """Judge the answers of one item, each with the items under it; return their values."""
        values: list[Value] = []
        listed = self._objects(item.get("answer"), f"{at}.answer")
        for place, answer in listed:
            self._names(answer, ANSWER_NAMES, place)
            value = self._value(one, answer, place)
            if value is not None:
                values.append(value)
            if one.children or "item" in answer:
                self.items(one.children, answer.get("item"), f"{place}.item", depth=depth + 1)
        return values

    def _value(self, one: FormItem, answer: Resource, place: str) -> Value | None:
        named = [name for name in answer if name.startswith("value")]
        if len(named) > 1:
            self.faults.error(Code.STRUCTURE, place, f"{one.link} has two values in one answer")
            return None
        value = value_of(answer)
        if value is None:
            is_marked = "extension" in answer or any(name.startswith("_value") for name in answer)
            if not is_marked:
                text = f"{one.link} has an answer without a value"
                self.faults.error(Code.STRUCTURE, place, text)
            return None
        if check_type(one, *value, place, self.faults):
            check_choice(self.form, one, value, place, self.faults)
            check_limits(self.form, one, value, place, self.faults)
        return value

    def _constraints(self, one: FormItem, item: Resource, at: str) -> None:
        scope = replace(self.conditions.scope, is_final=self.is_final)
        check_constraints(one.element, item, scope, at, self.faults)

    def _count(self, one: FormItem, full: int, found: int, place: str) -> None:
        """Judge how many there are; `full` ones say something, `found` ones are there."""
        least, most = one.number("questionnaire-minOccurs"), one.number("questionnaire-maxOccurs")
        if one.is_required and full == 0:
            self._missing(place, f"{one.link} must be answered")
        elif least is not None and full < least:
            self._missing(place, f"{one.link} needs {least} answers and has {full}")
        if found > 1 and not one.repeats:
            self._too_many(place, f"{one.link} takes one answer and has {found}")
        elif most is not None and found > most:
            self._too_many(place, f"{one.link} takes {most} answers and has {found}")

    def _missing(self, place: str, text: str) -> None:
        self.faults.either(Code.REQUIRED, place, text, is_error=self.is_final)

    def _too_many(self, place: str, text: str) -> None:
        self.faults.either(Code.BUSINESS_RULE, place, text, is_error=self.is_final)


def _says_something(item: Resource) -> bool:
    """Whether there is an answer in the item, or anywhere under it."""
    return bool(item.get("answer")) or bool(answers_by_link([item]))
