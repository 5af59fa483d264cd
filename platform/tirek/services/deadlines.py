"""Deadlines: rows that call somebody unless a promise is kept, written with what they belong to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from tirek.domain.ladder import Alarm, ClockKind, alarms_at_start, alarms_for
from tirek.domain.levels import Level
from tirek.services.unit import Unit
from tirek.storage.models import Deadline, Referral


@dataclass(frozen=True, slots=True)
class Child:
    """Whose clock it is."""

    student_id: UUID
    school_id: UUID


def start(
    unit: Unit,
    child: Child,
    alarms: Iterable[Alarm],
    *,
    referral_id: UUID | None = None,
    notice_id: UUID | None = None,
    cycle: int = 0,
) -> None:
    """Set the alarms of a referral or a notice; `cycle` is the version that began this round."""
    rows = [
        {
            "id": uuid4(),
            "referral_id": referral_id,
            "notice_id": notice_id,
            "student_id": child.student_id,
            "school_id": child.school_id,
            "clock": alarm.clock.value,
            "cycle": cycle,
            "rung": alarm.rung,
            "posts": [post.value for post in alarm.posts],
            "is_breach": alarm.is_breach,
            "due_at": alarm.due_at,
        }
        for alarm in alarms
    ]
    # Rows apart from the statement, which is then built only once.
    unit.session.execute(insert(Deadline), rows)


def start_clock(unit: Unit, leg: Referral, kind: ClockKind, due_at: datetime, cycle: int) -> None:
    """Start one clock of a referral, with whom to call once it has run out."""
    protocol = unit.catalog.protocol
    alarms = alarms_for(kind, due_at, protocol.rule(Level(leg.level)), protocol.calendar)
    start(unit, Child(leg.student_id, leg.school_id), alarms, referral_id=leg.id, cycle=cycle)


def running(unit: Unit, referral_id: UUID) -> list[Deadline]:
    """The clocks of a referral that run, or have rung without being answered."""
    return list(
        unit.session.scalars(
            select(Deadline).where(
                Deadline.referral_id == referral_id,
                Deadline.met_at.is_(None),
                Deadline.ended_at.is_(None),
            )
        )
    )


def carry(unit: Unit, clocks: Sequence[Deadline], to_id: UUID) -> None:
    """Let clocks of a leg that was handed on run on at the next one, rung or not (I12)."""
    # Rounds keep their order and lie before any that begins at the new leg.
    rounds = sorted({one.cycle for one in clocks}, reverse=True)
    rows = [
        {
            "id": uuid4(),
            "referral_id": to_id,
            "student_id": one.student_id,
            "school_id": one.school_id,
            "clock": one.clock,
            "cycle": -rounds.index(one.cycle),
            "rung": one.rung,
            "posts": one.posts,
            "is_breach": one.is_breach,
            "due_at": one.due_at,
            "fired_at": one.fired_at,
        }
        for one in clocks
    ]
    if rows:
        unit.session.execute(insert(Deadline), rows)


def join(unit: Unit, clocks: Sequence[Deadline], target: Referral) -> None:
    """Let clocks of a leg that is merged run on at its target, where they still mean something."""
    wanted = {ClockKind.SEEN, ClockKind.ACKNOWLEDGED, ClockKind.CONTACT}
    if target.owner_id is not None:
        wanted = {ClockKind.CONTACT} if target.contacted_at is None else set()
    first: dict[tuple[str, int], Deadline] = {}
    for one in sorted(clocks, key=lambda clock: clock.due_at):
        first.setdefault((one.clock, one.rung), one)
    rows = [
        {
            "id": uuid4(),
            "referral_id": target.id,
            "student_id": one.student_id,
            "school_id": one.school_id,
            "clock": one.clock,
            "cycle": target.version,
            "rung": one.rung,
            "posts": one.posts,
            "is_breach": one.is_breach,
            "due_at": one.due_at,
            "fired_at": one.fired_at,
        }
        for one in first.values()
        if one.clock in wanted
    ]
    if rows:
        unit.session.execute(insert(Deadline), rows)


def restart_acceptance(unit: Unit, leg: Referral) -> None:
    """A leg that somebody had accepted before it was handed on needs somebody to accept it anew.

    Its promise is the old one, so it rings at once where that has passed; the ladder begins now,
    because nobody has failed yet.
    """
    if any(one.clock == ClockKind.ACKNOWLEDGED for one in running(unit, leg.id)):
        return
    protocol = unit.catalog.protocol
    alarms = alarms_at_start(protocol.rule(Level(leg.level)), unit.now(), protocol.calendar)
    mine = [
        replace(one, due_at=min(one.due_at, leg.acknowledge_due_at)) if one.rung == 0 else one
        for one in alarms
        if one.clock is ClockKind.ACKNOWLEDGED
    ]
    start(unit, Child(leg.student_id, leg.school_id), mine, referral_id=leg.id)
