"""The life of one administration, and the pages its items are laid out on."""

from enum import StrEnum

from tirek.domain.instruments import Instrument

# Up to this age one item a page with big answers; above it pages of this many items
# (parents-ux §6.1, rule 4: 8-12 with autosave; no grids).
ONE_BY_ONE_TO_AGE = 12
ITEMS_A_PAGE = 9
# Parents answer about pupils of every age, always as adults.
ADULT_AGE = 18


class AdministrationState(StrEnum):
    """`stopped` keeps the answers given so far; nothing here ends by time alone."""

    OPEN = "open"
    COMPLETED = "completed"
    STOPPED = "stopped"


def pages_for(instrument: Instrument, age_years: int) -> tuple[tuple[str, ...], ...]:
    """Lay the items out for somebody of `age_years` (completed years), in presentation order.

    A critical item always has a page of its own, so that it acts the moment that page is sent,
    without JavaScript too.
    """
    size = 1 if age_years <= ONE_BY_ONE_TO_AGE else ITEMS_A_PAGE
    pages: list[tuple[str, ...]] = []
    run: list[str] = []
    for item in instrument.items:
        if item.critical or len(run) == size:
            pages.append(tuple(run))
            run = []
        if item.critical:
            pages.append((item.id,))
        else:
            run.append(item.id)
    pages.append(tuple(run))
    return tuple(page for page in pages if page)


def age_in_years(birth_year: int, birth_month: int, year: int, month: int) -> int:
    """Completed years from month to month; the day of birth is not known to us."""
    return year - birth_year - (month < birth_month)
