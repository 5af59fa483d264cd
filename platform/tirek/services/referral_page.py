"""One referral on one page: why here, why now, who saw it, what is late, what to do next."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from tirek.domain.age_band import AgeBand
from tirek.domain.errors import NotFoundError
from tirek.domain.levels import Level
from tirek.domain.referral import (
    HANDED_ON,
    NEXT_STEPS,
    ConflictKind,
    NextStep,
    Outcome,
    ReferralState,
)
from tirek.services import (
    audit,
    case_notices,
    conflicts,
    due,
    legal_grounds,
    named,
    referral_care,
    referral_choices,
    referral_clocks,
    referral_endings,
    referral_messages,
    referral_record,
    referral_steps,
    referral_story,
    school_reach,
    second_opinions,
)
from tirek.services.case_notices import DueNotice
from tirek.services.inbox import band_of
from tirek.services.legal_grounds import Recorded
from tirek.services.named import Naming
from tirek.services.referral_choices import Choice, StepName
from tirek.services.referral_clocks import BreachRecord, Clock
from tirek.services.referral_grounds import Grounds, grounds
from tirek.services.referral_messages import Message
from tirek.services.referral_record import Record
from tirek.services.referral_story import Reader, Step
from tirek.services.school_reach import Reach
from tirek.services.second_opinions import Proposal
from tirek.services.sent_referrals import SentReferral, next_of
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    District,
    Referral,
    Region,
    School,
    Student,
    SupportCenter,
)

S = ReferralState


@dataclass(frozen=True, slots=True)
class Place:
    """Where the child goes to school, and who answers for that place."""

    school: School
    district: District
    region: Region


@dataclass(frozen=True, slots=True)
class Work:
    """What a step's page needs: whose it is, how it stands, and what this person may do."""

    id: UUID
    version: int
    level: Level
    triage_level: Level | None
    state: ReferralState
    outcome: Outcome | None
    student_id: UUID
    student_code: str
    is_at_school: bool
    owner_name: str | None
    is_mine: bool
    # The earliest promise that nobody has kept yet.
    due_at: datetime | None
    closed_at: datetime | None
    choices: tuple[Choice, ...]
    proposals: tuple[Proposal, ...]
    record: Record
    attempts_in_vain: int
    # The words with which somebody brought it to where it stands, and who that was.
    because: Step | None
    # What this person may propose to end it with.
    outcomes: tuple[Outcome, ...]

    def choice(self, step: StepName) -> Choice | None:
        """The step, when it is this person's to take or to be told about."""
        return next((one for one in self.choices if one.step is step), None)

    def may(self, step: StepName) -> bool:
        """Whether this person may take the step now."""
        found = self.choice(step)
        return found is not None and found.lacks is None

    @property
    def next_step(self) -> NextStep | None:
        """What is to be done now."""
        return NEXT_STEPS[self.state]

    @property
    def waiting(self) -> tuple[Proposal, ...]:
        """What has been proposed and not been decided."""
        return tuple(one for one in self.proposals if one.is_approved is None)


@dataclass(frozen=True, slots=True)
class ReferralPage:
    """Everything the page shows."""

    work: Work
    origin: str
    route_reason: str
    created_at: datetime
    age: AgeBand
    place: Place
    reach: Reach
    center: SupportCenter | None
    grounds: Grounds
    legal: tuple[Recorded, ...]
    protocol: str
    protocol_version: str
    next_steps: str
    clocks: tuple[Clock, ...]
    breaches: tuple[BreachRecord, ...]
    notices: tuple[DueNotice, ...]
    messages: tuple[Message, ...]
    readers: tuple[Reader, ...]
    steps: tuple[Step, ...]
    next_leg: SentReferral | None
    # Who is named as possibly harming the child, as far as this person may know.
    named: tuple[Naming, ...]
    # The guardian must hear nothing of it; this every place that works with the child may know.
    guardian_is_named: bool

    @property
    def school_is_named(self) -> bool:
        """Whether the child's school must hear nothing of it."""
        school = self.place.school.id
        return any(
            one.kind is ConflictKind.SCHOOL_STAFF and one.school_id == school for one in self.named
        )

    @property
    def state(self) -> ReferralState:
        """How it stands."""
        return self.work.state


