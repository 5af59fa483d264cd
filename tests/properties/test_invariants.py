"""Every question can say yes: for each there is damage that it finds; a healthy day has none."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.builders_referral import version_of
from tests.faults.planted.stories import a_signal, accept, the_sweep
from tests.properties.ground import Ground, Play
from tests.properties.machine import a_relay
from tests.properties.verbs import NOTE, TALKED, VERBS, Choice, legs
from tests.world import Adult
from tirek.domain.flagging import Flag
from tirek.domain.interpretation import Moment
from tirek.domain.levels import Level
from tirek.domain.referral import ConflictKind, Outcome
from tirek.services import (
    handovers,
    harm,
    invariants,
    notice_steps,
    referral_care,
    referral_steps,
    referrals,
)
from tirek.services.harm import Named
from tirek.services.invariant_questions import QUESTIONS
from tirek.services.referrals import Subject

DAMAGE = {
    "a flag without a routed referral": "DELETE FROM signals WHERE flag_id IS NOT NULL",
    "a flag without its review task": "UPDATE flags SET level = 'review'",
    "a signal of which no referral has heard": (
        "UPDATE signals SET occurred_at = occurred_at - interval '1 second'"
    ),
    "an open case without an open referral": "UPDATE cases SET closed_at = NULL",
    "an open referral on a closed case": "UPDATE cases SET closed_at = now()",
    "a referral that was never routed": (
        "UPDATE referrals SET state = 'created' WHERE state = 'routed'"
    ),
    "handed on to nobody": "UPDATE referrals SET parent_id = NULL",
    "two open cases of one child": (
        "DROP INDEX uq_cases_one_open_per_child; UPDATE cases SET closed_at = NULL,"
        " student_id = (SELECT id FROM students ORDER BY id LIMIT 1)"
    ),
    "nobody answers for an accepted referral": (
        "ALTER TABLE referrals DROP CONSTRAINT ck_referrals_owned_once_acknowledged;"
        " UPDATE referrals SET owner_id = NULL"
    ),
    "somebody answers for what nobody has accepted": (
        "ALTER TABLE referrals DROP CONSTRAINT ck_referrals_unowned_until_acknowledged;"
        " UPDATE referrals SET owner_id = (SELECT id FROM accounts LIMIT 1)"
    ),
    "the owner does not work at the receiver": (
        "UPDATE referrals SET owner_id = (SELECT id FROM accounts WHERE role = 'guardian' LIMIT 1)"
        " WHERE owner_id IS NOT NULL"
    ),
    "a step without actor, reason or rule": "UPDATE referral_events SET reason_code = ' '",
    "a person's step without words": (
        "ALTER TABLE referral_events DROP CONSTRAINT ck_referral_events_people_say_why;"
        " UPDATE referral_events SET note_sealed = NULL"
    ),
    "a referral without its rules": "UPDATE referrals SET route_reason = ''",
    "a step that is not listed": (
        "UPDATE referral_events SET from_state = 'delivered' WHERE to_state = 'triaged'"
    ),
    "the database's list is not the domain's": (
        "INSERT INTO referral_transitions VALUES ('routed', 'closed', 'system', 'high')"
    ),
    "the state is not what the events say": "UPDATE referrals SET version = version + 1",
    "a step that does not begin where the one before ended": (
        "UPDATE referral_events SET from_state = 'delivered' WHERE to_state = 'triaged'"
    ),
    "the owner is not who accepted it": (
        "UPDATE referrals r SET owner_id = (SELECT id FROM accounts a"
        " WHERE a.support_center_id = r.support_center_id AND a.id <> r.owner_id LIMIT 1)"
        " WHERE receiver = 'support_center' AND owner_id IS NOT NULL"
    ),
    "ended by nobody": (
        "UPDATE referral_events SET actor_kind = 'system', account_id = NULL"
        " WHERE to_state = 'closed'"
    ),
    "an open referral without a clock": "DELETE FROM deadlines",
    "nobody's referral without its ladder": "DELETE FROM deadlines WHERE is_breach",
    "a clock that ran out and did not ring": (
        "UPDATE deadlines SET due_at = now() - interval '1 hour',"
        " created_at = now() - interval '2 hours' WHERE fired_at IS NULL"
    ),
    "a clock that rang before its time": (
        "ALTER TABLE deadlines DROP CONSTRAINT ck_deadlines_never_early;"
        " UPDATE deadlines SET fired_at = due_at - interval '1 second'"
    ),
    "a last rung without its record": "DELETE FROM breaches",
    "a clock that was not set by the database": (
        "UPDATE deadlines SET due_at = due_at + interval '1 second' WHERE fired_at IS NULL"
    ),
    "an unconfirmed notice without a clock": "DELETE FROM deadlines WHERE clock = 'notice'",
    "one message twice": (
        "ALTER TABLE outbox DROP CONSTRAINT uq_outbox_dedup; UPDATE outbox SET dedup = 'x'"
    ),
    "a message about nothing": (
        "UPDATE outbox SET referral_id = gen_random_uuid() WHERE referral_id IS NOT NULL"
    ),
    "done, though nothing took it": "DELETE FROM deliveries",
    "attempts that do not bear one reference": (
        "INSERT INTO deliveries (id, outbox_id, attempt, channel, reference)"
        " SELECT gen_random_uuid(), outbox_id, attempt + 50, channel, gen_random_uuid()"
        " FROM deliveries"
    ),
    "more attempts than were begun": "UPDATE deliveries SET attempt = attempt + 50",
    "told by the carrier that it did not arrive, and left at that": (
        "INSERT INTO receipts (delivery_id, status) SELECT id, 'failed' FROM deliveries"
    ),
    "a referral opened without an entry": "DELETE FROM audit_entries",
    "a step without an entry": (
        "DELETE FROM audit_entries WHERE action LIKE 'referral.%' AND action <> 'referral.open'"
    ),
    "a confirmed notice without an entry": (
        "DELETE FROM audit_entries WHERE action = 'notice.confirm'"
    ),
    "a school's hand on a PSC's referral": (
        "UPDATE referral_events SET account_id = (SELECT id FROM accounts"
        " WHERE role = 'psychologist' LIMIT 1) WHERE to_state = 'triaged' AND actor_kind = 'owner'"
    ),
    "judged less urgent by one person alone": (
        "UPDATE referral_events SET triage_level = 'low' WHERE to_state = 'triaged'"
    ),
    "called an error by one person alone": (
        "UPDATE referral_events SET to_state = 'entered_in_error', outcome = 'entered_in_error'"
        " WHERE to_state = 'closed'"
    ),
    "an urgent one ended by one person alone": (
        "UPDATE referral_events e SET account_id = p.account_id FROM referral_events p"
        " WHERE p.referral_id = e.referral_id AND p.seq = e.seq - 1 AND e.to_state = 'closed'"
        " AND e.actor_kind = 'second'"
    ),
    "a case below its worst signal": "UPDATE cases SET level = 'low'",
    "lowered or put off by being handed on": (
        "UPDATE referrals SET seen_due_at = seen_due_at + interval '1 second'"
        " WHERE parent_id IS NOT NULL"
    ),
    "below what its own steps say": (
        "UPDATE referral_events SET level = 'immediate' WHERE referral_id IN"
        " (SELECT id FROM referrals WHERE level <> 'immediate')"
    ),
    "merged into a less urgent one": (
        "UPDATE referrals SET state = 'merged', outcome = 'merged', closed_at = now(),"
        " merged_into_id = (SELECT id FROM referrals WHERE level = 'medium' LIMIT 1)"
        " WHERE level = 'immediate'"
    ),
    "a clock that was left behind": (
        "DELETE FROM deadlines d USING referrals r WHERE r.id = d.referral_id"
        " AND r.parent_id IS NOT NULL AND d.clock = 'contact'"
    ),
    "words that are not the protocol's": "UPDATE notices SET sha256 = 'other words'",
    "given, and nobody says by whom": (
        "ALTER TABLE notices DROP CONSTRAINT ck_notices_confirmed_by_a_person;"
        " UPDATE notices SET confirmed_by = NULL"
    ),
    "a signal without what its level demands": "DELETE FROM notices",
    "its time is over, and it did not go out by itself": (
        "DELETE FROM outbox WHERE authority_id IS NOT NULL"
    ),
    "a message to somebody who is named": "UPDATE conflicts SET created_at = '2020-01-01'",
    "a step by somebody who is named": "UPDATE conflicts SET created_at = '2020-01-01'",
    "a referral to where somebody is named": "UPDATE conflicts SET created_at = '2020-01-01'",
    "a notice confirmed by somebody who is named": "UPDATE conflicts SET created_at = '2020-01-01'",
}


@pytest.fixture(scope="module")
def day(ground: Ground) -> Iterator[Play]:
    """A day on which a little of everything happened, and nothing went wrong."""
    with ground.copy() as play:
        _a_case_from_start_to_end(play)
        _a_case_that_is_sent_on(play)
        _a_case_that_nobody_takes(play)
        _a_case_with_somebody_named(play)
        a_relay(play, "no").sweep()
        a_relay(play, "unknown").sweep()
        yield play


def _a_case_from_start_to_end(play: Play) -> None:
    people, child = play.ground.people, play.ground.children[0]
    with play.acting(child.actor) as unit:
        subject = Subject(child.key.school_year, child.key.id, child.id, child.school.id, "hash")
        referrals.raise_flags(unit, subject, [Flag("self-harm", Level.HIGH, Moment.ANSWER)])
    (leg,) = (one for one in legs(play) if one.student_id == child.id)
    accept(play, leg.id, people["specialist"])
    for name in ("triage", "contact", "assess", "outcome", "close"):
        _step(play, leg.id, name, people["supervisor" if name == "close" else "specialist"])


def _step(play: Play, leg_id: object, name: str, who: Adult) -> None:
    (leg,) = (one for one in legs(play) if one.id == leg_id)
    choice = Choice(Level.HIGH, Outcome.SUPPORTED, play.ground.world.neighbour.id)
    verb = VERBS[name]
    with play.acting(who) as unit:
        if verb.before is not None:
            verb.before(unit, leg)
        verb.call(unit, leg, leg.version, choice)


def _a_case_that_is_sent_on(play: Play) -> None:
    leg, who = a_signal(play, child=1), play.ground.people["specialist"]
    accept(play, leg, who)
    with play.acting(who) as unit:
        referral_care.triage(unit, leg, version_of(unit, leg), Level.IMMEDIATE, NOTE)
    # A further signal joins it as it stands, and judges nothing.
    assert a_signal(play, Level.HIGH, child=1) == leg
    with play.acting(who) as unit:
        center = play.ground.world.neighbour.id
        handovers.redirect(unit, leg, version_of(unit, leg), center, NOTE)


def _a_case_that_nobody_takes(play: Play) -> None:
    a_signal(play, child=2)
    play.let_pass(timedelta(minutes=61))
    the_sweep(play)
    # Others have only just come in, and one of them has been accepted.
    who = play.ground.people["other psychologist"]
    a_signal(play, child=4, who=who)
    accept(play, a_signal(play, child=5, who=who), play.ground.people["colleague"])


def _a_case_with_somebody_named(play: Play) -> None:
    people, child = play.ground.people, play.ground.children[3]
    who = people["other psychologist"]
    a_signal(play, Level.HIGH, child=3, who=who)
    a_signal(play, Level.MEDIUM, child=3, who=who)
    (mine,) = (one for one in legs(play) if one.student_id == child.id and one.receiver == "school")
    with play.acting(who) as unit:
        referral_steps.acknowledge(unit, mine.id, mine.version)
    with play.acting(who) as unit:
        referral_care.triage(unit, mine.id, version_of(unit, mine.id), Level.MEDIUM, NOTE)
    with play.acting(who) as unit:
        referral_care.record_contact(unit, mine.id, version_of(unit, mine.id), TALKED)
    with play.owner.connect() as connection:
        notices = connection.scalars(
            text("SELECT id FROM notices WHERE student_id = :id AND addressee = 'school'"),
            {"id": child.id},
        ).all()
    for notice in notices:
        with play.acting(who) as unit:
            notice_steps.confirm_notice(unit, notice)
    with play.acting(people["specialist"]) as unit:
        harm.name_conflict(unit, child.id, Named(ConflictKind.SCHOOL_STAFF, NOTE))


def test_a_healthy_day_breaks_no_promise(day: Play) -> None:
    assert not day.violations()


def test_every_promise_is_asked_about_or_says_why_not() -> None:
    numbers = {f"I{number}" for number in range(1, 17)}
    assert set(QUESTIONS) | set(invariants.NOT_ASKED) == numbers


@pytest.mark.parametrize(
    ("number", "what"), [(number, what) for number in QUESTIONS for what in QUESTIONS[number]]
)
def test_damage_is_found(day: Play, number: str, what: str) -> None:
    with day.owner.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in DAMAGE[what].split(";"):
            connection.execute(text(statement))
        protocol = day.ground.world.catalog.protocol
        found = invariants.violations(Session(bind=connection), protocol)
        connection.rollback()
    assert (number, what) in {(one.invariant, one.what) for one in found}
