"""What a parent answers about themselves is theirs alone; a danger calls a person at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_about import (
    ATTITUDES,
    CALM,
    HOME_DANGER,
    OWN_DANGER,
    a_finished_report,
    a_report,
    answer,
    given,
    the_offer,
)
from tests.builders_referral import acting
from tests.builders_talks import a_parent
from tests.builders_trials import approve
from tests.world import Adult, World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.errors import NotFoundError
from tirek.domain.parents import HelpKind, ReportState
from tirek.domain.people import Role
from tirek.domain.reliable_change import Change
from tirek.domain.scope import Scope
from tirek.services import help_requests, parent_advice, self_reports, self_scores
from tirek.services.self_reports import About, AgeError, ReportEndedError
from tirek.storage.models import (
    Account,
    Case,
    HelpRequest,
    OutboxMessage,
    SelfAnswer,
    SelfReport,
    SelfScore,
)
from tirek.storage.session import open_session
from tirek.storage.vault import SealError


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    return made


@pytest.fixture
def parent(world: World) -> Adult:
    return world.school.guardian


@pytest.fixture
def stranger(world: World, system: Session) -> Adult:
    """A parent whom no school has joined with a pupil, and who told no region."""
    adult = an_adult(world.unit(), Role.GUARDIAN)
    # What is only on trial is offered to parents of some schools.
    approve(world, ATTITUDES)
    return adult


def calls(system: Session) -> list[HelpRequest]:
    system.rollback()
    return list(system.scalars(select(HelpRequest).order_by(HelpRequest.kind)))


def test_only_what_its_licence_lets_us_show_is_offered(
    engine: Engine, world: World, parent: Adult
) -> None:
    with acting(engine, world, parent) as unit:
        assert [one.instrument.id for one in self_reports.offers(unit)] == ["parent-attitudes"]


def test_answers_are_kept_sealed_and_come_back_after_a_break(
    engine: Engine, world: World, parent: Adult, system: Session
) -> None:
    with acting(engine, world, parent) as unit:
        report_id = a_report(unit)
        answer(unit, report_id, q1="4", q2="3")
    with acting(engine, world, parent) as unit:
        assert a_report(unit) == report_id
        report = self_reports.load(unit, report_id)
    assert (report.answers, report.next_page) == (given(q1="4", q2="3"), 0)
    sealed = system.scalars(select(SelfAnswer.sealed).order_by(SelfAnswer.item_id)).all()
    assert len(set(sealed)) == 2
    assert all(one is not None and len(one) > 20 for one in sealed)
    with pytest.raises(SealError):
        world.vault.open_secret(sealed[0], "self_answers", "sealed", str(report_id), "q2")


def test_a_child_of_another_age_is_not_for_these_questions(
    engine: Engine, world: World, parent: Adult
) -> None:
    with acting(engine, world, parent) as unit, pytest.raises(AgeError):
        self_reports.begin(unit, the_offer(unit), About(1), "kk")


def test_finishing_scores_once_and_nothing_is_taken_after_it(
    engine: Engine, world: World, parent: Adult, system: Session
) -> None:
    with acting(engine, world, parent) as unit:
        report_id = a_finished_report(unit)
        report = self_reports.load(unit, report_id)
        self_reports.complete(unit, report)
        with pytest.raises(ReportEndedError):
            self_reports.record_answers(unit, report, given(q1="0"))
    rows = system.scalars(select(SelfScore).order_by(SelfScore.id)).all()
    assert [row.scale_id for row in rows] == [
        "warmth",
        "cooperation",
        "autonomy",
        "structure",
        "confidence",
    ]
    assert {row.value for row in rows} == {10}


def test_too_few_answers_leave_a_side_without_a_value_and_with_its_reason(
    engine: Engine, world: World, parent: Adult, system: Session
) -> None:
    with acting(engine, world, parent) as unit:
        report_id = a_report(unit)
        answer(
            unit,
            report_id,
            **{item: code for item, code in CALM.items() if item not in {"q1", "q6"}},
        )
        self_reports.complete(unit, self_reports.load(unit, report_id))
    warmth = system.scalars(select(SelfScore).where(SelfScore.scale_id == "warmth")).one()
    assert (warmth.value, warmth.reason) == (None, "too_many_missing")


def test_a_broken_engine_says_nothing_instead_of_something(
    engine: Engine, world: World, parent: Adult, system: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(self_scores, "score", break_down)
    with acting(engine, world, parent) as unit:
        report_id = a_finished_report(unit)
        outcome = parent_advice.outcome(
            unit, self_reports.load(unit, report_id), list(world.catalog.courses.values())
        )
    assert not outcome.has_words
    assert outcome.advice.suggestions
    assert set(system.scalars(select(SelfScore.reason))) == {"scoring_failed"}


def test_a_danger_calls_a_person_at_the_moment_of_the_answer_also_if_the_parent_stops(
    engine: Engine, world: World, parent: Adult, system: Session
) -> None:
    with acting(engine, world, parent) as unit:
        report_id = a_report(unit, student_id=world.school.pupil.id)
        answer(unit, report_id, **{OWN_DANGER: "1"})
    with acting(engine, world, parent) as unit:
        self_reports.stop(unit, self_reports.load(unit, report_id))
    (call,) = calls(system)
    assert (call.kind, call.support_center_id) == (HelpKind.OWN_DANGER, world.home.id)
    assert call.report_id == report_id
    assert (call.due_at - call.created_at).total_seconds() == 15 * 60
    told = system.execute(
        select(OutboxMessage.kind, Account.role).join(
            Account, Account.id == OutboxMessage.account_id
        )
    ).all()
    assert sorted((kind, role) for kind, role in told) == [
        ("help_waits", "psc_specialist"),
        ("help_waits", "psc_supervisor"),
    ]
    # No case about the child without a person.
    assert not system.scalars(select(Case.id)).all()


def test_the_same_page_sent_twice_calls_once(
    engine: Engine, world: World, parent: Adult, system: Session
) -> None:
    with acting(engine, world, parent) as unit:
        report_id = a_report(unit)
    for _ in range(2):
        with acting(engine, world, parent) as unit:
            answer(unit, report_id, **{HOME_DANGER: "1"})
    with acting(engine, world, parent) as unit:
        answer(unit, report_id, **{HOME_DANGER: "0"})
        answer(unit, report_id, **{HOME_DANGER: "1"})
        self_reports.complete(unit, self_reports.load(unit, report_id))
    assert len(calls(system)) == 1
    assert system.scalars(select(func.count()).select_from(OutboxMessage)).one() == 2


def test_two_tabs_begin_one_report_and_call_one_person(
    engine: Engine, world: World, parent: Adult, system: Session
) -> None:
    barrier = Barrier(2)

    def tab(_: int) -> UUID:
        with acting(engine, world, parent) as unit:
            barrier.wait()
            report_id = a_report(unit)
        with acting(engine, world, parent) as unit:
            barrier.wait()
            answer(unit, report_id, q1="3", **{OWN_DANGER: "1"})
        return report_id

    with ThreadPoolExecutor(2) as pool:
        begun = set(pool.map(tab, range(2)))
    assert len(begun) == 1
    assert len(calls(system)) == 1


def test_an_answer_that_was_not_committed_never_was(
    engine: Engine, world: World, parent: Adult, system: Session
) -> None:
    with acting(engine, world, parent) as unit:
        report_id = a_report(unit)
    with open_session(engine, parent.actor.scope) as session:
        unit = world.unit(parent.actor, session)
        answer(unit, report_id, **{**CALM, OWN_DANGER: "1"})
        self_reports.complete(unit, self_reports.load(unit, report_id))
        # The process dies here.
        session.rollback()
    assert not calls(system)
    assert system.scalars(select(SelfReport.state)).one() == ReportState.OPEN
    for model in (SelfAnswer, SelfScore, OutboxMessage):
        assert system.scalars(select(func.count()).select_from(model)).one() == 0


def test_where_no_centre_is_known_the_answer_is_kept_and_the_region_brings_the_call(
    engine: Engine, world: World, system: Session, stranger: Adult
) -> None:
    system.commit()
    with acting(engine, world, stranger) as unit:
        report_id = a_report(unit)
        answer(unit, report_id, **{HOME_DANGER: "1"})
        assert not help_requests.center_is_known(unit)
    assert not calls(system)
    with acting(engine, world, stranger) as unit:
        report = self_reports.load(unit, report_id)
        assert report.dangers == {HelpKind.HOME_DANGER}
        help_requests.tell_region(unit, world.neighbour.region.iso)
        self_reports.call(unit, report, report.dangers)
    (call,) = calls(system)
    assert call.support_center_id == world.neighbour.id


def test_nobody_else_reads_it(engine: Engine, world: World, parent: Adult, system: Session) -> None:
    other = a_parent(world.unit(), world.school.pupil.student, world.school.psychologist.account)
    system.commit()
    with acting(engine, world, parent) as unit:
        report_id = a_report(unit, student_id=world.school.pupil.id)
        answer(unit, report_id, **{**CALM, HOME_DANGER: "1"})
        self_reports.complete(unit, self_reports.load(unit, report_id))
    for who in (other, world.school.psychologist, world.home.specialist, world.home.supervisor):
        with open_session(engine, who.actor.scope) as session:
            for model in (SelfReport, SelfAnswer, SelfScore):
                assert not session.scalars(select(model)).all(), (who.account.role, model)
    for who in (other, world.school.psychologist, world.neighbour.specialist):
        with open_session(engine, who.actor.scope) as session:
            assert not session.scalars(select(HelpRequest)).all(), who.account.role
    with acting(engine, world, other) as unit:
        assert not self_scores.past(unit)
        assert not help_requests.of_parent(unit)
        with pytest.raises(NotFoundError):
            self_reports.load(unit, report_id)
        with pytest.raises(NotFoundError):
            self_reports.remove(unit, report_id)


def test_nobody_writes_into_the_report_of_another(
    engine: Engine, world: World, parent: Adult, system: Session
) -> None:
    other = a_parent(world.unit(), world.school.pupil.student, world.school.psychologist.account)
    system.commit()
    with acting(engine, world, parent) as unit:
        report_id = a_report(unit)
    statement = text(
        "INSERT INTO self_answers (report_id, item_id, state) VALUES (:id, 'q1', 'declined')"
    )
    with (
        open_session(engine, Scope.guardian(other.account.id)) as session,
        pytest.raises(DBAPIError),
    ):
        session.execute(statement, {"id": report_id})


def test_deleting_takes_the_answers_and_leaves_the_call(
    engine: Engine, world: World, parent: Adult, system: Session
) -> None:
    with acting(engine, world, parent) as unit:
        report_id = a_finished_report(unit, **{OWN_DANGER: "1"})
        self_reports.remove(unit, report_id)
    for model in (SelfReport, SelfAnswer, SelfScore):
        assert system.scalars(select(func.count()).select_from(model)).one() == 0
    (call,) = calls(system)
    assert (call.report_id, call.closed_at) == (None, None)


def test_a_second_time_is_compared_with_the_first_and_nothing_is_claimed(
    engine: Engine, world: World, parent: Adult
) -> None:
    with acting(engine, world, parent) as unit:
        first = a_finished_report(unit)
        instrument = self_reports.load(unit, first).instrument
        assert self_scores.since_last_time(unit, first, instrument) is None
    with acting(engine, world, parent) as unit:
        second = a_finished_report(unit, q1="4", q11="4", q21="4")
        earlier = self_scores.since_last_time(unit, second, instrument)
    assert earlier is not None
    assert set(earlier.changes.values()) == {Change.CANNOT_SAY}


def test_the_picture_puts_strengths_first_and_three_lessons_at_most(
    engine: Engine, world: World, parent: Adult
) -> None:
    strong = {"q1": "4", "q11": "4", "q21": "4", "q6": "0", "q16": "0"}
    with acting(engine, world, parent) as unit:
        report = self_reports.load(unit, a_finished_report(unit, **strong, q5="0", q15="0"))
        courses = list(world.catalog.courses.values())
        outcome = parent_advice.outcome(unit, report, courses)
    assert outcome.picture.strengths == ("warmth",)
    assert outcome.picture.needs_support == ("confidence",)
    assert outcome.advice.suggestions[0].why == "confidence"
    assert len(outcome.advice.suggestions) == 3
