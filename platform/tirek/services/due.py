"""The clock that a referral runs against now: one for every list, taken from its deadlines."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from tirek.domain.referral import HANDED_ON
from tirek.storage.models import Deadline, Referral

_Next = aliased(Referral)
_HANDED_ON = sorted(state.value for state in HANDED_ON)


def _running() -> ColumnElement[bool]:
    """The promises themselves that nobody has kept yet; the ladder above them only calls."""
    return and_(Deadline.rung == 0, Deadline.met_at.is_(None), Deadline.ended_at.is_(None))


def _earliest(*where: ColumnElement[bool]) -> Select[datetime | None]:
    return select(func.min(Deadline.due_at)).where(_running(), *where)


def _next_due() -> ColumnElement[datetime | None]:
    own = _earliest(Deadline.referral_id == Referral.id).correlate(Referral).scalar_subquery()
    # Whoever handed it on still answers for the child until the next one has accepted.
    theirs = (
        _earliest(
            Referral.state.in_(_HANDED_ON),
            Deadline.referral_id.in_(
                select(_Next.id).where(_Next.parent_id == Referral.id).correlate(Referral)
            ),
        )
        .correlate(Referral)
        .scalar_subquery()
    )
    return func.coalesce(own, theirs)


NEXT_DUE: ColumnElement[datetime | None] = _next_due()


def has_passed(due_at: ColumnElement[datetime | None]) -> ColumnElement[bool]:
    """Whether a clock has run out; where none runs, nothing is late."""
    return func.coalesce(func.now() > due_at, False)


IS_LATE: ColumnElement[bool] = has_passed(NEXT_DUE)


def is_late(due_at: datetime | None, now: datetime) -> bool:
    """Whether a clock has run out, by the same measure as the lists'."""
    return due_at is not None and now > due_at


def urgency(rank: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """The order of a list of what waits: level, then what is late, then the next clock."""
    return (rank.desc(), IS_LATE.desc(), NEXT_DUE.nulls_last())
