"""Items that nobody passes over unseen: critical ones, and those that a score needs."""

from collections.abc import Iterator

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.instruments import Required
from tirek.domain.interpretation import AnyItem, Condition, ItemRefused, ItemUnanswered


def blanks_are_seen(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `blank`: a skipped item that counts is asked again; a critical one brings a person."""
    seen = {item for flag in files.instrument.flags for item in _blank_in(flag.when)}
    for index, item in enumerate(files.instrument.items):
        if item.critical and item.id not in seen:
            reason = f"{item.id} is critical, and no flag is raised when it stays unanswered"
            yield files.finding("blank", "structure", ("items", index), reason)
        if (item.critical or item.is_scored) and item.required is Required.NEVER:
            what = "critical" if item.critical else "scored"
            reason = f"{item.id} is {what} and may be passed over without a reminder"
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
