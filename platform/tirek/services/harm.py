"""Somebody is named as possibly harming a child: they, and where they work, are out of it at once.

Naming is no judgement: it decides only who must not receive. Nothing of it is ever shown at the
place that was named.
"""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select

from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.levels import Level
from tirek.domain.people import PSC_ROLES, SCHOOL_ROLES
from tirek.domain.referral import HANDED_ON, ConflictKind, ReceiverKind, ReferralState
from tirek.domain.scope import Scope
from tirek.services import audit, conflicts, handovers, notices, referral_legs
from tirek.services.referral_steps import NoteMissingError
from tirek.services.routing import Receiver, next_center
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import Account, Case, Conflict, Referral, Student
from tirek.storage.session import within_scope

PLACE = ("conflicts", "note_sealed")
REASON = "conflict_of_interest"


@dataclass(frozen=True, slots=True)
class Named:
    """Who is named: the kind, the person where they have a login, and what was said."""

    kind: ConflictKind
    note: str
    account_id: UUID | None = None
    # For somebody of a PSC: which one; absent, the PSC of the person.
    support_center_id: UUID | None = None
    # The page's own mark: the same one sent twice is named once.
    mark: UUID = field(default_factory=uuid4)


def name_conflict(unit: Unit, student_id: UUID, named: Named) -> UUID:
    """Write down who is named, and take every open referral away from where they work.

    Whoever may see the child may name somebody; the new receiver keeps level and clocks. Raises
    `NotFoundError`, `NoteMissingError` or `ConflictError` when the person works elsewhere.
    """
    if not named.note.strip():
        raise NoteMissingError("a few words are needed")
    # Two presses at once follow one another, so that the second finds the words of the first.
    unit.session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(str(named.mark), 0)))
    )
    if is_named(unit, named.mark):
        return named.mark
    student = unit.session.scalars(select(Student).where(Student.id == student_id)).one_or_none()
    if student is None or unit.actor.role not in SCHOOL_ROLES | PSC_ROLES:
        raise NotFoundError("student", student_id)
    conflict_id = _write(unit, student, named)
    audit.record(
        unit,
        "conflict.name",
        "conflict",
        conflict_id,
        student_id=student.id,
        school_id=student.school_id,
    )
    # From here on the place that was named may not see these rows, so the system moves them.
    with within_scope(unit.session, Scope.system()):
        _reroute(unit, student)
    return conflict_id


def is_named(unit: Unit, mark: UUID) -> bool:
    """Whether this person has sent the page of this mark before; they may not see it any more."""
    sent = select(Conflict.id).where(
        Conflict.id == mark, Conflict.named_by == unit.actor.account_id
    )
    with within_scope(unit.session, Scope.system()):
        return unit.session.scalars(sent).one_or_none() is not None


def _write(unit: Unit, student: Student, named: Named) -> UUID:
    conflict_id = named.mark
    account = _account(unit, named.account_id)
    center = named.support_center_id or (account.support_center_id if account else None)
    if named.kind is ConflictKind.PSC_STAFF and center is None:
        raise ConflictError("which PSC is not known")
    if account is not None and not _fits(account, student, named.kind):
        raise ConflictError("this person works elsewhere")
    unit.session.execute(
        insert(Conflict).values(
            id=conflict_id,
            student_id=student.id,
            school_id=student.school_id,
            kind=named.kind.value,
            at_school_id=(student.school_id if named.kind is ConflictKind.SCHOOL_STAFF else None),
            support_center_id=center if named.kind is ConflictKind.PSC_STAFF else None,
            account_id=named.account_id,
            named_by=unit.actor.account_id,
            note_sealed=data_key(unit, student.id).seal(
                named.note.strip(), *PLACE, str(conflict_id)
            ),
        )
    )
    return conflict_id


def _account(unit: Unit, account_id: UUID | None) -> Account | None:
    return None if account_id is None else unit.session.get(Account, account_id)


def _fits(account: Account, student: Student, kind: ConflictKind) -> bool:
    if kind is ConflictKind.SCHOOL_STAFF:
        return account.school_id == student.school_id
    if kind is ConflictKind.PSC_STAFF:
        return account.support_center_id is not None
    return account.school_id is None and account.support_center_id is None


def _reroute(unit: Unit, student: Student) -> None:
    """Hand every open leg that lies at a named place on to one that is not."""
    case_id = unit.session.scalars(
        select(Case.id)
        .where(Case.student_id == student.id, Case.closed_at.is_(None))
        .with_for_update()
    ).one_or_none()
    out = conflicts.of(unit, student.id)
    legs = unit.session.scalars(
        select(Referral)
        .where(Referral.case_id == case_id, Referral.closed_at.is_(None))
        .order_by(Referral.created_at)
        .execution_options(populate_existing=True)
    ).all()
    for leg in legs:
        if ReferralState(leg.state) not in HANDED_ON and _lies_at(leg, out):
            _take_away(unit, leg)


def _lies_at(leg: Referral, out: conflicts.Conflicts) -> bool:
    if leg.receiver == ReceiverKind.SCHOOL:
        return leg.school_id in out.schools
    return leg.support_center_id in out.centers


def _take_away(unit: Unit, leg: Referral) -> None:
    receiver = next_center(unit, leg.school_id, Level(leg.level), leg.student_id, ())
    place = referral_legs.place_of(leg)
    if receiver is None:
        # Nobody else can take it: those above are called, and it stays in sight of nobody below.
        notices.tell_those_above(unit, leg.id, place)
        return
    moved = Receiver(receiver.kind, receiver.support_center_id, REASON, receiver.is_unmanned)
    handovers.move_along(unit, leg, moved)
