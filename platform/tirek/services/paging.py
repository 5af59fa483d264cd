"""Long lists in pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select

from tirek.services.unit import Unit

ROWS_A_PAGE = 25
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, which page of it they are, and how long the list is."""

    rows: Sequence[T]
    number: int
    pages: int
    total: int


def cut(rows: Sequence[T], number: int) -> Page[T]:
    """One page of rows at hand; a number past the end gives the last page."""
    number, pages = _place(len(rows), number)
    first = (number - 1) * ROWS_A_PAGE
    return Page(rows[first : first + ROWS_A_PAGE], number, pages, len(rows))


def page_of(
    unit: Unit, statement: Select[*tuple[Any, ...]], number: int, row: Callable[[Any], T]
) -> Page[T]:
    """One page of a sorted query, each database row made into what `row` returns."""
    total = unit.session.scalars(
        select(func.count()).select_from(statement.order_by(None).subquery())
    ).one()
    number, pages = _place(total, number)
    found = unit.session.execute(statement.limit(ROWS_A_PAGE).offset((number - 1) * ROWS_A_PAGE))
    return Page([row(one) for one in found], number, pages, total)


def _place(total: int, number: int) -> tuple[int, int]:
    pages = max(1, -(-total // ROWS_A_PAGE))
    return min(max(1, number), pages), pages
