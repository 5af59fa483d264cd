"""A Questionnaire as its items by linkId, and what is wrong with itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tirek.catalog.exchange.fault import Code, Faults
from tirek.catalog.exchange.fhir_names import CORE
from tirek.catalog.exchange.foreign import ExchangeError, extensions, objects, value_of

MAX_NESTING = 20
ANSWER_CONSTRAINTS = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Questionnaire.item.answerConstraint",
)
Resource = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class FormItem:
    """One item of a Questionnaire with the items under it."""

    link: str
    kind: str
    place: str
    element: Resource
    children: tuple["FormItem", ...] = ()
    repeated_links: tuple[str, ...] = field(default=())

    @property
    def repeats(self) -> bool:
        """Whether more than one answer, or more than one run of a group, is expected."""
        return self.element.get("repeats") is True

    @property
    def is_required(self) -> bool:
        """Whether it must be answered when it is asked."""
        return self.element.get("required") is True

    @property
    def options(self) -> tuple[Resource, ...]:
        """The listed options."""
        found = self.element.get("answerOption", self.element.get("option"))
        return tuple(each for each in _listed(found) if isinstance(each, dict))

    @property
    def value_set(self) -> str | None:
        """The value set that answers come from, by reference."""
        found = self.element.get("answerValueSet")
        return found if isinstance(found, str) else None

    @property
    def constraint(self) -> str:
        """How far answers are bound to the options, in the words of R5."""
        for extension in extensions(self.element, *ANSWER_CONSTRAINTS):
            value = value_of(extension)
            if value is not None:
                return str(value[1])
        default = "optionsOrString" if self.kind == "open-choice" else "optionsOnly"
        return str(self.element.get("answerConstraint", default))

    def number(self, name: str) -> int | None:
        """Return a whole number of one of FHIR's own extensions."""
        for extension in extensions(self.element, CORE + name):
            value = value_of(extension)
            if value is not None and isinstance(value[1], int):
                return value[1]
        return None


@dataclass(frozen=True, slots=True)
class Form:
    """The whole Questionnaire."""

    resource: Resource
    items: tuple[FormItem, ...]
    by_link: Mapping[str, FormItem]


def read_form(resource: Resource, faults: Faults) -> Form:
    """Return the form; what is wrong with it is a fault of the Questionnaire."""
    known: dict[str, FormItem] = {}
    items = tuple(_items(resource.get("item"), "Questionnaire.item", known, faults, depth=0))
    return Form(resource, items, known)


def _items(
    found: object, place: str, known: dict[str, FormItem], faults: Faults, *, depth: int
) -> Iterator[FormItem]:
    if depth > MAX_NESTING:
        faults.error(Code.STRUCTURE, place, f"items are nested deeper than {MAX_NESTING}")
        return
    try:
        listed = list(objects(found, place))
    except ExchangeError as error:
        faults.error(Code.STRUCTURE, error.place, error.reason)
        return
    for here, element in listed:
        link, kind = element.get("linkId"), element.get("type")
        if not isinstance(link, str) or not link:
            faults.error(Code.STRUCTURE, f"{here}.linkId", "is missing")
            continue
        if link in known:
            faults.error(Code.STRUCTURE, f"{here}.linkId", f"{link!r} stands a second time")
        children = tuple(
            _items(element.get("item"), f"{here}.item", known, faults, depth=depth + 1)
        )
        item = FormItem(link, kind if isinstance(kind, str) else "", here, element, children)
        known.setdefault(link, item)
        yield item


def _listed(found: object) -> list[object]:
    return found if isinstance(found, list) else []
