"""Critical items that nobody can pass over unseen."""

from collections.abc import Iterator

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.instruments import Required
from tirek.domain.interpretation import AnyItem, Condition, ItemRefused, ItemUnanswered


def blanks_are_seen(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `blank`: a critical item is asked again when skipped, and a blank brings a person."""
    seen = {item for flag in files.instrument.flags for item in _blank_in(flag.when)}
    for index, item in enumerate(files.instrument.items):
        if item.critical and item.id not in seen:
            reason = f"{item.id} is critical, and no flag is raised when it stays unanswered"
            yield files.finding("blank", "structure", ("items", index), reason)
        if item.critical and item.required is Required.NEVER:
            reason = f"{item.id} is critical and may be passed over without a reminder"
            yield files.finding("blank", "structure", ("items", index), reason)


def _blank_in(condition: Condition) -> Iterator[str]:
    match condition:
        case ItemUnanswered(item) | ItemRefused(item):
            yield item
        case AnyItem(conditions):
            for one in conditions:
                yield from _blank_in(one)
        case _:
            return
