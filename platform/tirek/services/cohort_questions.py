"""Questions to a group's facilitator: nobody knows whose, the answer is for all.

Nothing here writes down who asked, not even the audit: a row holds the words and the day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.cohorts import (
    ANSWER_MOST,
    GROUP_QUESTIONS_A_DAY,
    QUESTION_MOST,
    AsideReason,
)
from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.scope import Scope
from tirek.services import audit, cohort_members, cohort_news, cohorts
from tirek.services.unit import Unit
from tirek.storage.models import Account, Cohort, CohortQuestion
from tirek.storage.session import within_scope


class QuestionWordsError(DomainError):
    """A question or an answer without words, or with too many."""


class EnoughForTodayError(DomainError):
    """The group has asked as much as a person can answer in a day."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question as a page shows it; `by` is who answered."""

    id: UUID
    words: str
    asked_on: date
    answer: str | None = None
    answered_at: datetime | None = None
    by: str | None = None
    set_aside: AsideReason | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether nothing has been said to it."""
        return self.answer is None and self.set_aside is None


def ask(unit: Unit, cohort_id: UUID, words: str, question_id: UUID) -> None:
    """Ask, as a member of a group that is not over; the same page sent twice asks once.

    Raises `QuestionWordsError`, `EnoughForTodayError`, `GroupOverError` and `NotFoundError`.
    """
    said = _said(words, QUESTION_MOST)
    membership = cohort_members.get(unit, cohort_id)
    if not membership.phase.takes_members:
        raise cohort_members.GroupOverError("this group is over")
    day = membership.today
    # A member sees only what was answered, so the count of all is the system's.
    with within_scope(unit.session, Scope.system()):
        asked = unit.session.scalars(
            select(func.count()).where(
                CohortQuestion.cohort_id == cohort_id, CohortQuestion.asked_on == day
            )
        ).one()
    if asked >= GROUP_QUESTIONS_A_DAY:
        raise EnoughForTodayError("enough questions for one day")
    unit.session.execute(
        insert(CohortQuestion)
        .values(id=question_id, cohort_id=cohort_id, words=said, asked_on=day)
        .on_conflict_do_nothing()
    )


def answered(unit: Unit, cohort_id: UUID) -> Sequence[Question]:
    """What has been answered for all, the latest first."""
    rows = unit.session.execute(
        select(CohortQuestion, Account.display_name)
        .outerjoin(Account, Account.id == CohortQuestion.answered_by)
        .where(CohortQuestion.cohort_id == cohort_id, CohortQuestion.answer.is_not(None))
        .order_by(CohortQuestion.answered_at.desc(), CohortQuestion.id)
    )
    return [_question(*row) for row in rows]


def set_aside_counts(unit: Unit, cohort_id: UUID) -> Mapping[AsideReason, int]:
    """How many questions were set aside, and why: all that their askers can be told."""
    cohort_members.get(unit, cohort_id)
    with within_scope(unit.session, Scope.system()):
        rows = unit.session.execute(
            select(CohortQuestion.set_aside_reason, func.count())
            .where(
                CohortQuestion.cohort_id == cohort_id,
                CohortQuestion.set_aside_reason.is_not(None),
            )
            .group_by(CohortQuestion.set_aside_reason)
        ).all()
    found = {AsideReason(reason): number for reason, number in rows if reason is not None}
    return {reason: found[reason] for reason in AsideReason if reason in found}


def of_group(unit: Unit, cohort_id: UUID) -> Sequence[Question]:
    """Every question of a group of the own house: those that wait first, the oldest day first."""
    rows = unit.session.execute(
        select(CohortQuestion, Account.display_name)
        .join(Cohort, Cohort.id == CohortQuestion.cohort_id)
        .outerjoin(Account, Account.id == CohortQuestion.answered_by)
        .where(CohortQuestion.cohort_id == cohort_id)
        # Ids are random: within a day the order says nothing.
        .order_by(CohortQuestion.asked_on, CohortQuestion.id)
    )
    found = [_question(*row) for row in rows]
    return sorted(found, key=lambda one: not one.is_waiting)


def get(unit: Unit, cohort_id: UUID, question_id: UUID) -> Question:
    """One question of a group of the own house; raises `NotFoundError`."""
    cohorts.get(unit, cohort_id)
    row = unit.session.execute(
        select(CohortQuestion, Account.display_name)
        .outerjoin(Account, Account.id == CohortQuestion.answered_by)
        .where(CohortQuestion.cohort_id == cohort_id, CohortQuestion.id == question_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFoundError("cohort_question", question_id)
    return _question(*row)


def answer(unit: Unit, cohort_id: UUID, question_id: UUID, words: str) -> None:
    """Answer for all, and tell the members that there is an answer.

    Raises `QuestionWordsError`, and `ConflictError` when a colleague was first.
    """
    said = _said(words, ANSWER_MOST)
    found = get(unit, cohort_id, question_id)
    if found.answer == said:
        return
    _finish(
        unit,
        question_id,
        answer=said,
        answered_at=func.now(),
        answered_by=unit.actor.account_id,
    )
    audit.record(unit, "cohort.answer", "cohort_question", question_id)
    cohort_news.tell_of_answer(unit, cohort_id)


def correct(unit: Unit, cohort_id: UUID, question_id: UUID, words: str) -> None:
    """Put better words to an answer that stands; nobody is told again."""
    said = _said(words, ANSWER_MOST)
    if get(unit, cohort_id, question_id).answer is None:
        raise ConflictError("there is no answer to correct")
    unit.session.execute(
        update(CohortQuestion)
        .where(CohortQuestion.id == question_id, CohortQuestion.answer.is_not(None))
        .values(answer=said, answered_by=unit.actor.account_id)
    )
    audit.record(unit, "cohort.answer_corrected", "cohort_question", question_id)


def set_aside(unit: Unit, cohort_id: UUID, question_id: UUID, reason: AsideReason) -> None:
    """Do not answer for all; the group learns the reason, never the words."""
    if get(unit, cohort_id, question_id).set_aside is reason:
        return
    _finish(unit, question_id, set_aside_at=func.now(), set_aside_reason=reason.value)
    audit.record(unit, "cohort.set_aside", "cohort_question", question_id)


def _finish(unit: Unit, question_id: UUID, **columns: object) -> None:
    done = unit.session.execute(
        update(CohortQuestion)
        .where(
            CohortQuestion.id == question_id,
            CohortQuestion.answer.is_(None),
            CohortQuestion.set_aside_at.is_(None),
        )
        .values(**columns)
        .returning(CohortQuestion.id)
    )
    if done.scalar_one_or_none() is None:
        raise ConflictError("a colleague was first")


def _said(words: str, most: int) -> str:
    said = words.replace("\r\n", "\n").strip()
    if not 1 <= len(said) <= most:
        raise QuestionWordsError(f"1 to {most} characters")
    return said


def _question(row: CohortQuestion, by: str | None) -> Question:
    reason = row.set_aside_reason
    return Question(
        row.id,
        row.words,
        row.asked_on,
        row.answer,
        row.answered_at,
        by,
        None if reason is None else AsideReason(reason),
    )
