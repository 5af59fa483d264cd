"""The life of one administration, and the pages its items are laid out on."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from tirek.domain.instruments import Answer, Instrument, Item
from tirek.domain.showing import hidden_items

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
    without JavaScript too. For the same reason an item never stands on one page with an item that
    decides whether it is asked.
    """
    size = 1 if age_years <= ONE_BY_ONE_TO_AGE else ITEMS_A_PAGE
    pages: list[tuple[str, ...]] = []
    run: list[str] = []
    for item in instrument.items:
        if item.critical or len(run) == size or _depends_on(item, run):
            pages.append(tuple(run))
            run = []
        if item.critical:
            pages.append((item.id,))
        else:
            run.append(item.id)
    pages.append(tuple(run))
    return tuple(page for page in pages if page)


Pages = Sequence[tuple[str, ...]]
# The pages that somebody is led through, in their order, each with what is asked on it. What was
# answered may empty a page, but never moves another: an address keeps its page for good.
Path = Mapping[int, tuple[str, ...]]


def shown_pages(instrument: Instrument, pages: Pages, known: Mapping[str, Answer]) -> Path:
    """Return each page's items that are asked after these answers; a page of none is left out."""
    hidden = hidden_items(instrument, known)
    shown = {n: tuple(one for one in page if one not in hidden) for n, page in enumerate(pages)}
    return {n: page for n, page in shown.items() if page}


def waiting_page(path: Path, known: Mapping[str, Answer]) -> int | None:
    """Return the first page with an asked item that `known` says nothing about."""
    return next((n for n, page in path.items() if not known.keys() >= {*page}), None)


def page_to_show(path: Path, known: Mapping[str, Answer]) -> int:
    """Return the page on which somebody goes on: one that waits, else the last; 0 without any."""
    waiting = waiting_page(path, known)
    return [0, *path][-1] if waiting is None else waiting


def page_after(path: Path, known: Mapping[str, Answer], index: int) -> int | None:
    """Return the page that follows `index`, after the last one what was jumped over, or None."""
    order = [*path]
    # A page that was hidden meanwhile is followed by the next one of the form.
    later = order[order.index(index) + 1 :] if index in path else [n for n in order if n > index]
    return later[0] if later else waiting_page(path, known)


def page_before(path: Path, index: int) -> int:
    """Return the page to which the back button leads; the first leads to itself."""
    order = [*path]
    earlier = order[: order.index(index)] if index in path else [n for n in order if n < index]
    return earlier[-1] if earlier else index


def _depends_on(item: Item, others: Sequence[str]) -> bool:
    conditions = item.show_if.conditions if item.show_if else ()
    return any(condition.item in others for condition in conditions)


def age_in_years(birth_year: int, birth_month: int, year: int, month: int) -> int:
    """Completed years from month to month; the day of birth is not known to us."""
    return year - birth_year - (month < birth_month)
