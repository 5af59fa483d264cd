"""Jinja filters: dates, clocks and numbers as people in Kazakhstan write them."""

from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any, Literal

from babel.dates import format_timedelta
from flask import Flask
from flask_babel import format_date, format_datetime, format_decimal, format_percent, get_locale
from flask_babel import gettext as _

# Babel's own short Kazakh date has a two-digit year, its Russian one four digits: one pattern.
_DATE = "dd.MM.yyyy"
_TIME = "HH:mm"
_DATETIME = f"{_DATE} {_TIME}"
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
# Larger than any count of units: Babel then keeps the unit we chose.
_KEEP_UNIT = 10**9


def as_date(value: date | datetime | None) -> str:
    """Day as 01.09.2026, in Kazakhstan's time when the value is a moment."""
    return "" if value is None else str(format_date(value, _DATE))


def as_datetime(value: datetime | None) -> str:
    """Moment as 01.09.2026 14:05, in Kazakhstan's time."""
    return "" if value is None else str(format_datetime(value, _DATETIME))


def as_time(value: datetime | None) -> str:
    """Time of day as 14:05, in Kazakhstan's time."""
    return "" if value is None else str(format_datetime(value, _TIME))


def span(length: timedelta) -> str:
    """Length of time in whole minutes, hours or days, always rounded down.

    Rounding up would promise time that is not there: 90 minutes are 90 minutes, not 2 hours.
    """
    return _span(length)


def ago(value: datetime, now: datetime | None = None) -> str:
    """How long ago it was, or how soon it will be."""
    return _span(value - (now or datetime.now(UTC)), add_direction=True)


def deadline(value: datetime | None, now: datetime | None = None) -> str:
    """Time left or time overdue, in words that need no colour."""
    if value is None:
        return ""
    left = value - (now or datetime.now(UTC))
    if abs(left) < timedelta(minutes=1):
        return str(_("due now"))
    if left > timedelta():
        return str(_("%(time)s left", time=_span(left)))
    return str(_("late by %(time)s", time=_span(left)))


def clock_class(value: datetime | None, now: datetime | None = None) -> str:
    """CSS class of a deadline: late, soon (an hour or less) or neither."""
    if value is None:
        return "clock"
    left = value - (now or datetime.now(UTC))
    if left <= timedelta():
        return "clock clock--late"
    return "clock clock--soon" if left <= _HOUR else "clock"


def number(value: float | None) -> str:
    """Write a number with the separators of the language."""
    return "" if value is None else str(format_decimal(value))


def percent(value: float | None) -> str:
    """Share from 0 to 1 as whole per cent."""
    return "" if value is None else str(format_percent(value))


def file_size(size: int) -> str:
    """How much of somebody's traffic a file takes: rounded up, never promising less."""
    kilobytes = max(1, ceil(size / 1024))
    if kilobytes < 1024:  # noqa: PLR2004  as many make the next unit
        return str(_("%(size)s KB", size=format_decimal(kilobytes)))
    return str(_("%(size)s MB", size=format_decimal(ceil(kilobytes / 102.4) / 10)))


def install(app: Flask) -> None:
    """Offer the filters to every template."""
    app.jinja_env.filters.update(
        date=as_date,
        datetime=as_datetime,
        time=as_time,
        span=span,
        ago=ago,
        deadline=deadline,
        clock_class=clock_class,
        number=number,
        percent=percent,
        file_size=file_size,
    )


def _span(length: timedelta, **options: Any) -> str:
    size = abs(length)
    unit: Literal["minute", "hour", "day"]
    if size < 2 * _HOUR:
        unit, step = "minute", timedelta(minutes=1)
    elif size < 2 * _DAY:
        unit, step = "hour", _HOUR
    else:
        unit, step = "day", _DAY
    whole = (size // step) * step
    return format_timedelta(
        whole if length >= timedelta() else -whole,
        granularity=unit,
        threshold=_KEEP_UNIT,
        locale=get_locale(),
        **options,
    )