def open_page(unit: Unit, referral_id: UUID, lang: str) -> ReferralPage:
    """Open a referral as one of its receiver's people, with texts in `lang` (kk or ru).

    Opening leaves an audit row and, the first time, marks the referral as seen. Raises
    `NotFoundError` for anybody else.
    """
    leg = load(unit, referral_id)
    referral_steps.mark_seen(unit, referral_id)
    _record(unit, "referral.open", leg)
    student = unit.session.get_one(Student, leg.student_id)
    notices = case_notices.of(unit, leg, lang)
    notice_ids = [one.id for one in notices]
    return ReferralPage(
        work=_work(unit, leg),
        origin=leg.origin,
        route_reason=leg.route_reason,
        created_at=leg.created_at,
        age=band_of(student.birth_month, unit.now()),
        place=place(unit, leg.school_id),
        reach=school_reach.of(unit, leg),
        center=_center(unit, leg.support_center_id),
        grounds=grounds(unit, leg, lang),
        legal=_legal(unit, leg.case_id),
        protocol=leg.protocol_id,
        protocol_version=leg.protocol_version,
        next_steps=unit.catalog.protocol.rule(Level(leg.level)).next_steps[lang],
        clocks=referral_clocks.of(unit, leg.id, notice_ids),
        breaches=referral_clocks.breaches(unit, leg.id, notice_ids),
        notices=notices,
        messages=referral_messages.of(unit, leg.id, notice_ids),
        readers=referral_story.readers(unit, leg),
        steps=referral_story.steps(unit, leg),
        next_leg=next_of(unit, leg),
        named=named.of(unit, leg.student_id),
        guardian_is_named=conflicts.of(unit, leg.student_id).has_guardian,
    )


def open_step(unit: Unit, referral_id: UUID) -> Work:
    """Open what a step's page needs; a second reader from the school may open it too."""
    leg = unit.session.get(Referral, referral_id, populate_existing=True)
    if leg is None or not referral_endings.is_reader(unit, leg):
        raise NotFoundError("referral", referral_id)
    _record(unit, "referral.work", leg)
    return _work(unit, leg)


def load(unit: Unit, referral_id: UUID) -> Referral:
    """The referral, for one of its receiver's people; `NotFoundError` for anybody else."""
    leg = unit.session.get(Referral, referral_id, populate_existing=True)
    if leg is None or not referral_steps.works_at(unit.actor, leg):
        raise NotFoundError("referral", referral_id)
    return leg


def other_centers(unit: Unit, referral_id: UUID) -> list[SupportCenter]:
    """The open PSCs that a referral could be redirected to, those of its own region first."""
    leg = load(unit, referral_id)
    home = place(unit, leg.school_id).region.iso
    found = unit.session.scalars(
        select(SupportCenter)
        .where(SupportCenter.is_open, SupportCenter.id.is_distinct_from(leg.support_center_id))
        .order_by((SupportCenter.region_iso == home).desc(), SupportCenter.name_ru)
    )
    return list(found)


def open_leg_at(unit: Unit, referral_id: UUID, center_id: UUID) -> UUID | None:
    """Another open referral about the same child at a PSC, as far as this person may know of it."""
    leg = load(unit, referral_id)
    return unit.session.scalars(
        select(Referral.id).where(
            Referral.case_id == leg.case_id,
            Referral.id != leg.id,
            Referral.support_center_id == center_id,
            Referral.closed_at.is_(None),
            Referral.state.not_in(sorted(HANDED_ON)),
        )
    ).one_or_none()


def place(unit: Unit, school_id: UUID) -> Place:
    """A school with its district and region."""
    row = unit.session.execute(
        select(School, District, Region)
        .join(District, District.id == School.district_id)
        .join(Region, Region.iso == District.region_iso)
        .where(School.id == school_id)
    ).one()
    return Place(*row)


def _work(unit: Unit, leg: Referral) -> Work:
    proposals = second_opinions.proposals(unit, leg)
    student = unit.session.get_one(Student, leg.student_id)
    next_due = select(due.NEXT_DUE).where(Referral.id == leg.id)
    return Work(
        id=leg.id,
        version=leg.version,
        level=Level(leg.level),
        triage_level=Level(leg.triage_level) if leg.triage_level else None,
        state=S(leg.state),
        outcome=Outcome(leg.outcome) if leg.outcome else None,
        student_id=student.id,
        student_code=student.school_code,
        is_at_school=leg.support_center_id is None,
        owner_name=_name(unit, leg.owner_id),
        is_mine=leg.owner_id == unit.actor.account_id,
        due_at=unit.session.scalars(next_due).one(),
        closed_at=leg.closed_at,
        choices=referral_choices.choices(unit, leg, proposals),
        proposals=proposals,
        record=referral_record.of(unit, leg),
        attempts_in_vain=referral_care.attempts_in_vain(unit, leg),
        because=referral_story.last_step(unit, leg),
        outcomes=referral_endings.outcomes_of(leg),
    )


def _legal(unit: Unit, case_id: UUID) -> tuple[Recorded, ...]:
    """Each ground once, the latest first: nine answers of one page rest on the same one."""
    latest = {
        (one.ground, one.why, one.rule_version): one for one in legal_grounds.of_case(unit, case_id)
    }
    return tuple(sorted(latest.values(), key=lambda one: one.decided_at, reverse=True))


def _record(unit: Unit, action: str, leg: Referral) -> None:
    audit.record(
        unit, action, "referral", leg.id, student_id=leg.student_id, school_id=leg.school_id
    )


def _center(unit: Unit, center_id: UUID | None) -> SupportCenter | None:
    return unit.session.get(SupportCenter, center_id) if center_id else None


def _name(unit: Unit, account_id: UUID | None) -> str | None:
    return unit.session.scalars(
        select(Account.display_name).where(Account.id == account_id)
    ).one_or_none()
