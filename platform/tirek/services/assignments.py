"""One instrument for one classroom within one window: planned first, then assigned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.capacity import Load
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consent import ConsentKind, ConsentState, may_administer
from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.instruments import Instrument, Subject
from tirek.services import (
    adaptive,
    assignment_load,
    assignment_rows,
    audit,
    classrooms,
    consents,
    gates,
    licences,
    pilots,
)
from tirek.services.assignment_rows import AssignmentState
from tirek.services.gates import NO_CONDITIONS, Conditions
from tirek.services.unit import Unit
from tirek.storage.models import (
    Assignment,
    Campaign,
    Classroom,
    Student,
)

OPENS = time(8, 0)
WINDOW = timedelta(days=7)


class NotAssignableError(DomainError):
    """The instrument's release is not approved or on trial, or its licence forbids showing it."""


class NotShortError(DomainError):
    """Fewer questions were wished for, of an instrument whose items nobody has calibrated here."""


class NoCampaignError(DomainError):
    """No planned round holds the whole window."""


class WindowError(DomainError):
    """The window ends before it begins, or is over already."""


class NobodyFitsError(DomainError):
    """No pupil of the class is of an age for which the instrument may be used."""


class AlreadyAssignedError(ConflictError):
    """The class is asked the same thing in this round already."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a psychologist wants to assign, and when (aware times)."""

    classroom_id: UUID
    instrument_id: str
    opens_at: datetime
    closes_at: datetime
    conditions: Conditions = NO_CONDITIONS
    # Fewer questions, each chosen from the answers before it.
    is_short: bool = False

    @property
    def window(self) -> tuple[datetime, datetime]:
        """From when to when."""
        return self.opens_at, self.closes_at


@dataclass(frozen=True, slots=True)
class Audience:
    """The pupils of a class by whether an instrument may be given to them at a moment."""

    ready: tuple[Student, ...]
    without_consent: tuple[Student, ...]
    refused: tuple[Student, ...]
    outside_age: tuple[Student, ...]

    @property
    def of_age(self) -> int:
        """How many pupils the age gate lets through."""
        return len(self.ready) + len(self.without_consent) + len(self.refused)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be assigned, to whom, and what it will probably bring."""

    wish: Wish
    classroom: Classroom
    instrument: Instrument
    release_id: UUID
    campaign: Campaign
    audience: Audience
    load: Load
    # What of the wish's conditions the instrument calls for.
    conditions: Conditions

    @property
    def respondent(self) -> str:
        """Who fills it in: pupils get codes, guardians use their accounts."""
        return respondent_of(self.instrument)


def respondent_of(instrument: Instrument) -> str:
    """Who answers an instrument, in the word that the database keeps."""
    return "student" if instrument.structure.subject is Subject.CHILD else "guardian"


def usual_window(now: datetime) -> tuple[datetime, datetime]:
    """Tomorrow 08:00 in Kazakhstan's time, and seven days later."""
    tomorrow = now.astimezone(KAZAKHSTAN).date() + timedelta(days=1)
    opens = datetime.combine(tomorrow, OPENS, KAZAKHSTAN)
    return opens, opens + WINDOW


def assignable(unit: Unit) -> list[tuple[Instrument, UUID]]:
    """The instruments that may be assigned, each with its stored release.

    Only what is approved or on trial in the school's region, and what its licence lets us show
    today, by its own file or by an administrator's record. What parents answer about themselves is
    asked of nobody: they take it up of their own will.
    """
    school_id = unit.actor.school_id
    stored = pilots.usable(unit, [school_id] if school_id else [])
    asked = [
        instrument
        for instrument in unit.catalog.instruments.values()
        if instrument.hashes.release in stored
        and instrument.structure.subject is not Subject.PARENT_ABOUT_SELF
    ]
    allowed = licences.shown(unit, asked, licences.today(unit))
    return [(instrument, stored[instrument.hashes.release]) for instrument in allowed]


