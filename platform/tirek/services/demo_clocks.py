"""Every clock of the demo, counted again from the moment to which its beginning was moved."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select, text

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.ladder import Alarm, ClockKind, alarms_at_start, alarms_for
from tirek.domain.levels import Level
from tirek.domain.protocols import Due, LevelRule, Protocol
from tirek.domain.referral import AFTER_CONTACT, ReferralState
from tirek.services.referral_care import REVIEW_ENDS
from tirek.storage.models import Notice, Referral, ReferralEvent

Rows = Sequence[Row[Any]]

_STAMPED = text(
    "SELECT d.id, d.referral_id, d.notice_id, d.clock, d.cycle, d.rung, d.due_at, m.moment"
    " FROM deadlines d LEFT JOIN demo_moves m"
    " ON m.student_id = d.student_id AND m.stamp = d.created_at"
    " ORDER BY d.created_at, d.cycle DESC"
)
_PLANNED = text("SELECT referral_id, seq, next_on FROM plans")
_SET = text(
    "UPDATE deadlines d SET due_at = n.due_at FROM unnest(CAST(:ids AS uuid[]),"
    " CAST(:dues AS timestamptz[])) AS n(id, due_at) WHERE n.id = d.id"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A referral after one of its events: how urgent it was, and until when it promised what."""

    level: Level
    due: Due


def stamped(connection: Connection) -> Rows:
    """Every clock as it stands, with the moment to which it is about to be moved, if it is."""
    return connection.execute(_STAMPED).all()


def set_clocks(
    connection: Connection, protocol: Protocol, levels: Mapping[UUID, Level], before: Rows
) -> None:
    """Count the clocks of referrals and notices anew, after everything has been moved.

    `before` is what `stamped` gave before the move; `levels` those at which referrals began.
    """
    standings = _Standings(protocol, levels)
    standings.read(connection)
    standings.write(connection)
    notices = _set_notices(connection, protocol)
    clocks = _Clocks(connection, protocol, standings, notices)
    dues = dict(clocks.count(before))
    connection.execute(_SET, {"ids": list(dues), "dues": list(dues.values())})


class _Standings:
    """What every referral stood for after each of its events."""

    def __init__(self, protocol: Protocol, levels: Mapping[UUID, Level]) -> None:
        self._protocol, self._levels = protocol, levels
        self._after: dict[UUID, list[Standing]] = defaultdict(list)
        self._changed: dict[int, Due] = {}
        self.parents: dict[UUID, UUID] = {}

    def at(self, leg: UUID, seq: int) -> Standing:
        """After an event; what happened at the very beginning counts as the first one's."""
        return self._after[leg][max(seq, 1) - 1]

    def read(self, connection: Connection) -> None:
        """Go through all events in the order in which they happened."""
        events = connection.execute(
            select(
                ReferralEvent.id,
                ReferralEvent.seq,
                ReferralEvent.from_state,
                ReferralEvent.to_state,
                ReferralEvent.level,
                ReferralEvent.contact_due_at,
                ReferralEvent.created_at,
                Referral.id.label("leg"),
                Referral.parent_id,
            )
            .join(Referral, Referral.id == ReferralEvent.referral_id)
            .order_by(ReferralEvent.id)
        )
        for event in events:
            if event.seq == 1:
                self._after[event.leg].append(self._first(event))
            else:
                self._after[event.leg].append(self._next(event))

    def _first(self, event: Any) -> Standing:
        level = self._levels[event.leg]
        if event.parent_id is not None:
            self.parents[event.leg] = event.parent_id
            return Standing(level, self._after[event.parent_id][-1].due)
        return Standing(level, self._protocol.rule(level).due(event.created_at))

    def _next(self, event: Any) -> Standing:
        """As the database counts: earlier wins, but a clock that was met begins anew."""
        before = self._after[event.leg][-1]
        level = before.level
        if event.level is not None:
            level = max(level, Level(event.level), key=lambda one: one.rank)
        if event.contact_due_at is None:
            return Standing(level, before.due)
        due = new = self._protocol.rule(level).due(event.created_at)
        if not _is_reopened(event):
            again = event.from_state in AFTER_CONTACT
            due = Due(
                min(before.due.seen, new.seen),
                min(before.due.acknowledged, new.acknowledged),
                new.contact if again else min(before.due.contact, new.contact),
            )
        self._changed[event.id] = new
        return Standing(level, due)

    def write(self, connection: Connection) -> None:
        """Set the columns of referrals and of the events that change them."""
        last = {leg: standings[-1].due for leg, standings in self._after.items()}
        _write(connection, "referrals", last.items())
        _write(connection, "referral_events", self._changed.items())


