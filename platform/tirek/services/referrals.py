"""From a flag to a person: signal, case, referral, notices and messages in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.flagging import Flag
from tirek.domain.levels import Level
from tirek.domain.protocols import Due, LevelRule
from tirek.domain.referral import ActorKind, ReceiverKind, ReferralState, SignalKind
from tirek.services import notices
from tirek.services.routing import Receiver, receiver_for
from tirek.services.unit import Unit
from tirek.storage.models import Case, FlagRecord, Referral, ReferralEvent, Signal


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
    """Put signals about one child on the child's open case and see that somebody has it.

    The most urgent signal decides the receiver; an open leg there is joined, its level raised
    and its clocks brought forward where the new signal asks for it. Returns the referral's id.
    """
    worst = max(concerns, key=lambda concern: concern.level.rank)
    rule = unit.catalog.protocol.rule(worst.level)
    now = unit.now()
    case_id = _case(unit, worst)
    signal_ids = [_signal(unit, case_id, concern) for concern in concerns]
    receiver = receiver_for(unit, worst.school_id, rule)
    referral_id = _leg(unit, case_id, worst, receiver, rule, rule.due(now))
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
    """The child's open case, opened if there is none; two signals at once find the same one."""
    # A case that closes while we wait for its lock is not there any more: then a new one opens.
    while (found := _open_case(unit, concern)) is None:
        pass
    case_id, level = found
    if concern.level.rank > Level(level).rank:
        unit.session.execute(
            update(Case).where(Case.id == case_id).values(level=concern.level.value)
        )
    return case_id


def _open_case(unit: Unit, concern: Concern) -> tuple[UUID, str] | None:
    statement = insert(Case).values(
        id=uuid4(),
        student_id=concern.student_id,
        school_id=concern.school_id,
        level=concern.level.value,
    )
    unit.session.execute(statement.on_conflict_do_nothing())
    # The lock makes signals of one child, and the steps of its receivers, follow one another.
    row = unit.session.execute(
        select(Case.id, Case.level)
        .where(Case.student_id == concern.student_id, Case.closed_at.is_(None))
        .with_for_update()
    ).one_or_none()
    return None if row is None else (row.id, row.level)


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
    return concern.signal_id


def _leg(
    unit: Unit, case_id: UUID, concern: Concern, receiver: Receiver, rule: LevelRule, due: Due
) -> UUID:
    joined = [leg for leg in _line(unit, case_id, receiver) if leg.closed_at is None]
    for leg in joined:
        _join(unit, leg, rule.level, due)
    return joined[0].id if joined else _new_leg(unit, case_id, concern, receiver, rule, due)


def _line(unit: Unit, case_id: UUID, receiver: Receiver) -> list[Referral]:
    """The legs of a case at a receiver, and those that it redirected: they must hear of it too."""
    legs = unit.session.scalars(
        select(Referral)
        .where(Referral.case_id == case_id)
        .order_by(Referral.created_at)
        # An event changes a leg behind the session's back, so what it remembers is read again.
        .execution_options(populate_existing=True)
    )
    line: dict[UUID, Referral] = {}
    for leg in legs:
        is_there = (leg.receiver, leg.support_center_id) == (
            receiver.kind,
            receiver.support_center_id,
        )
        # A leg is always younger than the one it was redirected from.
        if is_there or leg.parent_id in line:
            line[leg.id] = leg
    return list(line.values())


def _new_leg(
    unit: Unit, case_id: UUID, concern: Concern, receiver: Receiver, rule: LevelRule, due: Due
) -> UUID:
    by_hand = concern.kind is not SignalKind.QUESTIONNAIRE
    referral_id = uuid4()
    unit.session.execute(
        insert(Referral).values(
            id=referral_id,
            case_id=case_id,
            student_id=concern.student_id,
            school_id=concern.school_id,
            level=rule.level.value,
            receiver=receiver.kind.value,
            support_center_id=receiver.support_center_id,
            state=ReferralState.CREATED.value,
            version=0,
            origin="manual" if by_hand else "automatic",
            route_reason=receiver.reason,
            protocol_id=unit.catalog.protocol.id,
            protocol_version=unit.catalog.protocol.version,
            sender_account_id=concern.account_id,
            seen_due_at=due.seen,
            acknowledge_due_at=due.acknowledged,
            contact_due_at=due.contact,
        )
    )
    _system_event(
        unit, referral_id, concern, ReferralState.CREATED, ReferralState.ROUTED, receiver.reason
    )
    notices.tell_receiver(unit, referral_id, receiver, concern.school_id, "referral_waits")
    return referral_id


def _system_event(
    unit: Unit,
    referral_id: UUID,
    concern: Concern,
    from_state: ReferralState,
    to_state: ReferralState,
    reason: str,
) -> None:
    unit.session.execute(
        insert(ReferralEvent).values(
            referral_id=referral_id,
            student_id=concern.student_id,
            school_id=concern.school_id,
            seq=1,
            from_state=from_state.value,
            to_state=to_state.value,
            actor_kind=ActorKind.SYSTEM.value,
            reason_code=reason,
            rule_version=unit.catalog.protocol.version,
        )
    )


def _join(unit: Unit, leg: Referral, level: Level, due: Due) -> None:
    # Who has been talked with must be talked with again: the clock that was met begins anew.
    again = leg.state == ReferralState.CONTACTED
    unit.session.execute(
        insert(ReferralEvent).values(
            referral_id=leg.id,
            student_id=leg.student_id,
            school_id=leg.school_id,
            seq=leg.version + 1,
            from_state=leg.state,
            to_state=ReferralState.ACKNOWLEDGED.value if again else leg.state,
            actor_kind=ActorKind.SYSTEM.value,
            reason_code="signal_added",
            rule_version=unit.catalog.protocol.version,
            level=level.value,
            seen_due_at=_earlier(leg.seen_due_at, due.seen),
            acknowledge_due_at=_earlier(leg.acknowledge_due_at, due.acknowledged),
            contact_due_at=due.contact if again else _earlier(leg.contact_due_at, due.contact),
        )
    )
    receiver = Receiver(ReceiverKind(leg.receiver), leg.support_center_id, leg.route_reason)
    notices.tell_receiver(
        unit, leg.id, receiver, leg.school_id, "signal_added", str(leg.version + 1)
    )


def _earlier(old: datetime, new: datetime) -> datetime:
    return min(old, new)
