"""What a group is told by mail: that it begins, that there are answers, that questions wait.

Only that there is something to look at, never what; and never at night.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consultations import quiet_for
from tirek.services import outbox
from tirek.services.outbox import Message
from tirek.services.unit import Unit
from tirek.storage.models import Cohort, CohortMember, CohortQuestion

KIND = "group_news"
# A round that was away over the first day of a group still tells of it.
STARTED_LATELY = timedelta(days=2)


def tell_of_answer(unit: Unit, cohort_id: UUID) -> None:
    """Tell the members that there is an answer: one message for all answers of a day."""
    sent_at = unit.now() + quiet_for(unit.now())
    _tell(unit, _members(unit, cohort_id), f"answers:{cohort_id}:{_day(sent_at)}")


def tell_of_starts(unit: Unit) -> int:
    """Tell those who joined before the first day that it has come; says of how many groups."""
    now = unit.now()
    if quiet_for(now):
        return 0
    day = _day(now)
    begun = unit.session.scalars(
        select(Cohort)
        .where(
            Cohort.starts_on.between(day - STARTED_LATELY, day),
            Cohort.ends_on >= day,
            Cohort.closed_at.is_(None),
        )
        # Two rounds at once must queue in the same order, or they wait for each other.
        .order_by(Cohort.id)
    ).all()
    for cohort in begun:
        early = _members(unit, cohort.id, joined_before=cohort.starts_on)
        _tell(unit, early, f"start:{cohort.id}")
    return len(begun)


def tell_of_questions(unit: Unit) -> int:
    """Tell each facilitator in the morning of questions of the days before; of how many groups.

    Not in the hour of the question: an hour would tell who was online.
    """
    now = unit.now()
    if quiet_for(now):
        return 0
    newest = func.max(CohortQuestion.asked_on)
    rows = unit.session.execute(
        select(Cohort.id, Cohort.facilitator_id, newest)
        .join(CohortQuestion, CohortQuestion.cohort_id == Cohort.id)
        .where(
            CohortQuestion.answer.is_(None),
            CohortQuestion.set_aside_at.is_(None),
            CohortQuestion.asked_on < _day(now),
        )
        .group_by(Cohort.id)
        .order_by(Cohort.id)
    ).all()
    for cohort_id, facilitator_id, asked_on in rows:
        _tell(unit, [facilitator_id], f"questions:{cohort_id}:{asked_on}")
    return len(rows)


def _members(unit: Unit, cohort_id: UUID, *, joined_before: date | None = None) -> list[UUID]:
    statement = (
        select(CohortMember.account_id)
        .where(CohortMember.cohort_id == cohort_id, CohortMember.left_at.is_(None))
        .order_by(CohortMember.account_id)
    )
    if joined_before is not None:
        joined_on = func.date(func.timezone("Asia/Almaty", CohortMember.joined_at))
        statement = statement.where(joined_on < joined_before)
    return list(unit.session.scalars(statement))


def _tell(unit: Unit, accounts: list[UUID], occasion: str) -> None:
    after = quiet_for(unit.now())
    outbox.queue(unit, [Message(KIND, occasion, account_id=one, after=after) for one in accounts])


def _day(moment: datetime) -> date:
    return moment.astimezone(KAZAKHSTAN).date()
