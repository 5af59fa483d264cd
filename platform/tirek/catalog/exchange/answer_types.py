"""Which value an item of a type takes, and whether the value is one."""

from collections.abc import Mapping

from tirek.catalog.exchange.answer_shapes import SHAPES
from tirek.catalog.exchange.fault import Code, Faults
from tirek.catalog.exchange.fhir_primitives import PRIMITIVES
from tirek.catalog.exchange.foreign import value_of
from tirek.catalog.exchange.questionnaire_form import FormItem

VALUES: Mapping[str, tuple[str, ...]] = {
    "boolean": ("valueBoolean",),
    "decimal": ("valueDecimal",),
    "integer": ("valueInteger",),
    "date": ("valueDate",),
    "dateTime": ("valueDateTime",),
    "time": ("valueTime",),
    "string": ("valueString",),
    "text": ("valueString",),
    "url": ("valueUri", "valueUrl"),
    "attachment": ("valueAttachment",),
    "reference": ("valueReference",),
    "quantity": ("valueQuantity",),
    "choice": ("valueCoding",),
    "open-choice": ("valueCoding",),
    "coding": ("valueCoding",),
}


def allowed(item: FormItem) -> tuple[str, ...]:
    """Return the names of the values that an answer to the item may have."""
    names = VALUES[item.kind]
    listed = tuple(value[0] for option in item.options if (value := value_of(option)))
    if item.kind in {"choice", "open-choice"} and listed:
        names = tuple(dict.fromkeys(listed))
    return (*names, "valueString") if item.constraint == "optionsOrString" else names


def check_type(item: FormItem, name: str, value: object, place: str, faults: Faults) -> bool:
    """Whether the value is of the item's type and well formed; says what is not."""
    names = allowed(item)
    if name not in names:
        wanted = " or ".join(dict.fromkeys(names))
        text = f"{item.link} is of type {item.kind} and takes {wanted}, not {name}"
        faults.error(Code.VALUE, f"{place}.{name}", text)
        return False
    if name in PRIMITIVES:
        is_one, words = PRIMITIVES[name]
        if not is_one(value):
            faults.error(Code.VALUE, f"{place}.{name}", f"{item.link} must be {words}")
            return False
        return True
    return SHAPES[name](item, value, f"{place}.{name}", faults) if name in SHAPES else True
