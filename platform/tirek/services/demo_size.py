"""How large the demo is, and when its rounds are."""

import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from tirek.catalog.demo import DemoWords
from tirek.domain.clocks import KAZAKHSTAN, school_year_of
from tirek.services.unit import Unit

Item = TypeVar("Item")
Made = TypeVar("Made")

# How many things are made at a time.
HANDS = 3
# In how many groups the schools live their lives.
GROUPS = 3
# First month of each of the four rounds of a school year, and the first month of the holidays.
ROUND_MONTHS = (9, 11, 1, 4)
HOLIDAYS = 6
# How long the questionnaires that are open today stay so.
OPEN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Size:
    """How many of what; the numbers of the design by default (2,000 pupils in 40 schools)."""

    schools: int = 40
    # Pupils of each class of a school.
    classes: tuple[int, ...] = (17, 17, 16)
    # Schools in which questionnaires are open today: one a region, the languages in turn.
    open_schools: int = 8
    # Codes handed out in an open class for the PHQ-A, and for each other questionnaire.
    codes_main: int = 4
    codes_other: int = 1
    # Pupils of an open class whose parent has an account.
    families: int = 2


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every part of the demo is made with.

    `begin` opens a transaction that is committed when its block ends: the demo consists of many,
    as life does.
    """

    begin: Callable[[], AbstractContextManager[Unit]]
    words: DemoWords
    size: Size
    seed: int
    now: datetime

    def random(self, part: str) -> random.Random:
        """The source of chance of one part: the same seed gives the same part."""
        return random.Random(f"{self.seed} {part}")  # noqa: S311 - nothing secret is drawn from it

    def each(self, work: Callable[[Item], Made], items: Iterable[Item]) -> list[Made]:
        """Do `work` for every item, some at a time, and give the results in the items' order.

        Most of the time goes into waiting for the database and into slow hashes, which do not
        hold one another up.
        """
        with ThreadPoolExecutor(HANDS) as pool:
            return list(pool.map(work, items))


@dataclass(frozen=True, slots=True)
class Round:
    """One of the four rounds of a school year, aware times."""

    school_year: int
    number: int
    starts_at: datetime
    ends_at: datetime


def rounds(now: datetime) -> list[Round]:
    """The rounds of the school year before and of this one, in the order of time."""
    this_year = school_year_of(now)
    return [
        Round(year, number, _month(year, first), _month(year, last))
        for year in (this_year - 1, this_year)
        for number, (first, last) in enumerate(pairwise((*ROUND_MONTHS, HOLIDAYS)), start=1)
    ]


def current(now: datetime) -> int:
    """The place in `rounds(now)` of the round that began last."""
    return max(place for place, one in enumerate(rounds(now)) if one.starts_at <= now)


def _month(school_year: int, month: int) -> datetime:
    return datetime(school_year + (month < ROUND_MONTHS[0]), month, 1, tzinfo=KAZAKHSTAN)