class _Clocks:
    """Counts deadlines; one that was carried along from another leg stays what it was there."""

    def __init__(
        self,
        connection: Connection,
        protocol: Protocol,
        standings: _Standings,
        notices: Mapping[UUID, tuple[Level, datetime]],
    ) -> None:
        self._protocol, self._standings, self._notices = protocol, standings, notices
        rows = connection.execute(_PLANNED)
        self._planned: dict[tuple[UUID, int], date] = {(r[0], r[1]): r[2] for r in rows}
        # Of each leg: what it was due at before the move, and what after.
        self._moved: dict[UUID, dict[tuple[str, int, datetime], datetime]] = defaultdict(dict)

    def count(self, before: Rows) -> Iterator[tuple[UUID, datetime]]:
        """The new moment of every deadline that is moved."""
        for row in before:
            due_at = row.due_at if row.moment is None else self._due(row)
            if row.referral_id is not None:
                self._moved[row.referral_id][row.clock, row.rung, row.due_at] = due_at
            if row.moment is not None:
                yield row.id, due_at

    def _due(self, row: Row[Any]) -> datetime:
        if row.notice_id is not None:
            level, due_at = self._notices[row.notice_id]
            return self._one_of(self._after(ClockKind.NOTICE, due_at, level), row)
        carried = self._carried(row)
        if carried is not None:
            return carried
        standing = self._standings.at(row.referral_id, row.cycle)
        due_at = self._one_of(self._alarms(row, standing.level), row)
        is_anew = row.referral_id in self._standings.parents and row.cycle == 0
        if is_anew and row.clock == ClockKind.ACKNOWLEDGED and row.rung == 0:
            # Who takes over has no longer than there was before.
            due_at = min(due_at, standing.due.acknowledged)
        return due_at

    def _carried(self, row: Row[Any]) -> datetime | None:
        parent = self._standings.parents.get(row.referral_id)
        if parent is None or row.cycle > 0:
            return None
        return self._moved[parent].get((row.clock, row.rung, row.due_at))

    def _alarms(self, row: Row[Any], level: Level) -> tuple[Alarm, ...]:
        rule, calendar = self._protocol.rule(level), self._protocol.calendar
        match kind := ClockKind(row.clock):
            case ClockKind.ASSESSMENT:
                return self._after(kind, rule.assessment.after(row.moment, calendar), level)
            case ClockKind.PLAN:
                return self._after(kind, rule.plan.after(row.moment, calendar), level)
            case ClockKind.REVIEW:
                return self._after(kind, self._review(row, rule), level)
            case _:
                return alarms_at_start(rule, row.moment, calendar)

    def _review(self, row: Row[Any], rule: LevelRule) -> datetime:
        """The end of the day that the plan names, or the time that a second look may take."""
        next_on = self._planned.get((row.referral_id, row.cycle))
        if next_on is None:
            return rule.plan.after(row.moment, self._protocol.calendar)
        return datetime.combine(next_on, REVIEW_ENDS, KAZAKHSTAN)

    def _after(self, kind: ClockKind, due_at: datetime, level: Level) -> tuple[Alarm, ...]:
        return alarms_for(kind, due_at, self._protocol.rule(level), self._protocol.calendar)

    @staticmethod
    def _one_of(alarms: Iterable[Alarm], row: Row[Any]) -> datetime:
        return next(one.due_at for one in alarms if (one.clock, one.rung) == (row.clock, row.rung))


def _is_reopened(event: Any) -> bool:
    return bool(event.from_state != event.to_state == ReferralState.REOPENED)


def _set_notices(connection: Connection, protocol: Protocol) -> dict[UUID, tuple[Level, datetime]]:
    """Count the notices' own clocks, and say what they are."""
    clocks = {
        (rule.level.value, notice.kind): notice.clock
        for rule in protocol.levels.values()
        for notice in rule.notices
    }
    rows = connection.execute(select(Notice.id, Notice.level, Notice.kind, Notice.created_at)).all()
    dues = {
        one.id: (
            Level(one.level),
            clocks[one.level, one.kind].after(one.created_at, protocol.calendar),
        )
        for one in rows
    }
    if dues:
        connection.execute(
            text("UPDATE notices SET due_at = :due WHERE id = :key"),
            [{"key": key, "due": due} for key, (_, due) in dues.items()],
        )
    return dues


def _write(connection: Connection, table: str, clocks: Iterable[tuple[UUID | int, Due]]) -> None:
    rows = [
        {
            "key": key,
            "seen": due.seen,
            "acknowledge": due.acknowledged,
            "contact": due.contact,
        }
        for key, due in clocks
    ]
    if rows:
        connection.execute(
            text(
                f"UPDATE {table} SET seen_due_at = :seen, acknowledge_due_at = :acknowledge,"  # noqa: S608
                " contact_due_at = :contact WHERE id = :key"
            ),
            rows,
        )
