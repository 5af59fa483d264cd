"""One referral on one page: why here, why now, who saw it, what is late, what to do next."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select

from tirek.domain.age_band import AgeBand
from tirek.domain.errors import NotFoundError
from tirek.domain.levels import Level
from tirek.domain.people import Role
from tirek.domain.protocols import Addressee
from tirek.domain.referral import (
    NEXT_STEPS,
    ActorKind,
    NextStep,
    Outcome,
    ReferralState,
)
from tirek.services import audit, notice_steps, referral_care, referral_legs, referral_steps
from tirek.services.inbox import band_of
from tirek.services.referral_grounds import Grounds, grounds
from tirek.services.sent_referrals import SentReferral, next_of
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    AuditEntry,
    District,
    Notice,
    Referral,
    ReferralEvent,
    Region,
    School,
    Student,
    SupportCenter,
)

S = ReferralState


class ClockKind(StrEnum):
    """The three promises of a referral."""

    SEEN = "seen"
    ACKNOWLEDGED = "acknowledged"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise: until when, and when it was kept."""

    kind: ClockKind
    due_at: datetime
    done_at: datetime | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has opened the referral, and when."""

    name: str
    role: Role
    first_at: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A statutory message: to whom, until when, on what ground, in which words."""

    id: UUID
    kind: str
    addressee: Addressee
    due_at: datetime
    is_late: bool
    ground: str
    is_ground_confirmed: bool
    title: str | None
    body: str | None
    confirmed_at: datetime | None
    confirmed_by: str | None
    may_confirm: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the referral's life, or the redirect that brought it here."""

    at: datetime
    from_state: ReferralState
    to_state: ReferralState
    reason: str
    who: str | None
    outcome: Outcome | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the child goes to school, and who answers for that place."""

    school: School
    district: District
    region: Region


@dataclass(frozen=True, slots=True)
class Actions:
    """What this person may do now."""

    acknowledge: bool
    contact: bool
    redirect: bool
    close: bool
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class ReferralPage:
    """Everything the page shows."""

    id: UUID
    version: int
    level: Level
    state: ReferralState
    origin: str
    route_reason: str
    created_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None
    student_id: UUID
    student_code: str
    age: AgeBand
    place: Place
    center: SupportCenter | None
    owner_name: str | None
    is_mine: bool
    next_step: NextStep | None
    grounds: Grounds
    protocol: str
    protocol_version: str
    next_steps: str
    clocks: tuple[Clock, ...]
    notices: tuple[DueNotice, ...]
    readers: tuple[Reader, ...]
    steps: tuple[Step, ...]
    next_leg: SentReferral | None
    actions: Actions


def open_page(unit: Unit, referral_id: UUID, lang: str) -> ReferralPage:
    """Open a referral as one of its receiver's people, with texts in `lang` (kk or ru).

    Opening leaves an audit row and, the first time, marks the referral as seen. Raises
    `NotFoundError` for anybody else.
    """
    leg = load(unit, referral_id)
    referral_steps.mark_seen(unit, referral_id)
    audit.record(
        unit,
        "referral.open",
        "referral",
        referral_id,
        student_id=leg.student_id,
        school_id=leg.school_id,
    )
    now = unit.now()
    student = unit.session.get_one(Student, leg.student_id)
    rule = unit.catalog.protocol.rule(Level(leg.level))
    return ReferralPage(
        id=leg.id,
        version=leg.version,
        level=Level(leg.level),
        state=ReferralState(leg.state),
        origin=leg.origin,
        route_reason=leg.route_reason,
        created_at=leg.created_at,
        closed_at=leg.closed_at,
        outcome=Outcome(leg.outcome) if leg.outcome else None,
        student_id=student.id,
        student_code=student.school_code,
        age=band_of(student.birth_month, now),
        place=_place(unit, leg.school_id),
        center=_center(unit, leg.support_center_id),
        owner_name=_name(unit, leg.owner_id),
        is_mine=leg.owner_id == unit.actor.account_id,
        next_step=NEXT_STEPS[ReferralState(leg.state)],
        grounds=grounds(unit, leg, lang),
        protocol=leg.protocol_id,
        protocol_version=leg.protocol_version,
        next_steps=rule.next_steps[lang],
        clocks=_clocks(leg, now),
        notices=_notices(unit, leg, lang, now),
        readers=_readers(unit, leg),
        steps=_steps(unit, leg),
        next_leg=next_of(unit, leg),
        actions=_actions(unit, leg),
    )


def load(unit: Unit, referral_id: UUID) -> Referral:
    """The referral, for one of its receiver's people; `NotFoundError` for anybody else."""
    leg = unit.session.get(Referral, referral_id, populate_existing=True)
    if leg is None or not referral_steps.works_at(unit.actor, leg):
        raise NotFoundError("referral", referral_id)
    return leg


def outcomes(unit: Unit, referral_id: UUID) -> tuple[Outcome, ...]:
    """What this person may close the referral with; raises `NotFoundError`."""
    return referral_care.outcomes_of(load(unit, referral_id))


def other_centers(unit: Unit, referral_id: UUID) -> list[SupportCenter]:
    """The open PSCs that a referral could be redirected to, those of its own region first."""
    leg = load(unit, referral_id)
    home = _place(unit, leg.school_id).region.iso
    found = unit.session.scalars(
        select(SupportCenter)
        .where(SupportCenter.is_open, SupportCenter.id.is_distinct_from(leg.support_center_id))
        .order_by((SupportCenter.region_iso == home).desc(), SupportCenter.name_ru)
    )
    return list(found)


