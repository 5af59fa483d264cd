"""The bugs: what each changes in the product, what happens then, and which promise must break.

Where the database alone refuses a bug, it says so first (`refusal`); then its own guard is taken
away (`unguarded`) and the questions of `services.invariants` have to find what it did.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from unittest import mock
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.faults.planted.stories import (
    accepted_and_sent_on,
    an_sms_that_did_not_arrive,
    nobody_acts,
    the_mail_dies,
    the_process_dies,
    two_signals,
    urgent_and_accepted,
)
from tests.properties.ground import Play
from tirek.domain.ladder import alarms_at_start
from tirek.domain.levels import Level
from tirek.domain.referral import ActorKind, Outcome, ReferralState
from tirek.domain.scope import Scope
from tirek.services import (
    handovers,
    ladder,
    notices,
    outbox,
    receipts,
    referral_legs,
    referral_steps,
    referrals,
    relay,
)
from tirek.services.referral_legs import Begin, Step
from tirek.services.routing import Receiver
from tirek.services.unit import Unit
from tirek.storage.models import Case, OutboxMessage, Referral
from tirek.storage.session import open_session

Plant = Callable[[Play], AbstractContextManager[object]]


@dataclass(frozen=True)
class Bug:
    """One bug: `story` is what happens with it and without it."""

    name: str
    story: Callable[[Play], None]
    plant: Plant
    # The numbers of the promises of which at least one must be seen broken.
    breaks: frozenset[str]
    # With which SQLSTATE the database refuses it, where it does.
    refusal: str | None = None
    # How the database's own guard is taken away.
    unguarded: tuple[str, ...] = ()


def _instead(target: object, name: str, wrong: Callable[..., object]) -> Plant:
    def plant(_play: Play) -> AbstractContextManager[object]:
        return mock.patch.object(target, name, wrong)

    return plant


# Messages leave in a transaction of their own, before what they are about is committed.


@contextmanager
def _enqueue_before_commit(play: Play) -> Iterator[None]:
    queue = outbox.queue

    def at_once(unit: Unit, messages: list[outbox.Message]) -> None:
        with open_session(play.engine, Scope.system()) as session:
            queue(replace(unit, session=session), messages)
            session.commit()

    with mock.patch.object(outbox, "queue", at_once):
        yield


# A message counts as done as soon as it is taken.


@contextmanager
def _ack_before_effect(_play: Play) -> Iterator[None]:
    claim = relay.claim

    def done_at_once(session: Session, *given: object, **named: object) -> list[relay.Claim]:
        held = claim(session, *given, **named)  # type: ignore[arg-type]
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_([one.message_id for one in held]))
            .values(done_at=func.now(), leased_until=None)
        )
        return held

    with mock.patch.object(relay, "claim", done_at_once):
        yield


def _status_without_event(unit: Unit, leg: Referral, to_state: ReferralState, step: Step) -> None:
    """What others do: the status is a column that is written."""
    values: Mapping[str, object] = {"state": to_state.value, "version": leg.version + 1}
    if to_state is ReferralState.ACKNOWLEDGED:
        values = {**values, "owner_id": unit.actor.account_id}
    del step
    unit.session.execute(update(Referral).where(Referral.id == leg.id).values(values))
    unit.session.refresh(leg)


# What nobody has touched for long enough counts as finished.


@contextmanager
def _expiry_to_closed(_play: Play) -> Iterator[None]:
    fire_due = ladder.fire_due

    def expire_too(unit: Unit, limit: int) -> int:
        rang = fire_due(unit, limit)
        late = unit.session.scalars(
            select(Referral).where(
                Referral.closed_at.is_(None), Referral.acknowledge_due_at < func.now()
            )
        ).all()
        for leg in late:
            step = Step(ActorKind.SYSTEM, "expired", outcome=Outcome.NO_NEED_FOUND)
            referral_legs.add_event(unit, leg, ReferralState.CLOSED, step)
        return rang

    with mock.patch.object(ladder, "fire_due", expire_too):
        yield


def _clock_of_the_web_server(_unit: Unit) -> datetime:
    return datetime.now(UTC) + timedelta(hours=2)


# Nobody is notified by law until the message has arrived.


@contextmanager
def _notice_waits_for_delivery(_play: Play) -> Iterator[None]:
    open_notices, mark_seen = notices.open_notices, referral_steps.mark_seen
    waiting: list[tuple[object, ...]] = []

    def put_off(_unit: Unit, *given: object) -> None:
        waiting.append(given)

    def seen(unit: Unit, referral_id: UUID) -> None:
        mark_seen(unit, referral_id)
        while waiting:
            open_notices(unit, *waiting.pop())  # type: ignore[arg-type]

    with (
        mock.patch.object(notices, "open_notices", put_off),
        mock.patch.object(referral_steps, "mark_seen", seen),
    ):
        yield


def _always_a_new_case(unit: Unit, concern: referrals.Concern) -> UUID:
    case = Case(
        student_id=concern.student_id, school_id=concern.school_id, level=concern.level.value
    )
    unit.session.add(case)
    unit.session.flush()
    return case.id


def _redirect_with_fresh_clocks(
    unit: Unit, leg: Referral, to_state: ReferralState, step: Step, receiver: Receiver
) -> UUID:
    protocol = unit.catalog.protocol
    rule = protocol.rule(Level(leg.level))
    new = Begin(
        case_id=leg.case_id,
        student_id=leg.student_id,
        school_id=leg.school_id,
        level=Level(leg.level),
        receiver=receiver,
        due=rule.due(unit.now()),
        origin=leg.origin,
        protocol=(leg.protocol_id, leg.protocol_version),
        sender_account_id=unit.actor.account_id,
        parent_id=leg.id,
    )
    referral_steps.take(unit, leg, to_state, step, f"referral.{to_state.value}")
    referral_legs.begin(unit, new, alarms_at_start(rule, unit.now(), protocol.calendar))
    return new.id


def _nothing(*_given: object, **_named: object) -> None:
    """A receipt comes in, and nothing follows."""


def _never_rings(_unit: Unit, _limit: int) -> int:
    return 0


LET_THE_APPLICATION_WRITE = (
    "GRANT UPDATE ON referrals TO tirek_app",
    "ALTER TABLE referrals DISABLE ROW LEVEL SECURITY",
)
LIST_EXPIRY = (
    "INSERT INTO referral_transitions (from_state, to_state, actor_kind, level)"
    " SELECT DISTINCT from_state, 'closed', 'system', level FROM referral_transitions"
    " ON CONFLICT DO NOTHING"
)
ASK_NOTHING = (
    "CREATE OR REPLACE FUNCTION check_referral_step(leg referrals, step referral_events)"
    " RETURNS void LANGUAGE sql AS 'SELECT'"
)
FORGET_WHAT_IT_IS_ABOUT = tuple(
    f"ALTER TABLE outbox DROP CONSTRAINT fk_outbox_{column}"
    for column in ("referral_id", "notice_id", "deadline_id")
)

BUGS = (
    Bug(
        "enqueue before commit",
        the_process_dies,
        _enqueue_before_commit,
        frozenset({"I9"}),
        "23503",
        FORGET_WHAT_IT_IS_ABOUT,
    ),
    Bug("ack before effect", the_mail_dies, _ack_before_effect, frozenset({"I9"})),
    Bug(
        "status update without event",
        urgent_and_accepted,
        _instead(referral_legs, "add_event", _status_without_event),
        frozenset({"I6"}),
        "42501",
        LET_THE_APPLICATION_WRITE,
    ),
    Bug(
        "expiry to closed",
        nobody_acts,
        _expiry_to_closed,
        frozenset({"I5", "I7"}),
        "TK002",
        (LIST_EXPIRY, ASK_NOTHING),
    ),
    Bug(
        "clock from the web server",
        urgent_and_accepted,
        _instead(Unit, "now", _clock_of_the_web_server),
        frozenset({"I8"}),
    ),
    Bug(
        "notice waiting for delivery",
        urgent_and_accepted,
        _notice_waits_for_delivery,
        frozenset({"I13"}),
    ),
    Bug(
        "second open case",
        two_signals,
        _instead(referrals, "_case", _always_a_new_case),
        frozenset({"I2"}),
        "23505",
        ("DROP INDEX uq_cases_one_open_per_child",),
    ),
    Bug(
        "redirect resetting the clock",
        accepted_and_sent_on,
        _instead(handovers, "hand_on", _redirect_with_fresh_clocks),
        frozenset({"I12"}),
        "TK002",
        ("ALTER TABLE referrals DISABLE TRIGGER referrals_begin",),
    ),
    Bug(
        "receipt ignored",
        an_sms_that_did_not_arrive,
        _instead(receipts, "_will_not_arrive", _nothing),
        frozenset({"I9"}),
    ),
    Bug(
        "sweep stopped",
        nobody_acts,
        _instead(ladder, "fire_due", _never_rings),
        frozenset({"I8"}),
    ),
)
