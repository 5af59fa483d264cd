"""Items that depend on earlier answers, and instruments that are not read per person."""

from collections.abc import Iterator

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.catalog.interpretation import Shown
from tirek.domain.gates import Gate
from tirek.domain.instruments import Item, Subject
from tirek.domain.interpretation import AnyItem, ItemAtLeast, ItemCondition


def conditions_stand_on_earlier_items(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `show-if`: an item depends on items before it, so nothing can go in a circle."""
    items = files.instrument.items
    for place, item in enumerate(items):
        if item.show_if is None:
            continue
        earlier = {one.id for one in items[:place]}
        for condition in item.show_if.conditions:
            if condition.item not in earlier:
                reason = f"{item.id} can only depend on an item before it, not on {condition.item}"
                yield files.finding("show-if", "structure", ("items", place, "show_if"), reason)


def conditions_can_change(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `show-if`: options on both sides of each threshold, and a word for hidden items."""
    for place, item in enumerate(files.instrument.items):
        conditions = item.show_if.conditions if item.show_if else ()
        for index, condition in enumerate(conditions):
            if condition in conditions[:index]:
                reason = f"{item.id} waits for the same answer to {condition.item} twice"
                way = "any" if isinstance(item.show_if, AnyItem) else "all"
                keys = ("items", place, "show_if", way, index)
                yield files.finding("show-if", "structure", keys, reason)
            if not _can_change(files, condition):
                reason = f"no answer to {condition.item} can change whether {item.id} is asked"
                yield files.finding("show-if", "structure", ("items", place, "show_if"), reason)
    yield from _unsaid(files)


def _can_change(files: InstrumentFiles, condition: ItemCondition) -> bool:
    if not isinstance(condition, ItemAtLeast):
        return True
    weights = [option.weight for option in files.instrument.options(condition.item)]
    return min(weights) < condition.ge <= max(weights)


def _unsaid(files: InstrumentFiles) -> Iterator[Finding]:
    """A scale with an item that may be hidden says what it then counts as; no other scale does."""
    conditional = {item.id for item in files.instrument.items if _is_conditional(item)}
    for index, scale in enumerate(files.instrument.scoring.scales):
        if scale.missing is None:
            continue
        needs = bool(conditional & {*scale.items})
        if needs and scale.missing.hidden_as is None:
            reason = f"{scale.id} must say what an item that was not asked counts as: hidden_as"
        elif scale.missing.hidden_as is not None and not needs:
            reason = f"no item of {scale.id} is ever hidden: hidden_as says nothing"
        else:
            continue
        yield files.finding("show-if", "scoring", ("scales", index, "missing"), reason)


def _is_conditional(item: Item) -> bool:
    return item.show_if is not None


def somebody_can_be_beside(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `gate`: windows and events of a school are for what its pupils answer there."""
    structure = files.instrument.structure
    is_at_school = structure.gate in {Gate.STAFFED_WINDOW, Gate.AFTER_EVENT}
    if is_at_school and structure.subject is not Subject.CHILD:
        reason = f"{structure.gate} is for pupils: parents answer at home"
        yield files.finding("gate", "structure", ("use",), reason)


def nobody_is_singled_out(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `gate`: what is read for a whole school only raises no flag and shows no result."""
    if files.instrument.structure.gate is not Gate.SCHOOL_LEVEL_ONLY:
        return
    if files.instrument.flags:
        reason = "it is not read per person, so it can flag nobody"
        yield files.finding("gate", "interpretation", ("flags",), reason)
    shown = files.instrument.interpretation.show_to or {}
    if any(reader != Shown.NONE for name, reader in shown.items() if name != "child"):
        reason = "it is not read per person: show_to must be none for parent and psychologist"
        yield files.finding("gate", "interpretation", ("show_to",), reason)
