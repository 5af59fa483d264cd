"""Numbers about the machinery, each from one small query; none of them is about a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Float, and_, cast, func, select
from sqlalchemy.orm import Session

from tirek.domain.delivery import Channel
from tirek.services import late_answer_files
from tirek.services.oversight import looking_over
from tirek.services.unit import Unit
from tirek.storage.models import (
    Breach,
    Deadline,
    Drill,
    HelpRequest,
    Notice,
    OutboxMessage,
    Referral,
    Sweep,
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One number, what it means, and of what it is."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def now(unit: Unit) -> list[Measure]:
    """Every number of this moment."""
    with looking_over(unit):
        session = unit.session
        return [
            *_outbox(session),
            *_sweeps(session),
            *_clocks(session),
            *_breaches(session),
            *_referrals(session),
            *_drills(session),
            *_help(session),
            *_answer_files(session),
        ]


def _age(moment: Any) -> Any:
    return cast(func.extract("epoch", func.now() - moment), Float)


def _outbox(session: Session) -> Iterator[Measure]:
    is_stuck = OutboxMessage.stuck_at.is_not(None)
    is_due = and_(~is_stuck, OutboxMessage.due_at <= func.now())
    rows = session.execute(
        select(
            OutboxMessage.channel,
            func.count().filter(is_due).label("due"),
            func.count().filter(is_stuck).label("stuck"),
            _age(func.min(OutboxMessage.due_at).filter(is_due)).label("oldest"),
        )
        .where(OutboxMessage.done_at.is_(None))
        .group_by(OutboxMessage.channel)
    )
    found = {row.channel: row for row in rows}
    oldest = max((row.oldest or 0.0 for row in found.values()), default=0.0)
    yield Measure(
        "tirek_outbox_oldest_due_seconds",
        "For how long the oldest message whose time has come has not left.",
        oldest,
    )
    for channel in Channel:
        row = found.get(channel)
        labels = {"channel": channel.value}
        yield Measure(
            "tirek_outbox_due",
            "Messages whose time has come and that have not left.",
            row.due if row else 0,
            labels,
        )
        yield Measure(
            "tirek_outbox_stuck",
            "Messages that do not get through and wait for a person.",
            row.stuck if row else 0,
            labels,
        )


def _sweeps(session: Session) -> Iterator[Measure]:
    rows = session.execute(select(Sweep.name, _age(Sweep.last_ok_at).label("age"), Sweep.total))
    for row in rows:
        yield Measure(
            "tirek_sweep_age_seconds",
            "For how long a loop has done nothing.",
            max(0.0, row.age),
            {"name": row.name},
        )
        yield Measure(
            "tirek_sweep_work",
            "All that a loop has ever had to do; of repairs it should hardly grow.",
            row.total,
            {"name": row.name},
        )


def _clocks(session: Session) -> Iterator[Measure]:
    waiting = session.scalars(
        select(func.count()).where(
            Deadline.fired_at.is_(None),
            Deadline.met_at.is_(None),
            Deadline.ended_at.is_(None),
            Deadline.due_at <= func.now(),
        )
    ).one()
    yield Measure("tirek_deadlines_unfired", "Clocks that have run out and not rung.", waiting)
    overdue = session.scalars(
        select(func.count()).where(Notice.confirmed_at.is_(None), Notice.due_at <= func.now())
    ).one()
    yield Measure("tirek_notices_overdue", "Notices that nobody confirmed in time.", overdue)


def _breaches(session: Session) -> Iterator[Measure]:
    rows = session.execute(
        select(Breach.level, Breach.clock, func.count().label("number")).group_by(
            Breach.level, Breach.clock
        )
    )
    for row in rows:
        yield Measure(
            "tirek_breaches",
            "Promises that were not kept in the end, ever.",
            row.number,
            {"level": row.level, "clock": row.clock},
        )


def _referrals(session: Session) -> Iterator[Measure]:
    rows = session.execute(
        select(Referral.state, Referral.level, func.count().label("number"))
        .where(Referral.closed_at.is_(None))
        .group_by(Referral.state, Referral.level)
    )
    for row in rows:
        yield Measure(
            "tirek_referrals_open",
            "Open referrals.",
            row.number,
            {"state": row.state, "level": row.level},
        )


def _drills(session: Session) -> Iterator[Measure]:
    month = select(func.max(Drill.month)).scalar_subquery()
    row = session.execute(
        select(
            func.count().label("all"),
            func.count(Drill.answered_at).label("answered"),
            cast(
                func.max(func.extract("epoch", Drill.answered_at - Drill.started_at)), Float
            ).label("slowest"),
        ).where(Drill.month == month)
    ).one()
    yield Measure("tirek_drills", "Test alarms of the latest month.", row.all)
    yield Measure("tirek_drills_answered", "Those of them that somebody answered.", row.answered)
    if row.slowest is not None:
        yield Measure("tirek_drill_slowest_seconds", "The slowest answer among them.", row.slowest)


def _help(session: Session) -> Iterator[Measure]:
    is_late = HelpRequest.due_at <= func.now()
    row = session.execute(
        select(func.count().label("all"), func.count().filter(is_late).label("late")).where(
            HelpRequest.acknowledged_at.is_(None)
        )
    ).one()
    yield Measure("tirek_help_requests_waiting", "Parents' calls that nobody has taken.", row.all)
    yield Measure("tirek_help_requests_late", "Those of them whose time has run out.", row.late)


def _answer_files(session: Session) -> Iterator[Measure]:
    yield Measure(
        "tirek_answer_files_late",
        "Files of answers that call for somebody today and that nobody decides about.",
        late_answer_files.count(session),
    )
