"""From a flag to a person: signal, case, referral, notices and messages in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.flagging import Flag
from tirek.domain.ladder import Alarm, ClockKind, alarms_at_start
from tirek.domain.levels import Level
from tirek.domain.referral import (
    AFTER_CONTACT,
    HANDED_ON,
    REOPEN_DAYS,
    UNOWNED,
    ActorKind,
    Outcome,
    ReferralState,
    SignalKind,
)
from tirek.services import deadlines, legal_grounds, notices, referral_legs
from tirek.services.referral_legs import Begin, Step
from tirek.services.routing import Receiver, receiver_for
from tirek.services.unit import Unit
from tirek.storage.models import Case, FlagRecord, Referral, Signal


@dataclass(frozen=True, slots=True)
class Subject:
    """The administration that raised flags, its pupil, and the rules that raised them."""

    school_year: int
    administration_id: UUID
    student_id: UUID
    school_id: UUID
    interpretation_hash: str


@dataclass(frozen=True, slots=True)
class Concern:
    """A signal that belongs on a case: who it is about, how urgent, and what it rests on."""

    kind: SignalKind
    level: Level
    student_id: UUID
    school_id: UUID
    flag_id: UUID | None = None
    account_id: UUID | None = None
    note_sealed: bytes | None = None
    # Known beforehand where a note is sealed for the signal's own cell.
    signal_id: UUID = field(default_factory=uuid4)


def raise_flags(unit: Unit, subject: Subject, flags: Iterable[Flag]) -> None:
    """Record flags that were not raised before, and open or join what follows from them.

    Repeating it changes nothing: the database knows each flag of an administration once.
    """
    fresh = [(flag, flag_id) for flag in flags if (flag_id := _record(unit, subject, flag))]
    concerns = [
        Concern(
            SignalKind.QUESTIONNAIRE, flag.level, subject.student_id, subject.school_id, flag_id
        )
        for flag, flag_id in fresh
        if flag.level is not Level.REVIEW
    ]
    if concerns:
        open_referral(unit, concerns)


def _record(unit: Unit, subject: Subject, flag: Flag) -> UUID | None:
    statement = insert(FlagRecord).values(
        id=uuid4(),
        school_year=subject.school_year,
        administration_id=subject.administration_id,
        student_id=subject.student_id,
        school_id=subject.school_id,
        code=flag.id,
        level=flag.level.value,
        raised_at_step=flag.at.value,
        interpretation_hash=subject.interpretation_hash,
    )
    return unit.session.scalars(
        statement.on_conflict_do_nothing().returning(FlagRecord.id)
    ).one_or_none()


def open_referral(unit: Unit, concerns: list[Concern]) -> UUID:
    """Put signals about one child on the child's case and see that somebody has it.

    The most urgent signal decides the receiver; an open leg there is joined, its level raised
    and its clocks brought forward where the new signal asks for it. A case that ended not long
    ago is opened again. Returns the referral's id.
    """
    worst = max(concerns, key=lambda concern: concern.level.rank)
    rule = unit.catalog.protocol.rule(worst.level)
    now = unit.now()
    case_id = _case(unit, worst)
    signal_ids = [_signal(unit, case_id, concern) for concern in concerns]
    receiver = receiver_for(unit, worst.school_id, rule, worst.student_id)
    referral_id = _leg(unit, case_id, worst, receiver, now)
    notices.open_notices(
        unit,
        notices.Occasion(
            case_id, signal_ids[concerns.index(worst)], worst.student_id, worst.school_id, now
        ),
        rule,
        receiver,
    )
    return referral_id


def _case(unit: Unit, concern: Concern) -> UUID:
    """The child's case, opened if there is none; two signals at once find the same one."""
    # A case that closes while we wait for its lock is not there any more: then we ask again.
    while (found := _find_case(unit, concern)) is None:
        unit.session.execute(
            insert(Case)
            .values(
                id=uuid4(),
                student_id=concern.student_id,
                school_id=concern.school_id,
                level=concern.level.value,
            )
            .on_conflict_do_nothing()
        )
    case_id, level = found
    if concern.level.rank > Level(level).rank:
        unit.session.execute(
            update(Case).where(Case.id == case_id).values(level=concern.level.value)
        )
    return case_id


def _find_case(unit: Unit, concern: Concern) -> tuple[UUID, str] | None:
    """The open case, else the one that ended not long ago; its lock lets signals and steps follow.

    The first leg that begins or goes on opens the latter again.
    """
    mine = Case.student_id == concern.student_id
    is_recent = Case.closed_at > func.now() - timedelta(days=REOPEN_DAYS)
    for which in (Case.closed_at.is_(None), is_recent):
        row = unit.session.execute(
            select(Case.id, Case.level)
            .where(mine, which)
            .order_by(Case.closed_at.desc())
            .limit(1)
            .with_for_update()
        ).one_or_none()
        if row is not None:
            return row.id, row.level
    return None


def _signal(unit: Unit, case_id: UUID, concern: Concern) -> UUID:
    unit.session.execute(
        insert(Signal).values(
            id=concern.signal_id,
            kind=concern.kind.value,
            level=concern.level.value,
            case_id=case_id,
            student_id=concern.student_id,
            school_id=concern.school_id,
            flag_id=concern.flag_id,
            account_id=concern.account_id,
            note_sealed=concern.note_sealed,
        )
    )
    # It is written down beside the signal, and nothing that follows waits for what it says.
    legal_grounds.record(
        unit,
        legal_grounds.Heard(
            concern.signal_id,
            case_id,
            concern.student_id,
            concern.school_id,
            concern.kind,
            concern.level,
        ),
    )
    return concern.signal_id


