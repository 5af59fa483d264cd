"""Calendar files that tell nobody anything: a time, two neutral words, and a link to our page.

The times are UTC, so no time zone has to be described; the entry keeps its name through moves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast
from uuid import UUID

from tirek.domain.consultations import BookingState
from tirek.services import talk_records
from tirek.services.unit import Unit

if TYPE_CHECKING:
    from icalendar import Alarm, Event

# The same in every language and for everybody: whoever looks over a shoulder learns nothing.
SUMMARY = "Кездесу / Встреча"
ALARM = timedelta(hours=-2)
MAKER = "-//Tirek//kk-ru//"
_OFF = frozenset({BookingState.CANCELLED, BookingState.EXPIRED, BookingState.MOVED})


@dataclass(frozen=True, slots=True)
class Entry:
    """One time in a calendar."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    link: str
    sequence: int = 0
    is_off: bool = False


def entry(unit: Unit, booking_id: UUID, link: str) -> Entry:
    """The calendar entry of an own talk, as it now stands; raises `NotFoundError`."""
    row = talk_records.find_row(unit, booking_id)
    return Entry(
        talk_records.calendar_id(unit, row.id),
        row.starts_at,
        row.ends_at,
        row.changed_at,
        link,
        row.sequence,
        row.state in _OFF,
    )


def write(entries: Iterable[Entry]) -> bytes:
    """A calendar file with these entries."""
    # Slow to load, and few requests need it.
    from icalendar import Calendar  # noqa: PLC0415

    file = Calendar()
    file.add("prodid", MAKER)
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    file.add("method", "PUBLISH")
    for one in entries:
        file.add_component(_event(one))
    return cast("bytes", file.to_ical())


def _event(one: Entry) -> "Event":
    from icalendar import Event  # noqa: PLC0415

    event = Event()
    event.add("uid", str(one.id))
    event.add("dtstamp", one.changed_at.astimezone(UTC))
    event.add("last-modified", one.changed_at.astimezone(UTC))
    event.add("dtstart", one.starts_at.astimezone(UTC))
    event.add("dtend", one.ends_at.astimezone(UTC))
    event.add("sequence", one.sequence)
    event.add("status", "CANCELLED" if one.is_off else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("summary", SUMMARY)
    event.add("url", one.link)
    if not one.is_off:
        event.add_component(_alarm())
    return event


def _alarm() -> "Alarm":
    from icalendar import Alarm  # noqa: PLC0415

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", SUMMARY)
    alarm.add("trigger", ALARM)
    return alarm
