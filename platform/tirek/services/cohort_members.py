"""A parent's side of a group: the invitation, coming in under a chosen name, the plan, leaving."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.cohorts import NAME_MOST, Phase, PlanStep, phase, read_join_code
from tirek.domain.education import Course
from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.throttle import CODE_BY_NETWORK, CODE_BY_SITE
from tirek.services import audit, cohorts, courses, throttle
from tirek.services.codes import SlowDownError
from tirek.services.unit import Unit
from tirek.storage.models import Account, Cohort, CohortMember, School, SupportCenter

House = School | SupportCenter

_BY_CODE = text(
    "SELECT id, course_id, starts_on, ends_on, facilitator_id, school_id, support_center_id"
    " FROM cohort_by_code(:code)"
)


class UnknownJoinCodeError(DomainError):
    """No open group has this code."""


class GroupOverError(DomainError):
    """The group has ended or was closed: nobody comes in any more."""


class ShownNameError(DomainError):
    """A name is empty or too long."""


@dataclass(frozen=True, slots=True)
class Door:
    """What a parent sees of a group before they decide."""

    id: UUID
    course: Course | None
    starts_on: date
    ends_on: date
    facilitator: str
    house: House | None
    steps: tuple[PlanStep, ...]
    phase: Phase


@dataclass(frozen=True, slots=True)
class Invitation:
    """A group of a child's class that this parent may join."""

    join_code: str
    starts_on: date
    ends_on: date
    has_begun: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """A group that this parent takes part in, with how far they are."""

    cohort: Cohort
    course: Course | None
    shown_name: str
    facilitator: str
    house: House | None
    steps: tuple[PlanStep, ...]
    phase: Phase
    today: date
    done: frozenset[str]

    @property
    def done_of_plan(self) -> int:
        """How many lessons of the plan are finished."""
        return sum(step.lesson_id in self.done for step in self.steps)

    @property
    def next_step(self) -> PlanStep | None:
        """The first lesson of the plan that is not finished."""
        return next((step for step in self.steps if step.lesson_id not in self.done), None)


def invitations(unit: Unit) -> Sequence[Invitation]:
    """Groups of the children's classes that can still be joined and have not been."""
    day = cohorts.today(unit)
    joined = select(CohortMember.cohort_id).where(
        CohortMember.account_id == unit.actor.account_id, CohortMember.left_at.is_(None)
    )
    rows = unit.session.execute(
        select(Cohort.join_code, Cohort.starts_on, Cohort.ends_on)
        .where(
            Cohort.closed_at.is_(None),
            Cohort.ends_on >= day,
            Cohort.id.not_in(joined),
            func.guardian_has_class(Cohort.classroom_id),
        )
        .order_by(Cohort.starts_on, Cohort.id)
    )
    return [
        Invitation(code, starts_on, ends_on, starts_on <= day) for code, starts_on, ends_on in rows
    ]


def of_parent(unit: Unit) -> Sequence[Membership]:
    """The groups that the parent takes part in, the latest first."""
    rows = unit.session.execute(
        select(Cohort, CohortMember.shown_name)
        .join(CohortMember, CohortMember.cohort_id == Cohort.id)
        .where(CohortMember.account_id == unit.actor.account_id, CohortMember.left_at.is_(None))
        .order_by(Cohort.starts_on.desc(), Cohort.id)
    ).all()
    return [_membership(unit, cohort, shown_name) for cohort, shown_name in rows]


def get(unit: Unit, cohort_id: UUID) -> Membership:
    """One of them; raises `NotFoundError` for any other group."""
    row = unit.session.execute(
        select(Cohort, CohortMember.shown_name)
        .join(CohortMember, CohortMember.cohort_id == Cohort.id)
        .where(
            CohortMember.account_id == unit.actor.account_id,
            CohortMember.left_at.is_(None),
            Cohort.id == cohort_id,
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFoundError("cohort", cohort_id)
    return _membership(unit, *row)


def _membership(unit: Unit, cohort: Cohort, shown_name: str) -> Membership:
    course, day = unit.catalog.courses.get(cohort.course_id), cohorts.today(unit)
    account_id = unit.actor.account_id
    done = frozenset[str]()
    if account_id is not None:
        done = courses.progress(unit.session, account_id, cohort.course_id)
    return Membership(
        cohort,
        course,
        shown_name,
        _name_of(unit, cohort.facilitator_id),
        _house(unit, cohort.school_id, cohort.support_center_id),
        cohorts.plan_of(course, cohort.starts_on, cohort.ends_on),
        cohorts.phase_of(cohort, day),
        day,
        done,
    )


def find(unit: Unit, typed: str, network: str) -> Door:
    """The group of a join code.

    Raises `UnknownJoinCodeError`, after which the caller must commit because the try is counted,
    or `SlowDownError`.
    """
    buckets = (
        throttle.Bucket("group network", network, CODE_BY_NETWORK),
        throttle.Bucket("group site", "", CODE_BY_SITE),
    )
    wait = throttle.wait_seconds(unit, buckets)
    if wait:
        raise SlowDownError(wait)
    code = read_join_code(typed)
    row = unit.session.execute(_BY_CODE, {"code": code}).one_or_none() if code else None
    if row is None:
        throttle.count_failure(unit, buckets)
        raise UnknownJoinCodeError("no open group has this code")
    course = unit.catalog.courses.get(row.course_id)
    day = cohorts.today(unit)
    return Door(
        row.id,
        course,
        row.starts_on,
        row.ends_on,
        _name_of(unit, row.facilitator_id),
        _house(unit, row.school_id, row.support_center_id),
        cohorts.plan_of(course, row.starts_on, row.ends_on),
        phase(row.starts_on, row.ends_on, is_closed=False, today=day),
    )


def join(unit: Unit, door: Door, shown_name: str) -> None:
    """Take part under a name; again after having left, or under another name, as often as wanted.

    Raises `ShownNameError` and `GroupOverError`.
    """
    name = " ".join(shown_name.split())
    if not 1 <= len(name) <= NAME_MOST:
        raise ShownNameError("a name of 1 to 40 characters")
    if not door.phase.takes_members:
        raise GroupOverError("this group is over")
    unit.session.execute(
        insert(CohortMember)
        .values(cohort_id=door.id, account_id=unit.actor.account_id, shown_name=name)
        .on_conflict_do_update(
            index_elements=["cohort_id", "account_id"],
            set_={"shown_name": name, "left_at": None},
        )
    )
    audit.record(unit, "cohort.join", "cohort", door.id)


def leave(unit: Unit, cohort_id: UUID) -> None:
    """Take part no more; what was read stays the parent's own. Raises `NotFoundError`."""
    own = (CohortMember.cohort_id == cohort_id, CohortMember.account_id == unit.actor.account_id)
    row = unit.session.execute(select(CohortMember.left_at).where(*own)).one_or_none()
    if row is None:
        raise NotFoundError("cohort", cohort_id)
    if row.left_at is None:
        unit.session.execute(update(CohortMember).where(*own).values(left_at=func.now()))
        audit.record(unit, "cohort.leave", "cohort", cohort_id)


def _name_of(unit: Unit, account_id: UUID) -> str:
    return unit.session.scalars(select(Account.display_name).where(Account.id == account_id)).one()


def _house(unit: Unit, school_id: UUID | None, support_center_id: UUID | None) -> House | None:
    if school_id is not None:
        return unit.session.get(School, school_id)
    return unit.session.get(SupportCenter, support_center_id)
