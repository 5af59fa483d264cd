"""Move the demo's rows to their moments, and count every deadline from there."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine, RowMapping, select, text

from tirek.domain.levels import Level
from tirek.domain.protocols import Due, Protocol
from tirek.domain.referral import ReferralState
from tirek.services.demo_moments import Diary
from tirek.services.demo_size import Workshop
from tirek.storage import backdate
from tirek.storage.models import Notice, Referral, ReferralEvent

# Mail about what is older than this is not sent any more.
SETTLED_AFTER = timedelta(days=1)
SIGNAL_ADDED = "signal_added"


def move_into_the_past(owner: Engine, workshop: Workshop, protocol: Protocol, diary: Diary) -> None:
    """Give every row its moment, in one transaction of the tables' owner."""
    with owner.begin() as connection:
        backdate.switch_rules(connection, on=False)
        backdate.move(connection, diary.moves, workshop.now - SETTLED_AFTER)
        _set_referral_clocks(connection, protocol, diary.levels)
        _set_notice_clocks(connection, protocol)
        backdate.switch_rules(connection, on=True)


def _set_referral_clocks(
    connection: Connection, protocol: Protocol, levels: Mapping[UUID, Level]
) -> None:
    """Count a referral's clocks from its start and from every signal that joined it."""
    events = connection.execute(
        select(
            ReferralEvent.id.label("event_id"),
            ReferralEvent.seq,
            ReferralEvent.reason_code,
            ReferralEvent.from_state,
            ReferralEvent.level,
            ReferralEvent.created_at,
            Referral.id.label("referral_id"),
            Referral.parent_id,
        )
        .join(Referral, Referral.id == ReferralEvent.referral_id)
        .order_by(ReferralEvent.id)
    ).mappings()
    due: dict[UUID, Due] = {}
    joined: dict[int, Due] = {}
    for event in events:
        leg = event["referral_id"]
        if event["seq"] == 1:
            due[leg] = _at_start(protocol, levels, due, event)
        elif event["reason_code"] == SIGNAL_ADDED:
            due[leg] = joined[event["event_id"]] = _after_signal(protocol, due[leg], event)
    _write(connection, "referrals", due.items())
    _write(connection, "referral_events", joined.items())


def _at_start(
    protocol: Protocol,
    levels: Mapping[UUID, Level],
    due: Mapping[UUID, Due],
    event: RowMapping,
) -> Due:
    if event["parent_id"] is not None:
        return due[event["parent_id"]]
    return protocol.rule(levels[event["referral_id"]]).due(event["created_at"])


def _after_signal(protocol: Protocol, before: Due, event: RowMapping) -> Due:
    """As the database counts: earlier wins, but a contact clock that was met begins anew."""
    new = protocol.rule(Level(event["level"])).due(event["created_at"])
    again = event["from_state"] == ReferralState.CONTACTED
    return Due(
        min(before.seen, new.seen),
        min(before.acknowledged, new.acknowledged),
        new.contact if again else min(before.contact, new.contact),
    )


def _write(
    connection: Connection,
    table: str,
    clocks: Iterable[tuple[UUID | int, Due]],
) -> None:
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


def _set_notice_clocks(connection: Connection, protocol: Protocol) -> None:
    clocks = {
        (rule.level.value, notice.kind): notice.clock
        for rule in protocol.levels.values()
        for notice in rule.notices
    }
    notices = connection.execute(
        select(Notice.id, Notice.level, Notice.kind, Notice.created_at)
    ).all()
    rows = [
        {"key": one.id, "due": clocks[one.level, one.kind].after(one.created_at, protocol.calendar)}
        for one in notices
    ]
    if rows:
        connection.execute(text("UPDATE notices SET due_at = :due WHERE id = :key"), rows)
