"""A referral's standing equals what its events say, and what differs is named (I1, I6, I8)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.builders_referral import accept, acting, legs, version_of
from tests.world import Adult, Pupil, World, a_vault, a_world, the_catalog
from tirek.config import Config, Keys
from tirek.domain.levels import Level
from tirek.domain.referral import (
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    Outcome,
    SectionState,
)
from tirek.domain.referral_fold import FoldError, Happened, fold
from tirek.services import (
    concerns,
    handovers,
    promises,
    referral_care,
    referral_endings,
)
from tirek.services.fold import mismatches
from tirek.services.invariants import violations
from tirek.services.referral_care import Attempt, PlanWords
from tirek.services.referral_endings import OutcomeWords
from tirek.storage.models import Referral

WORDS = "written by a test"
REACHED = Attempt(ContactChannel.IN_PERSON, ContactPerson.CHILD, reached=True, note=WORDS)


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=4, coded=0)
    system.commit()
    return built


@pytest.fixture
def care(engine: Engine, system: Session, world: World) -> "Care":
    return Care(engine, system, world)


class Care:
    """People who work on referrals, each step a request of its own."""

    def __init__(self, engine: Engine, system: Session, world: World) -> None:
        self.engine, self.system, self.world = engine, system, world

    def worry(self, pupil: Pupil, level: Level = Level.HIGH) -> Referral:
        with acting(self.engine, self.world, self.world.school.psychologist) as unit:
            found = concerns.refer(unit, pupil.id, level, WORDS, uuid4())
        return next(leg for leg in legs(self.system, pupil) if leg.id == found)

    def accept(self, leg: Referral, who: Adult | None = None) -> None:
        accept(self.engine, self.world, who or self.world.home.specialist, leg)

    def step(
        self, leg: Referral, act: Callable[..., object], *words: object, who: Adult | None = None
    ) -> None:
        with acting(self.engine, self.world, who or self.world.home.specialist) as unit:
            act(unit, leg.id, version_of(unit, leg.id), *words)

    def to_the_end(self, leg: Referral) -> None:
        care, soon = referral_care, datetime.now(UTC).date() + timedelta(days=9)
        self.accept(leg)
        self.step(leg, care.triage, Level(leg.level), WORDS)
        self.step(leg, care.record_contact, REACHED)
        with acting(self.engine, self.world, self.world.home.specialist) as unit:
            for section in AssessmentSection:
                care.sign_section(unit, leg.id, section, SectionState.SIGNED, WORDS)
        self.step(leg, care.finish_assessment, WORDS)
        plan = PlanWords(soon, child_agrees=True, note=WORDS)
        self.step(leg, care.make_plan, plan)
        self.step(leg, care.begin_support, WORDS)
        self.step(leg, care.begin_review, WORDS)
        outcome = OutcomeWords(Outcome.SUPPORTED, child_heard=True, repeat_on=soon, note=WORDS)
        self.step(leg, referral_endings.set_outcome, outcome)
        self.step(leg, referral_endings.close, WORDS, who=self.world.home.supervisor)


def test_whatever_people_do_the_standing_is_the_fold_of_the_events(
    care: Care, system: Session, world: World
) -> None:
    first, second, third, _ = world.school.pupils
    care.to_the_end(care.worry(first))
    care.worry(first)  # within 90 days: it is opened again
    leg = care.worry(second, Level.IMMEDIATE)
    care.worry(second)  # joins
    care.accept(leg)
    care.step(leg, handovers.redirect, world.neighbour.id, WORDS)
    (_, next_leg) = legs(system, second)
    care.accept(next_leg, world.neighbour.specialist)
    care.worry(third, Level.MEDIUM)
    care.worry(third, Level.IMMEDIATE)
    found = mismatches(system)
    assert found.mismatches == []
    assert found.referrals == len(system.execute(text("SELECT 1 FROM referrals")).all()) >= 5
    assert promises.findings(system) == {}
    assert violations(system, world.catalog.protocol) == []
    states = set(system.scalars(text("SELECT to_state FROM referral_events")))
    assert {"closed", "reopened", "redirected", "in_support", "outcome_set"} <= states


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE referrals SET version = version + 1", "version is"),
        ("UPDATE referrals SET seen_at = seen_at - interval '1 second'", "seen_at is"),
        (
            "UPDATE referrals SET owner_id = a.id FROM accounts a WHERE a.role = 'psychologist'",
            "owner_id is",
        ),
        ("UPDATE referrals SET state = 'needs_info'", "state is needs_info"),
        ("DELETE FROM referral_events WHERE seq = 1", "event 2 from"),
        (
            "DELETE FROM referral_events WHERE to_state = 'acknowledged'",
            "events say",
        ),
        ("UPDATE referral_events SET to_state = 'delivered' WHERE seq = 1", "event 2 from"),
    ],
)
def test_a_standing_that_no_event_says_is_named(
    care: Care, owner: Engine, world: World, system: Session, change: str, said: str
) -> None:
    leg = care.worry(world.school.pupil)
    care.accept(leg)
    system.rollback()
    with owner.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(change))
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            found = mismatches(session)
    assert {one.referral_id for one in found.mismatches} == {leg.id}
    assert said in " ".join(one.said for one in found.mismatches)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM deadlines WHERE referral_id IS NOT NULL", "open referrals without a clock"),
        ("UPDATE signals SET case_id = gen_random_uuid()", "signals without a referral"),
        (
            "UPDATE deadlines SET due_at = now() - interval '3 minutes'",
            "clocks that ran out and did not ring",
        ),
        (
            "UPDATE deadlines SET due_at = now() - interval '1 minute', fired_at = now()",
            "last rungs that rang and left no breach",
        ),
        ("DELETE FROM deadlines WHERE notice_id IS NOT NULL", "notices without a clock"),
        (
            "UPDATE outbox SET due_at = now() - interval '2 hours'",
            "messages that nobody has tried for an hour",
        ),
    ],
)
def test_what_was_promised_and_is_not_there_is_counted(
    care: Care, owner: Engine, world: World, system: Session, change: str, said: str
) -> None:
    care.worry(world.school.pupil, Level.IMMEDIATE)
    system.rollback()
    with owner.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(change))
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            assert said in promises.findings(session)


def test_the_command_says_it_in_words_and_by_its_exit_code(
    care: Care,
    owner: Engine,
    world: World,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from tirek.cli import main  # noqa: PLC0415

    leg_id = care.worry(world.school.pupil).id
    # The command takes its time, and a session that waits in a transaction is ended after 15 s.
    world.session.commit()
    monkeypatch.setattr(Config, "from_env", lambda: config)
    assert main(["referrals", "verify"]) == 0
    assert capsys.readouterr().out == (
        "Referrals: 1, equal to their events: 1.\nNothing is lost.\n"
    )
    with owner.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE referrals SET state = 'delivered'"))
        connection.execute(text("DELETE FROM deadlines"))
    assert main(["referrals", "verify"]) == 1
    assert (
        f"referral {leg_id}: state is delivered, its events say routed" in capsys.readouterr().out
    )
    assert main(["referrals", "verify", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert {
        "invariant": "I8",
        "what": "an open referral without a clock",
        "subject": str(leg_id),
    } in (report["violations"])


def test_events_that_do_not_follow_one_another_fold_to_nothing() -> None:
    at = datetime.now(UTC)
    routed = Happened(1, "created", "routed", "system", at)
    assert fold([routed]).state == "routed"
    for wrong in (
        [routed, Happened(3, "routed", "seen", "receiver", at, UUID(int=1))],
        [routed, Happened(2, "delivered", "seen", "receiver", at, UUID(int=1))],
        [Happened(1, "routed", "seen", "receiver", at, UUID(int=1))],
    ):
        with pytest.raises(FoldError):
            fold(wrong)
