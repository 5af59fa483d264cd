"""FHIR's primitive values: which texts are one, and which of two is the larger."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

DATE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?", re.ASCII)
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?", re.ASCII)
ZONE = re.compile(r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))\Z", re.ASCII)
URI = re.compile(r"[^\s<>\"{}|\\^`\x00-\x1f\x7f]+")
OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+", re.ASCII)
CODE = re.compile(r"\S+( \S+)*")
LOWEST, HIGHEST = -(2**31), 2**31 - 1
MAX_LETTERS = 1_048_576
FULL_DATE = 10


def is_date(value: object) -> bool:
    """Whether this is a year, a month or a day of the calendar."""
    if not isinstance(value, str) or not DATE.fullmatch(value):
        return False
    padded = value + "-01-01"[len(value) - 4 :] if len(value) < FULL_DATE else value
    try:
        date.fromisoformat(padded)
    except ValueError:
        return False
    return True


def is_date_time(value: object) -> bool:
    """Whether this is a date, or a day with a time of day and its zone."""
    if not isinstance(value, str) or "T" not in value:
        return is_date(value)
    day, _, clock = value.partition("T")
    zone = ZONE.search(clock)
    if zone is None or len(day) != FULL_DATE:
        return False
    return is_date(day) and bool(CLOCK.fullmatch(clock[: zone.start()]))


def is_time(value: object) -> bool:
    """Whether this is a time of day with seconds and without a zone."""
    return isinstance(value, str) and bool(CLOCK.fullmatch(value))


def is_uri(value: object) -> bool:
    """Whether this can be a URI, whole or relative; urn:uuid and urn:oid are looked into."""
    if not isinstance(value, str) or not URI.fullmatch(value):
        return False
    if value.startswith("urn:uuid:"):
        return _is_uuid(value.removeprefix("urn:uuid:"))
    if value.startswith("urn:oid:"):
        return bool(OID.fullmatch(value.removeprefix("urn:oid:")))
    return True


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def is_integer(value: object) -> bool:
    """Whether this is a whole number that FHIR's integer holds (32 bits)."""
    return isinstance(value, int) and not isinstance(value, bool) and LOWEST <= value <= HIGHEST


def is_decimal(value: object) -> bool:
    """Whether this is a number."""
    return isinstance(value, int | Decimal | float) and not isinstance(value, bool)


def is_string(value: object) -> bool:
    """Whether this is a text with something in it."""
    return isinstance(value, str) and bool(value.strip()) and len(value) <= MAX_LETTERS


def is_code(value: object) -> bool:
    """Whether this is a code: no spaces around it, and single ones within."""
    return isinstance(value, str) and bool(CODE.fullmatch(value))


PRIMITIVES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "valueBoolean": (lambda value: isinstance(value, bool), "true or false"),
    "valueInteger": (is_integer, "a whole number"),
    "valueDecimal": (is_decimal, "a number"),
    "valueDate": (is_date, "a date such as 2026-11-22"),
    "valueDateTime": (is_date_time, "a date, or a time with its zone"),
    "valueTime": (is_time, "a time such as 09:30:00"),
    "valueString": (is_string, "a text that is not empty"),
    "valueUri": (is_uri, "a URI"),
    "valueUrl": (is_uri, "a URL"),
}


def order(left: object, right: object) -> int | None:
    """Return -1, 0 or 1 as `left` is below, at or above `right`; None where neither can be said.

    Dates of unlike precision are compared as far as both go: 2022-06-30 is not above 2022-06.
    """
    if is_decimal(left) and is_decimal(right):
        return _sign(left, right)
    if is_time(left) and is_time(right):
        return _sign(left, right)
    if is_date_time(left) and is_date_time(right):
        return _order_of_dates(str(left), str(right))
    return None


def _order_of_dates(left: str, right: str) -> int:
    if "T" in left and "T" in right:
        try:
            return _sign(_instant(left), _instant(right))
        except OverflowError:
            # Beyond the calendar in one of the zones: their days still tell them apart.
            pass
    shared = min(len(left.partition("T")[0]), len(right.partition("T")[0]))
    return _sign(left[:shared], right[:shared])


def _instant(text: str) -> datetime:
    # A leap second is the last one of its minute here: good enough to compare answers by.
    return datetime.fromisoformat(text.replace(":60", ":59")).astimezone(UTC)


def _sign(left: object, right: object) -> int:
    below, above = left < right, left > right  # type: ignore[operator]
    return int(above) - int(below)


def places(value: object) -> int:
    """Return how many digits a number has behind the point, as it was written."""
    if not isinstance(value, Decimal | float):
        return 0
    exponent = Decimal(str(value)).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
