"""When an item is asked, in the words of other formats: which codes let it be shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import AllItems, ItemRefused, ShowIf


@dataclass(frozen=True, slots=True)
class Shows:
    """One condition: any of these codes of an item; without codes, that it was refused."""

    item: str
    codes: tuple[str, ...]


def conditions(instrument: Instrument, rule: ShowIf) -> tuple[tuple[Shows, ...], bool]:
    """Return the conditions, and whether all of them must hold (else any)."""
    found = tuple(
        Shows(one.item, ())
        if isinstance(one, ItemRefused)
        else Shows(
            one.item,
            tuple(o.code for o in instrument.options(one.item) if o.weight >= one.ge),
        )
        for one in rule.conditions
    )
    return found, isinstance(rule, AllItems)


def written(
    instrument: Instrument,
    rule: ShowIf | None,
    equals: Callable[[str, str], str],
    refused: Mapping[str, str],
) -> str:
    """Return the condition as a sentence of `equals(item, code)` joined by and, or; "" for none.

    `refused["code"]` is what the other format stores for a refusal.
    """
    if rule is None:
        return ""
    found, needs_all = conditions(instrument, rule)
    each = [
        " or ".join(equals(one.item, code) for code in one.codes or (refused["code"],))
        for one in found
    ]
    if len(each) == 1:
        return each[0]
    return (" and " if needs_all else " or ").join(f"({one})" for one in each)
