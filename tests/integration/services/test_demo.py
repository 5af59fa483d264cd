"""The demo holds together: real scores, real referrals, dates in order, doors that open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from tests.conftest import Server
from tests.world import a_vault, an_origin, the_catalog
from tirek.catalog.demo import load_demo
from tirek.config import ROOT, Keys
from tirek.domain import roster
from tirek.domain.gates import Gate
from tirek.domain.instruments import Subject
from tirek.domain.people import SYSTEM, TOTP_ROLES, Role
from tirek.domain.scope import Scope
from tirek.domain.scoring import score
from tirek.domain.territory_check import check
from tirek.services import accounts, demo, fold, invariants, promises, runs
from tirek.services.administrations import open_by_code
from tirek.services.demo_size import HOLIDAYS, Size, Workshop, current, rounds
from tirek.services.instruments import register_releases
from tirek.services.parcels import PHONE
from tirek.services.runs import AdministrationKey
from tirek.services.territories import all_territories
from tirek.services.unit import Unit
from tirek.storage.models import Account, Administration, Score
from tirek.storage.session import app_engine, open_session, owner_engine

SMALL = Size(schools=4, classes=(7, 7, 6), open_schools=2, codes_main=3, codes_other=1, families=2)


@dataclass(frozen=True)
class Built:
    """A demo with all that is needed to look at it."""

    demo: demo.Demo
    workshop: Workshop
    engine: Engine
    owner: Engine

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with self.owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


def build(engine: Engine, owner: Engine, keys: Keys, seed: int, now: datetime) -> Built:
    vault = a_vault(keys)

    @contextmanager
    def begin() -> Iterator[Unit]:
        with open_session(engine, Scope.system()) as session, session.begin():
            yield Unit(session, the_catalog(), vault, SYSTEM)

    with begin() as unit:
        register_releases(unit.session, unit.catalog)
    workshop = Workshop(begin, load_demo(ROOT / "demo"), SMALL, seed, now)
    return Built(demo.build(workshop, owner), workshop, engine, owner)


@contextmanager
def a_build(server: Server, template: str, keys: Keys, now: datetime) -> Iterator[Built]:
    """A demo in a database of its own."""
    name = f"{template}_{uuid4().hex[:12]}"
    url = server.create(name, template)
    engine, owner = app_engine(url), owner_engine(url)
    try:
        yield build(engine, owner, keys, 1, now)
    finally:
        engine.dispose()
        owner.dispose()
        server.drop(name)


@pytest.fixture(scope="module")
def built(server: Server, template: str, keys: Keys) -> Iterator[Built]:
    """One for the tests of this file: they read, or add what the others do not look at."""
    with a_build(server, template, keys, datetime.now(UTC)) as one:
        yield one


def test_places_people_and_doors(built: Built) -> None:
    assert built.ask("SELECT count(*) FROM regions") == [(20,)]
    assert built.ask("SELECT count(*) FROM support_centers") == [(20,)]
    assert built.ask("SELECT count(*), count(DISTINCT priority) FROM service_areas") == [(120, 2)]
    assert built.ask("SELECT count(*) FROM students") == [(4 * 20,)]
    assert built.ask("SELECT count(*) FROM campaigns") == [(8,)]
    assert {login.account.role for login in built.demo.staff} == TOTP_ROLES
    _every_code_opens(built)
    _every_login_works(built)


def _every_code_opens(built: Built) -> None:
    assert {code.pupil.place.language for code in built.demo.codes} == {"kk", "ru"}
    pupil_instruments = {
        instrument.id
        for instrument in the_catalog().instruments.values()
        # No specialist waits in the demo's rooms, and no rights-holder has written to it.
        if instrument.structure.subject is Subject.CHILD
        and instrument.structure.gate is Gate.FREE
        and instrument.structure.licence.may["display"]
    }
    assert {code.instrument_id for code in built.demo.codes} == pupil_instruments
    assert min(code.age for code in built.demo.codes) <= 12 < max(c.age for c in built.demo.codes)
    for code in built.demo.codes:
        with built.workshop.begin() as unit:
            language = code.pupil.place.language
            entry = open_by_code(unit, code.code, an_origin(code.code), language)
            run = runs.load(unit, entry.key)
            assert run.is_open
            assert run.instrument.id == code.instrument_id
            assert run.student_id == code.pupil.student.id


def _every_login_works(built: Built) -> None:
    for login in built.demo.staff + tuple(family.login for family in built.demo.families):
        with built.workshop.begin() as unit:
            email = login.account.email
            account = accounts.check_password(unit, email, login.password, email)
            assert account.role in {Role.GUARDIAN, *TOTP_ROLES}
            assert (login.totp_secret is not None) == accounts.needs_totp(account)


def test_each_family_has_a_meeting_ahead_and_free_times_to_choose_from(built: Built) -> None:
    ahead = "SELECT count(*) FROM bookings WHERE state = 'booked' AND starts_at > now()"
    assert built.ask(ahead) == [(len(built.demo.families),)]
    open_times = "SELECT count(DISTINCT host_id) FROM slots WHERE starts_at > now()"
    # Four schools' psychologists and one specialist of each centre.
    assert built.ask(open_times) == [(24,)]


def test_each_family_can_go_on_reading_and_every_other_has_a_certificate(built: Built) -> None:
    families = len(built.demo.families)
    left = "SELECT count(*) FROM lesson_progress WHERE done_at IS NULL AND card_id IS NOT NULL"
    assert built.ask(left) == [(families,)]
    assert built.ask("SELECT count(*) FROM bookmarks") == [(2 * families,)]
    assert built.ask("SELECT count(*) FROM certificates") == [(-(-families // 2),)]


def test_every_parent_finds_questions_about_themselves_and_two_have_signed_them(
    built: Built,
) -> None:
    approved = "SELECT instrument_id FROM instrument_releases WHERE status = 'approved'"
    assert built.ask(approved) == [("parent-attitudes",)]
    states = "SELECT state, count(*) FROM self_reports GROUP BY state"
    assert built.ask(states) == [("completed", len(built.demo.families))]


def test_somebody_answers_at_every_post(built: Built) -> None:
    assert built.ask(
        "SELECT count(DISTINCT region_iso) FROM accounts WHERE role = 'regional_coordinator'"
    ) == [(20,)]
    assert built.ask("SELECT count(*) FROM accounts WHERE role = 'national_duty'") == [(2,)]
    assert built.ask("SELECT post, count(*) FROM duty_posts GROUP BY post ORDER BY post") == [
        ("last_responder", 20),
        ("national_duty", 2),
    ]
    assert built.ask("SELECT count(*) FROM authorities WHERE email LIKE '%.example'") == [(40,)]
    assert built.ask("SELECT count(*), bool_or(is_active) FROM endpoints") == [(1, False)]
    assert built.ask("SELECT count(*) FROM support_centers WHERE is_full") == [(1,)]
    with built.workshop.begin() as unit:
        assert check(unit.catalog.protocol, all_territories(unit.session)) == ()
        sealed = unit.session.execute(
            select(Account.id, Account.phone_sealed).where(Account.phone_sealed.is_not(None))
        ).all()
        numbers = {unit.vault.open_secret(one, *PHONE, str(key)) for key, one in sealed if one}
    assert len(numbers) == len(sealed) > 20
    assert all(number.startswith("+77000000") for number in numbers)
    _rosters_have_one_gap(built)
    _drills_were_answered(built)


def _rosters_have_one_gap(built: Built) -> None:
    """Two PSCs have somebody at every hour of the coming days, but for one night."""
    now = built.workshop.now
    gaps: list[roster.Span] = []
    centers = built.ask("SELECT id FROM support_centers WHERE keeps_roster")
    for (center_id,) in centers:
        shifts = built.ask(
            f"SELECT starts_at, ends_at FROM duty_shifts WHERE support_center_id = '{center_id}'"  # noqa: S608
        )
        spans = [roster.Span(*row) for row in shifts]  # type: ignore[arg-type]
        gaps += roster.gaps(spans, roster.Span(now, now + timedelta(days=13)))
    assert len(centers) == 2
    assert [gap.ends - gap.starts for gap in gaps] == [timedelta(hours=12)]


def _drills_were_answered(built: Built) -> None:
    rows = built.ask(
        "SELECT answered_at <= due_at, escalated_at IS NOT NULL, count(*) FROM drills GROUP BY 1, 2"
    )
    assert {row[:2] for row in rows} <= {(True, False), (False, True), (None, True)}
    assert sum(int(str(row[2])) for row in rows if row[0]) > 80
    assert built.ask("SELECT count(*) FROM drills WHERE answered_at > now()") == [(0,)]


def test_nothing_is_lost_and_every_promise_is_kept(built: Built) -> None:
    with open_session(built.engine, Scope.system()) as session:
        assert fold.mismatches(session).mismatches == []
        assert promises.findings(session) == {}
        assert invariants.violations(session, the_catalog().protocol) == []


def test_what_was_late_has_rung(built: Built) -> None:
    late = built.ask(
        "SELECT count(*) FROM deadlines WHERE due_at < now() - interval '5 minutes' AND"
        " fired_at IS NULL AND COALESCE(LEAST(met_at, ended_at) > due_at, true)"
    )
    assert late == [(0,)]
    assert built.ask("SELECT count(*) FROM deadlines WHERE fired_at IS NOT NULL") > [(0,)]
    # It rang within seconds, or as soon as the clock was there at all.
    slow = "SELECT count(*) FROM deadlines WHERE fired_at > greatest(due_at, created_at) + '1 min'"
    assert built.ask(slow) == [(0,)]
    # A first start sends what came in this morning, and rings little in its first minute.
    assert built.ask("SELECT count(*) FROM outbox WHERE done_at IS NULL") < [(100,)]
    soon = (
        "SELECT count(*) FROM deadlines WHERE due_at < now() + interval '2 minutes'"
        " AND fired_at IS NULL AND met_at IS NULL AND ended_at IS NULL"
    )
    assert built.ask(soon) < [(25,)]


def test_a_class_was_asked_while_somebody_was_there_and_one_after_an_event(built: Built) -> None:
    asked = built.ask(
        "SELECT a.instrument_id, a.closes_at - a.opens_at <= interval '4 hours',"
        " a.staffed_by IS NOT NULL, e.happened_on < a.opens_at::date,"
        " bool_and(r.ended_at BETWEEN a.opens_at AND a.closes_at), count(*) > 2"
        " FROM assignments a JOIN administrations r ON r.assignment_id = a.id"
        " LEFT JOIN school_events e ON e.id = a.event_id"
        " WHERE a.instrument_id IN ('asq', 'cries-8') GROUP BY a.id, e.id ORDER BY 1"
    )
    assert asked == [
        ("asq", True, True, None, True, True),
        ("cries-8", False, False, True, True, True),
    ]


def test_people_took_the_whole_path(built: Built) -> None:
    states = {str(row[0]) for row in built.ask("SELECT DISTINCT to_state FROM referral_events")}
    assert {
        "seen",
        "acknowledged",
        "triaged",
        "contacted",
        "assessed",
        "planned",
        "in_support",
        "review",
        "outcome_set",
        "closed",
    } <= states
    ahead = (
        "SELECT count(*) FROM plans WHERE next_on <= (created_at AT TIME ZONE 'Asia/Almaty')::date"
    )
    assert built.ask(ahead) == [(0,)]
    # What is still being worked on is looked at again on a day that lies ahead.
    assert built.ask("SELECT count(*) FROM plans WHERE next_on > now()::date") > [(0,)]


def test_history_is_real_and_in_order(built: Built) -> None:
    _scores_are_those_of_the_answers(built)
    assert built.ask("SELECT count(*) FROM cases WHERE closed_at IS NULL") > [(0,)]
    assert built.ask("SELECT count(*) FROM cases WHERE closed_at IS NOT NULL") > [(0,)]
    # Two earlier rounds, in the years that their assignments say.
    assert len(built.ask("SELECT DISTINCT campaign_id FROM assignments")) == 3
    _nothing_out_of_order(built)
    _deadlines_count_from_their_start(built)
    _rules_are_on_again(built)


def _scores_are_those_of_the_answers(built: Built) -> None:
    with built.workshop.begin() as unit:
        keys = unit.session.execute(
            select(Administration.school_year, Administration.id).where(
                Administration.state == "completed"
            )
        ).all()
        stored = {
            (row.administration_id, row.scale): row for row in unit.session.scalars(select(Score))
        }
        assert len(keys) > 100
        expected = 0
        for year, administration_id in keys:
            run = runs.load(unit, AdministrationKey(year, administration_id))
            for one in score(run.instrument, run.answers):
                expected += 1
                row = stored[administration_id, one.scale]
                assert (row.state, row.band, row.answered) == (one.state, one.band, one.answered)
                if one.value is not None and row.value is not None:
                    assert row.value == round(Decimal(float(one.value)), 10)
        assert expected == len(stored)


def _nothing_out_of_order(built: Built) -> None:
    backwards = (
        (
            "SELECT count(*) FROM referral_events e JOIN referral_events f"
            " ON f.referral_id = e.referral_id AND f.seq = e.seq + 1"
            " WHERE f.created_at < e.created_at"
        ),
        "SELECT count(*) FROM administrations WHERE ended_at < started_at OR ended_at > now()",
        (
            "SELECT count(*) FROM responses r JOIN administrations a ON a.id = r.administration_id"
            " WHERE r.answered_at <> a.ended_at AND a.ended_at IS NOT NULL"
        ),
        (
            "SELECT count(*) FROM flags f JOIN administrations a ON a.id = f.administration_id"
            " WHERE f.created_at <> a.ended_at"
        ),
        (
            "SELECT count(*) FROM signals s JOIN cases c ON c.id = s.case_id"
            " WHERE s.occurred_at < c.opened_at"
        ),
        (
            "SELECT count(*) FROM referrals r JOIN cases c ON c.id = r.case_id"
            " WHERE r.created_at < c.opened_at OR r.closed_at > c.closed_at"
        ),
        "SELECT count(*) FROM referrals WHERE acknowledged_at < created_at OR created_at > now()",
        "SELECT count(*) FROM notices WHERE confirmed_at < created_at",
        "SELECT count(*) FROM deadlines WHERE met_at < created_at OR ended_at < created_at",
        "SELECT count(*) FROM approvals WHERE decided_at < proposed_at",
        *(
            (
                f"SELECT count(*) FROM {table} n JOIN referrals r ON r.id = n.referral_id"  # noqa: S608
                " WHERE n.created_at < r.created_at OR n.created_at > now()"
            )
            for table in ("contact_attempts", "assessment_notes", "plans", "outcome_notes")
        ),
        (
            "SELECT count(*) FROM legal_decisions l JOIN signals s ON s.id = l.signal_id"
            " WHERE l.created_at <> s.occurred_at"
        ),
        # Nobody is sent mail about last spring.
        "SELECT count(*) FROM outbox WHERE done_at IS NULL AND created_at < now() - interval '2 d'",
        (
            "SELECT count(*) FROM assignments a JOIN campaigns c ON c.id = a.campaign_id"
            " WHERE a.opens_at < c.starts_at OR a.closes_at > c.ends_at"
        ),
    )
    for query in backwards:
        assert built.ask(query) == [(0,)], query


def _deadlines_count_from_their_start(built: Built) -> None:
    rows = built.ask(
        "SELECT r.level, r.created_at, r.acknowledge_due_at, r.contact_due_at FROM referrals r"
        " WHERE r.parent_id IS NULL AND NOT EXISTS (SELECT FROM referral_events e"
        " WHERE e.referral_id = r.id AND e.contact_due_at IS NOT NULL)"
    )
    assert rows
    protocol = the_catalog().protocol
    by_word = {rule.level.value: rule for rule in protocol.levels.values()}
    for level, created_at, acknowledge_due_at, contact_due_at in rows:
        assert isinstance(level, str)
        assert isinstance(created_at, datetime)
        due = by_word[level].due(created_at)
        assert (due.acknowledged, due.contact) == (acknowledge_due_at, contact_due_at)


def _rules_are_on_again(built: Built) -> None:
    for statement in (
        "UPDATE scores SET computed_at = now()",
        "UPDATE flags SET created_at = now()",
        "UPDATE administrations SET ended_at = now()",
        "UPDATE deadlines SET due_at = due_at + interval '1 day'",
        "UPDATE plans SET next_on = next_on + 1",
        "UPDATE breaches SET recorded_at = now()",
    ):
        with pytest.raises(DBAPIError), built.owner.begin() as connection:
            connection.execute(text(statement))


# What a build is made of, without ids, keys and secrets.
CONTENTS = (
    "SELECT name_kk, name_ru, address_kk, phone FROM support_centers ORDER BY phone",
    "SELECT email, role, display_name, language FROM accounts ORDER BY email",
    (
        "SELECT s.school_code, s.birth_month, s.sex, c.grade, c.letter FROM students s"
        " JOIN classrooms c ON c.id = s.classroom_id ORDER BY 1"
    ),
    (
        "SELECT s.school_code, c.state, c.source, c.created_at FROM consents c"
        " JOIN students s ON s.id = c.student_id ORDER BY 1, c.id"
    ),
    (
        "SELECT s.school_code, a.instrument_id, a.ended_at, x.scale, x.value, x.reason"
        " FROM scores x"
        " JOIN administrations a ON a.id = x.administration_id"
        " JOIN students s ON s.id = x.student_id ORDER BY 1, 2, 3, 4"
    ),
    (
        "SELECT s.school_code, e.seq, e.to_state, e.actor_kind, e.created_at, a.email"
        " FROM referral_events e JOIN students s ON s.id = e.student_id"
        " LEFT JOIN accounts a ON a.id = e.account_id ORDER BY 1, 5, 2, 3"
    ),
    (
        "SELECT s.school_code, d.clock, d.rung, d.due_at, d.met_at, d.ended_at, d.fired_at"
        " FROM deadlines d JOIN students s ON s.id = d.student_id WHERE d.fired_at IS NULL"
        " OR d.fired_at < now() - interval '1 day' ORDER BY 1, 2, 3, 4, 5, 6"
    ),
    (
        "SELECT s.school_code, r.level, r.state, r.outcome, r.created_at, r.acknowledged_at,"
        " r.closed_at, a.email FROM referrals r JOIN students s ON s.id = r.student_id"
        " LEFT JOIN accounts a ON a.id = r.owner_id ORDER BY 1, 5, 2, 3"
    ),
)


def test_the_same_seed_invents_the_same(
    built: Built, server: Server, template: str, keys: Keys
) -> None:
    with a_build(server, template, keys, built.workshop.now) as twin:
        for query in CONTENTS:
            assert twin.ask(query) == built.ask(query), query
        codes = {code.code for code in built.demo.codes}
        assert codes.isdisjoint(code.code for code in twin.demo.codes)


@pytest.mark.parametrize("month", range(1, 13))
def test_there_are_two_earlier_rounds_on_any_day(month: int) -> None:
    now = datetime(2027, month, 1, tzinfo=UTC)
    here = current(now)
    whole = rounds(now)
    assert here >= 2
    assert whole[here].starts_at <= now
    assert all(one.ends_at <= now for one in whole[:here])
    assert all(one.ends_at - one.starts_at > timedelta(days=50) for one in whole)
    assert {one.starts_at.month for one in whole}.isdisjoint(range(HOLIDAYS, 9))
