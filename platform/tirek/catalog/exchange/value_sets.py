"""The value sets that can be judged without a terminology server: the form's own, and a few more.

A value set that nobody here knows makes the answer's code unproven, and unproven is an error: that
is also how the public test cases have it.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from babel import Locale

from tirek.catalog.exchange.fhir_options import concepts, contained_value_set

FHIR = "http://hl7.org/fhir/"
COUNTRIES = "urn:iso:std:iso:3166"
JURISDICTION = FHIR + "ValueSet/jurisdiction"
# Of the codes of CLDR's territories that are two letters, these are no ISO 3166-1 countries.
NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "ZZ", "XA", "XB", "XK", "AC", "CP", "CQ", "DG", "EA"})
NEITHER = frozenset({"IC", "TA", "QO"})
Resource = Mapping[str, object]
# (system, code) -> display
Concepts = Mapping[tuple[str, str], str]

ITEM_TYPES = (
    *("group", "display", "question", "boolean", "decimal", "integer", "date", "dateTime"),
    *("time", "string", "text", "url", "choice", "open-choice", "attachment", "reference"),
    "quantity",
)
ITEM_TYPE_NAMES = {
    "dateTime": "Date Time",
    "open-choice": "Open Choice",
    "text": "Text",
    "coding": "Coding",
}
GENDERS = ("male", "female", "other", "unknown")


@cache
def _known(url: str) -> Concepts | None:
    match url:
        case "http://hl7.org/fhir/ValueSet/item-type":
            names = {code: ITEM_TYPE_NAMES.get(code, code.capitalize()) for code in ITEM_TYPES}
            # R5 took the choices together, and gave the system an address of its own.
            return {
                (system, code): name
                for system in (FHIR + "item-type", FHIR + "questionnaire-item-type")
                for code, name in {**names, "coding": "Coding"}.items()
            }
        case "http://hl7.org/fhir/ValueSet/administrative-gender":
            system = FHIR + "administrative-gender"
            return {(system, code): code.capitalize() for code in GENDERS}
        case "http://hl7.org/fhir/ValueSet/jurisdiction":
            return _countries()
        case _:
            return None


def _countries() -> Concepts:
    names = Locale("en").territories
    return {
        (COUNTRIES, code): str(name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES | NEITHER  # noqa: PLR2004
    }


def find_value_set(questionnaire: Resource, reference: str) -> Concepts | None:
    """Return the concepts of a value set: carried by the form, or known here; None otherwise."""
    contained = contained_value_set(questionnaire, reference)
    if contained is None:
        return _known(reference.split("|", 1)[0])
    found = dict(_concepts(contained))
    # One that only names a code system, or a filter on one, lists nothing to judge by.
    return found or None


def _concepts(value_set: Resource) -> Iterator[tuple[tuple[str, str], str]]:
    for concept in concepts(value_set):
        key = str(concept.get("system") or ""), str(concept.get("code"))
        yield key, str(concept.get("display", ""))


def is_same_name(one: str, other: str) -> bool:
    """Whether two displays are the same but for case and spaces."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