def _place(unit: Unit, school_id: UUID) -> Place:
    row = unit.session.execute(
        select(School, District, Region)
        .join(District, District.id == School.district_id)
        .join(Region, Region.iso == District.region_iso)
        .where(School.id == school_id)
    ).one()
    return Place(*row)


def _center(unit: Unit, center_id: UUID | None) -> SupportCenter | None:
    return unit.session.get(SupportCenter, center_id) if center_id else None


def _name(unit: Unit, account_id: UUID | None) -> str | None:
    return unit.session.scalars(
        select(Account.display_name).where(Account.id == account_id)
    ).one_or_none()


def _clocks(leg: Referral, now: datetime) -> tuple[Clock, ...]:
    # Handing over is no talk with the child; it only ends this receiver's clock.
    ended_at = leg.closed_at or now
    finished_at = None if leg.outcome == Outcome.HANDED_OVER else leg.closed_at
    return tuple(
        Clock(kind, due_at, done_at, (done_at or ended_at) > due_at)
        for kind, due_at, done_at in (
            (ClockKind.SEEN, leg.seen_due_at, leg.seen_at),
            (ClockKind.ACKNOWLEDGED, leg.acknowledge_due_at, leg.acknowledged_at),
            (ClockKind.CONTACT, leg.contact_due_at, leg.contacted_at or finished_at),
        )
    )


def _notices(unit: Unit, leg: Referral, lang: str, now: datetime) -> tuple[DueNotice, ...]:
    rows = unit.session.execute(
        select(Notice, Account.display_name)
        .outerjoin(Account, Account.id == Notice.confirmed_by)
        .where(Notice.case_id == leg.case_id)
        .order_by(Notice.confirmed_at.is_not(None), Notice.due_at, Notice.kind)
        .execution_options(populate_existing=True)
    ).all()
    has_center = notice_steps.case_has_center(unit, leg.case_id)
    return tuple(
        _notice(unit, notice, who, lang, now, has_center=has_center) for notice, who in rows
    )


def _notice(
    unit: Unit, notice: Notice, who: str | None, lang: str, now: datetime, *, has_center: bool
) -> DueNotice:
    protocol = unit.catalog.protocol
    texts = {rule.kind: rule for rule in protocol.rule(Level(notice.level)).notices}
    text = texts.get(notice.kind)
    ground = protocol.legal_grounds.get(notice.legal_ground)
    may = notice_steps.may_confirm(unit.actor, notice, has_center=has_center)
    return DueNotice(
        notice.id,
        notice.kind,
        Addressee(notice.addressee),
        notice.due_at,
        (notice.confirmed_at or now) > notice.due_at,
        ground.title[lang] if ground else notice.legal_ground,
        ground is not None and ground.confirmed,
        text.title[lang] if text else None,
        text.body[lang] if text else None,
        notice.confirmed_at,
        who,
        may and notice.confirmed_at is None,
    )


def _readers(unit: Unit, leg: Referral) -> tuple[Reader, ...]:
    rows = unit.session.execute(
        select(
            Account.display_name,
            Account.role,
            func.min(AuditEntry.created_at),
            func.max(AuditEntry.created_at),
            func.count(),
        )
        .join(Account, Account.id == AuditEntry.account_id)
        .where(
            AuditEntry.student_id == leg.student_id,
            AuditEntry.action == "referral.open",
            AuditEntry.entity_id == str(leg.id),
        )
        .group_by(Account.id)
        .order_by(func.min(AuditEntry.created_at))
    )
    return tuple(
        Reader(name, Role(role), first, last, times) for name, role, first, last, times in rows
    )


def _steps(unit: Unit, leg: Referral) -> tuple[Step, ...]:
    """The leg's own events, after the redirect that led to it; other legs' notes stay closed."""
    rows = unit.session.execute(
        select(ReferralEvent, Account.display_name)
        .outerjoin(Account, Account.id == ReferralEvent.account_id)
        .where(
            (ReferralEvent.referral_id == leg.id)
            | (
                (ReferralEvent.referral_id == leg.parent_id)
                & (ReferralEvent.to_state == S.REDIRECTED.value)
                & (ReferralEvent.from_state != S.REDIRECTED.value)
            )
        )
        .order_by(ReferralEvent.id)
    ).all()
    return tuple(
        Step(
            event.created_at,
            ReferralState(event.from_state),
            ReferralState(event.to_state),
            event.reason_code,
            who,
            Outcome(event.outcome) if event.outcome else None,
            _note(unit, event),
        )
        for event, who in rows
    )


def _note(unit: Unit, event: ReferralEvent) -> str | None:
    if event.note_sealed is None:
        return None
    place = (*referral_legs.NOTE_PLACE, str(event.referral_id), str(event.seq))
    return data_key(unit, event.student_id).open(event.note_sealed, *place)


def _actions(unit: Unit, leg: Referral) -> Actions:
    def listed(to_state: ReferralState) -> bool:
        kind = ActorKind.RECEIVER if to_state is S.ACKNOWLEDGED else ActorKind.OWNER
        return referral_steps.may_step(leg, to_state, kind)

    owns = leg.owner_id is not None and referral_steps.may_work_on(unit, leg)
    return Actions(
        acknowledge=listed(S.ACKNOWLEDGED),
        contact=owns and listed(S.CONTACTED),
        redirect=owns and listed(S.REDIRECTED),
        close=owns and listed(S.CLOSED),
        outcomes=referral_care.outcomes_of(leg),
    )
