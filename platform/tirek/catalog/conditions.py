"""What a rule may say of answers: a closed list, the same for flags and for showing an item."""

from enum import StrEnum

from tirek.catalog.fields import Fields
from tirek.domain.interpretation import (
    AllItems,
    AnyItem,
    ItemAtLeast,
    ItemCondition,
    ItemRefused,
    ItemUnanswered,
    ShowIf,
)


class Lack(StrEnum):
    """What a rule may say of something that has no value."""

    UNANSWERED = "unanswered"
    # Shown, and no option chosen; known at the answer itself.
    REFUSED = "refused"
    NOT_COMPUTABLE = "not_computable"


def read_item_condition(fields: Fields) -> ItemAtLeast | ItemRefused | ItemUnanswered:
    """Return {item, ge}, {item, is: refused} or {item, is: unanswered}."""
    item = fields.text("item")
    if fields.has("ge"):
        return ItemAtLeast(item, fields.number("ge"))
    match fields.choice("is", Lack):
        case Lack.UNANSWERED:
            return ItemUnanswered(item)
        case Lack.REFUSED:
            return ItemRefused(item)
        case _:
            raise fields.error("is", "an item can only be 'unanswered' or 'refused'")


def read_any(fields: Fields) -> AnyItem:
    """Return {any: [...]}."""
    return AnyItem(fields.some("any", fields.each("any", _settled)))


def read_show_if(fields: Fields) -> ShowIf:
    """Return {any: [...]} or {all: [...]}."""
    with fields:
        if fields.has("any"):
            return read_any(fields)
        return AllItems(fields.some("all", fields.each("all", _settled)))


def _settled(fields: Fields) -> ItemCondition:
    condition = read_item_condition(fields)
    if isinstance(condition, ItemUnanswered):
        raise fields.error("is", "one answer must settle it: {item, ge} or {item, is: refused}")
    return condition
