"""Hours on duty: which are covered, and where nobody answers."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

# So far ahead a gap is shown, early enough to ask somebody.
LOOK_AHEAD = timedelta(days=14)
# Longer ones are mistakes of typing: nobody answers for a month without a break.
LONGEST_SHIFT = timedelta(days=7)
_PHONE = re.compile(r"\+7[0-9]{10}")


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to a later one."""

    starts: datetime
    ends: datetime


def gaps(shifts: Iterable[Span], within: Span) -> Iterator[Span]:
    """The parts of `within` that no shift covers; shifts may overlap, in any order."""
    covered = within.starts
    for shift in sorted(shifts, key=lambda one: one.starts):
        if shift.starts > covered and covered < within.ends:
            yield Span(covered, min(shift.starts, within.ends))
        covered = max(covered, shift.ends)
    if covered < within.ends:
        yield Span(covered, within.ends)


def phone_of(typed: str) -> str | None:
    """A phone of Kazakhstan as +77012345678, however it was typed; None when it is none."""
    digits = "".join(letter for letter in typed if letter.isdigit())
    if not set(typed) <= set("0123456789+-() \u00a0"):
        return None
    if len(digits) == len("87012345678") and digits[0] in "78":
        digits = digits[1:]
    number = f"+7{digits}"
    return number if _PHONE.fullmatch(number) else None


def masked(phone: str) -> str:
    """As much of a phone as lets its owner know it."""
    return f"{phone[:5]} ••• •• {phone[-2:]}"