def rounds(unit: Unit) -> Sequence[Campaign]:
    """The planned rounds that are not over yet, the next one first."""
    return unit.session.scalars(
        select(Campaign).where(Campaign.ends_at > func.now()).order_by(Campaign.starts_at)
    ).all()


def plan(unit: Unit, wish: Wish) -> Plan:
    """Work out what an assignment would mean, and change nothing.

    Raises `NotFoundError` (not a class of this school), `NotAssignableError`, `WindowError`,
    `NotShortError`, `NoCampaignError`, `NobodyFitsError` or `AlreadyAssignedError`, and what
    `gates.require` does.
    """
    room = classrooms.get(unit, wish.classroom_id)
    instrument, release_id = _assignable(unit, wish.instrument_id)
    if wish.closes_at <= wish.opens_at or wish.closes_at <= unit.now():
        raise WindowError("the window is empty or over")
    if wish.is_short and not adaptive.may_be_short(instrument):
        raise NotShortError("its items are not calibrated here")
    conditions = gates.require(unit, instrument, wish.window, wish.conditions)
    campaign = _campaign(unit, wish.opens_at, wish.closes_at)
    if _live(unit, campaign.id, room.id, instrument.id) is not None:
        raise AlreadyAssignedError("assigned in this round already")
    people = audience(unit, room.id, instrument, wish.opens_at)
    if not people.of_age:
        raise NobodyFitsError("no pupil of this age")
    audit.record(unit, "assignment.plan", "classroom", room.id)
    load = assignment_load.expected(unit, room.id, people.of_age, wish.window)
    return Plan(wish, room, instrument, release_id, campaign, people, load, conditions)


def assign(unit: Unit, wish: Wish) -> UUID:
    """Assign; raises what `plan` raises. The same wish sent twice gives the same assignment."""
    try:
        planned = plan(unit, wish)
    except AlreadyAssignedError:
        return _same(unit, wish)
    assignment_id = uuid4()
    added = unit.session.execute(
        insert(Assignment)
        .values(
            id=assignment_id,
            campaign_id=planned.campaign.id,
            school_year=planned.campaign.school_year,
            school_id=planned.classroom.school_id,
            classroom_id=planned.classroom.id,
            instrument_id=planned.instrument.id,
            release_id=planned.release_id,
            respondent=planned.respondent,
            opens_at=wish.opens_at,
            closes_at=wish.closes_at,
            created_by=unit.actor.account_id,
            staffed_by=planned.conditions.staffed_by,
            event_id=planned.conditions.event_id,
            is_short=wish.is_short,
        )
        .on_conflict_do_nothing(
            index_elements=["campaign_id", "classroom_id", "instrument_id"],
            index_where=text("cancelled_at IS NULL"),
        )
        .returning(Assignment.id)
    ).one_or_none()
    if added is None:
        return _same(unit, wish)
    audit.record(unit, "assignment.create", "assignment", assignment_id)
    return assignment_id


def get(unit: Unit, assignment_id: UUID) -> Assignment:
    """An assignment of the own school; raises `NotFoundError`."""
    found = unit.session.scalars(
        select(Assignment).where(
            Assignment.id == assignment_id, Assignment.school_id == unit.actor.school_id
        )
    ).one_or_none()
    if found is None:
        raise NotFoundError("assignment", assignment_id)
    return found


def audience(unit: Unit, classroom_id: UUID, instrument: Instrument, moment: datetime) -> Audience:
    """Sort the pupils of a class: ages are a hard gate, and silence is not a consent."""
    everybody = classrooms.pupils(unit, classroom_id)
    said = consents.latest(unit, [pupil.id for pupil in everybody], ConsentKind.GUARDIAN)
    of_age = [one for one in everybody if instrument.fits_age(classrooms.age_at(one, moment))]
    against = {ConsentState.REFUSED, ConsentState.WITHDRAWN}
    return Audience(
        ready=tuple(one for one in of_age if may_administer(said.get(one.id))),
        without_consent=tuple(one for one in of_age if one.id not in said),
        refused=tuple(one for one in of_age if said.get(one.id) in against),
        outside_age=tuple(one for one in everybody if one not in of_age),
    )


