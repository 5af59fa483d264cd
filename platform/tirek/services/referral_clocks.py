"""The clocks of a referral as its page shows them: until when, who was called, who answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import or_, select

from tirek.domain.ladder import ClockKind, Post
from tirek.domain.people import Role
from tirek.services import due
from tirek.services.unit import Unit
from tirek.storage.models import Account, AlarmAnswer, Breach, Deadline, OutboxMessage


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was called: by name and post, never by address."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody who was called says they did, as a code."""

    who: Person
    answer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung: when it rings or rang, whom it calls, whom it reached, and what they answered."""

    number: int
    due_at: datetime
    posts: tuple[Post, ...]
    is_breach: bool
    rang_at: datetime | None
    # It will never ring: the promise was kept, or the clock went on elsewhere.
    is_off: bool
    called: tuple[Person, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise with its ladder; `notice_id` names the notice where it is one's."""

    kind: ClockKind
    notice_id: UUID | None
    due_at: datetime
    done_at: datetime | None
    ended_at: datetime | None
    is_late: bool
    rungs: tuple[Rung, ...]

    @property
    def is_running(self) -> bool:
        """Whether the promise is still to be kept."""
        return self.done_at is None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class BreachRecord:
    """A promise that was not kept in the end; the record stays."""

    kind: ClockKind
    notice_id: UUID | None
    due_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class _Calls:
    """Who was called by which alarm, and what they answered."""

    called: Mapping[UUID, list[Person]]
    answers: Mapping[UUID, list[Answer]]


T = TypeVar("T")
_ORDER = list(ClockKind)


def of(unit: Unit, referral_id: UUID, notice_ids: Sequence[UUID]) -> tuple[Clock, ...]:
    """The clocks of a referral and of its case's notices, in the order of the work."""
    rows = unit.session.scalars(
        select(Deadline)
        .where(or_(Deadline.referral_id == referral_id, Deadline.notice_id.in_(notice_ids)))
        .order_by(Deadline.cycle, Deadline.rung)
        .execution_options(populate_existing=True)
    ).all()
    calls = _calls(unit, [row.id for row in rows if row.fired_at])
    now = unit.now()
    rounds: dict[tuple[str, UUID | None, int], list[Deadline]] = {}
    for row in rows:
        rounds.setdefault((row.clock, row.notice_id, row.cycle), []).append(row)
    clocks = [_clock(found, calls, now) for found in rounds.values() if found[0].rung == 0]
    return tuple(sorted(clocks, key=lambda one: (_ORDER.index(one.kind), one.due_at)))


def breaches(unit: Unit, referral_id: UUID, notice_ids: Sequence[UUID]) -> tuple[BreachRecord, ...]:
    """The records of promises that were not kept, the latest first."""
    rows = unit.session.scalars(
        select(Breach)
        .where(or_(Breach.referral_id == referral_id, Breach.notice_id.in_(notice_ids)))
        .order_by(Breach.recorded_at.desc())
    )
    return tuple(
        BreachRecord(ClockKind(row.clock), row.notice_id, row.due_at, row.recorded_at)
        for row in rows
    )


def _clock(rows: Sequence[Deadline], calls: _Calls, now: datetime) -> Clock:
    promise = rows[0]
    until = promise.met_at or promise.ended_at or now
    return Clock(
        ClockKind(promise.clock),
        promise.notice_id,
        promise.due_at,
        promise.met_at,
        promise.ended_at,
        due.is_late(promise.due_at, until),
        tuple(_rung(row, calls) for row in rows if row.rung > 0 or row.posts),
    )


def _rung(row: Deadline, calls: _Calls) -> Rung:
    return Rung(
        row.rung,
        row.due_at,
        tuple(Post(post) for post in row.posts),
        row.is_breach,
        row.fired_at,
        row.fired_at is None and (row.met_at is not None or row.ended_at is not None),
        tuple(calls.called.get(row.id, ())),
        tuple(calls.answers.get(row.id, ())),
    )


def _calls(unit: Unit, alarm_ids: Sequence[UUID]) -> _Calls:
    if not alarm_ids:
        return _Calls({}, {})
    called = unit.session.execute(
        select(OutboxMessage.deadline_id, Account.display_name, Account.role)
        .join(Account, Account.id == OutboxMessage.account_id)
        .where(OutboxMessage.deadline_id.in_(alarm_ids))
        .order_by(OutboxMessage.id)
    )
    answered = unit.session.execute(
        select(
            AlarmAnswer.deadline_id,
            Account.display_name,
            Account.role,
            AlarmAnswer.answer,
            AlarmAnswer.created_at,
        )
        .join(Account, Account.id == AlarmAnswer.account_id)
        .where(AlarmAnswer.deadline_id.in_(alarm_ids))
        .order_by(AlarmAnswer.id)
    )
    return _Calls(
        # The same person by mail and by telephone is called once.
        _grouped((row[0], Person(row[1], Role(row[2]))) for row in called),
        _grouped(
            (row[0], Answer(Person(row[1], Role(row[2])), row[3], row[4])) for row in answered
        ),
    )


def _grouped(rows: Iterable[tuple[UUID | None, T]]) -> dict[UUID, list[T]]:
    found: dict[UUID, list[T]] = {}
    for key, one in rows:
        if key is not None and one not in found.setdefault(key, []):
            found[key].append(one)
    return found