def _leg(unit: Unit, case_id: UUID, concern: Concern, receiver: Receiver, now: datetime) -> UUID:
    """The leg that now carries the signal: an open one, one that ended lately, or a new one."""
    line = _line(unit, case_id, receiver, now)
    joined = [leg for leg in line if leg.closed_at is None]
    for leg in joined:
        _join(unit, leg, concern.level, now)
    if joined:
        return joined[0].id
    ended = [leg for leg in line if _may_reopen(leg, now)]
    if ended:
        return _reopen(unit, ended[-1], concern.level, now)
    return _new_leg(unit, case_id, concern, receiver, now)


def _line(unit: Unit, case_id: UUID, receiver: Receiver, now: datetime) -> list[Referral]:
    """The legs of a case at a receiver, and those that it handed on: they must hear of it too.

    A leg that began in this very transaction counts wherever it is: a page that raises two signals
    is one child for one centre, also when that centre closes between the two.
    """
    legs = unit.session.scalars(
        select(Referral)
        .where(Referral.case_id == case_id)
        .order_by(Referral.created_at)
        # An event changes a leg behind the session's back, so what it remembers is read again.
        .execution_options(populate_existing=True)
    )
    line: dict[UUID, Referral] = {}
    for leg in legs:
        # A leg is always younger than the one that it was handed on from.
        is_of_now = leg.created_at == now and leg.receiver == receiver.kind
        is_there = (leg.receiver, leg.support_center_id) == receiver.place
        if is_there or is_of_now or leg.parent_id in line:
            line[leg.id] = leg
    return list(line.values())


def _may_reopen(leg: Referral, now: datetime) -> bool:
    """Whether a leg ended by its own outcome, and not long ago."""
    return (
        leg.state == ReferralState.CLOSED
        and leg.outcome != Outcome.HANDED_OVER
        and leg.closed_at is not None
        and leg.closed_at > now - timedelta(days=REOPEN_DAYS)
    )


def _alarms(unit: Unit, level: Level, now: datetime) -> tuple[Alarm, ...]:
    protocol = unit.catalog.protocol
    return alarms_at_start(protocol.rule(level), now, protocol.calendar)


def _new_leg(
    unit: Unit, case_id: UUID, concern: Concern, receiver: Receiver, now: datetime
) -> UUID:
    protocol = unit.catalog.protocol
    by_hand = concern.kind is not SignalKind.QUESTIONNAIRE
    new = Begin(
        case_id=case_id,
        student_id=concern.student_id,
        school_id=concern.school_id,
        level=concern.level,
        receiver=receiver,
        due=protocol.rule(concern.level).due(now),
        origin="manual" if by_hand else "automatic",
        protocol=(protocol.id, protocol.version),
        sender_account_id=concern.account_id,
    )
    referral_legs.begin(unit, new, _alarms(unit, concern.level, now))
    return new.id


def _reopen(unit: Unit, leg: Referral, level: Level, now: datetime) -> UUID:
    """Begin anew with a leg that had ended: its receiver knows the child; all clocks start."""
    level = max(level, Level(leg.level), key=lambda one: one.rank)
    due = unit.catalog.protocol.rule(level).due(now)
    step = Step(ActorKind.SYSTEM, "signal_added", level=level, due=due)
    referral_legs.add_event(unit, leg, ReferralState.REOPENED, step)
    child = deadlines.Child(leg.student_id, leg.school_id)
    alarms = _alarms(unit, level, now)
    deadlines.start(unit, child, alarms, referral_id=leg.id, cycle=leg.version)
    place = referral_legs.place_of(leg)
    notices.tell_receiver(unit, leg.id, place, "signal_added", str(leg.version), level=level)
    return leg.id


def _join(unit: Unit, leg: Referral, level: Level, now: datetime) -> None:
    """Hang a further signal on an open leg; a child who was talked with is talked with again."""
    state, is_raised = ReferralState(leg.state), level.rank > Level(leg.level).rank
    is_unowned, again = state in UNOWNED, state in AFTER_CONTACT
    stands = max(level, Level(leg.level), key=lambda one: one.rank)
    # Nothing else changes a clock: not even a signal whose transaction began a moment before the
    # one that opened the leg, and so counts from an earlier `now`.
    due = unit.catalog.protocol.rule(stands).due(now) if is_raised or again else None
    step = Step(ActorKind.SYSTEM, "signal_added", level=level, due=due)
    referral_legs.add_event(unit, leg, ReferralState.ACKNOWLEDGED if again else state, step)
    if again or (is_raised and state not in HANDED_ON):
        _start_clocks(unit, leg, now, level if is_unowned else None)
    place = referral_legs.place_of(leg)
    notices.tell_receiver(unit, leg.id, place, "signal_added", str(leg.version), level=level)


def _start_clocks(unit: Unit, leg: Referral, now: datetime, whole: Level | None) -> None:
    """Start what a further signal sets off: all clocks, or where somebody owns it, the talk's.

    A raised level has its own ladder beside the one that runs: neither is put off for the other.
    """
    if whole is None:
        contact = unit.catalog.protocol.rule(Level(leg.level)).due(now).contact
        deadlines.start_clock(unit, leg, ClockKind.CONTACT, contact, leg.version)
        return
    child = deadlines.Child(leg.student_id, leg.school_id)
    alarms = _alarms(unit, whole, now)
    deadlines.start(unit, child, alarms, referral_id=leg.id, cycle=leg.version)