def cancel(unit: Unit, assignment_id: UUID) -> None:
    """Stop asking: codes open nothing any more, what was answered stays. Twice is harmless."""
    assignment = get(unit, assignment_id)
    done = unit.session.execute(
        update(Assignment)
        .where(Assignment.id == assignment.id, Assignment.cancelled_at.is_(None))
        .values(cancelled_at=func.now())
        .returning(Assignment.id)
    ).one_or_none()
    if done is not None:
        audit.record(unit, "assignment.cancel", "assignment", assignment.id)


def extend(unit: Unit, assignment_id: UUID, closes_at: datetime) -> None:
    """Let the window end later, within its round.

    Raises `ConflictError` when it was cancelled or withdrawn, `WindowError` when that is no later
    than now or than before, `NoCampaignError` when the round ends earlier, `NotStaffableError` when
    nobody could be there so long.
    """
    assignment = get(unit, assignment_id)
    if assignment.cancelled_at is not None:
        raise ConflictError("the assignment was cancelled")
    if assignment_rows.row_of(unit, assignment).state is AssignmentState.WITHDRAWN:
        raise ConflictError("nobody may begin it any more")
    if closes_at == assignment.closes_at:
        return
    if closes_at < assignment.closes_at or closes_at <= unit.now():
        raise WindowError("a window can only be made longer")
    ends_at = unit.session.scalars(
        select(Campaign.ends_at).where(Campaign.id == assignment.campaign_id)
    ).one()
    if closes_at > ends_at:
        raise NoCampaignError("the round ends earlier")
    gates.require_longer(unit, assignment, closes_at)
    assignment.closes_at = closes_at
    audit.record(unit, "assignment.extend", "assignment", assignment.id)


def _assignable(unit: Unit, instrument_id: str) -> tuple[Instrument, UUID]:
    for instrument, release_id in assignable(unit):
        if instrument.id == instrument_id:
            return instrument, release_id
    raise NotAssignableError(f"{instrument_id} may not be assigned")


def _campaign(unit: Unit, opens_at: datetime, closes_at: datetime) -> Campaign:
    found = unit.session.scalars(
        select(Campaign)
        .where(Campaign.starts_at <= opens_at, Campaign.ends_at >= closes_at)
        .order_by(Campaign.starts_at)
        .limit(1)
    ).one_or_none()
    if found is None:
        raise NoCampaignError("no round holds this window")
    return found


def _live(
    unit: Unit, campaign_id: UUID, classroom_id: UUID, instrument_id: str
) -> Assignment | None:
    return unit.session.scalars(
        select(Assignment).where(
            Assignment.campaign_id == campaign_id,
            Assignment.classroom_id == classroom_id,
            Assignment.instrument_id == instrument_id,
            Assignment.cancelled_at.is_(None),
        )
    ).one_or_none()


def _same(unit: Unit, wish: Wish) -> UUID:
    """The assignment that this very wish made a moment ago, or a refusal."""
    campaign = _campaign(unit, wish.opens_at, wish.closes_at)
    live = _live(unit, campaign.id, wish.classroom_id, wish.instrument_id)
    if (
        live is None
        or live.created_by != unit.actor.account_id
        or (live.opens_at, live.closes_at) != wish.window
        or not _is_conditioned(live, wish.conditions)
        or live.is_short is not wish.is_short
    ):
        raise AlreadyAssignedError("assigned in this round already")
    return live.id


def _is_conditioned(live: Assignment, said: Conditions) -> bool:
    """Whether an assignment has no other conditions than these."""
    return live.staffed_by in {said.staffed_by, None} and live.event_id in {said.event_id, None}
