"""A guardian's own children, what was said about them, and whose rows a guardian may see."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, an_adult, give_consent, the_catalog
from tirek.config import Keys
from tirek.domain.consent import ConsentKind, ConsentState, Purpose, guardian_says
from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.instruments import Answer, AnswerState
from tirek.domain.people import Role
from tirek.domain.scope import Scope
from tirek.services import administrations, children, completion, consents
from tirek.services.administrations import ConsentMissingError, WindowClosedError
from tirek.services.runs import Run
from tirek.services.unit import Unit
from tirek.storage.models import (
    Assignment,
    AuditEntry,
    Case,
    Consent,
    FlagRecord,
    InstrumentRelease,
    OutboxMessage,
    Referral,
    ReviewTask,
    Signal,
)
from tirek.storage.session import open_session, within_scope


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    return built


@pytest.fixture
def unit(engine: Engine, world: World) -> Iterator[Unit]:
    """What the first school's guardian works with: the guardian's own scope."""
    guardian = world.school.guardian.actor
    with open_session(engine, guardian.scope) as session:
        yield world.unit(guardian, session)
        session.rollback()


def begun(unit: Unit, world: World) -> Run:
    child = children.get_child(unit, world.school.pupil.id)
    asked = children.get_asked(unit, child, world.school.assignments["psc-17-p"].id)
    return children.begin(unit, child, asked, "kk")


def all_answers(run: Run, code: str) -> dict[str, Answer]:
    return {item.id: Answer(AnswerState.ANSWERED, code) for item in run.instrument.items}


@pytest.mark.parametrize(
    ("before", "agrees", "after"),
    [
        (None, True, ConsentState.GIVEN),
        (None, False, ConsentState.REFUSED),
        (ConsentState.REFUSED, False, ConsentState.REFUSED),
        (ConsentState.REFUSED, True, ConsentState.GIVEN),
        (ConsentState.GIVEN, True, ConsentState.GIVEN),
        (ConsentState.GIVEN, False, ConsentState.WITHDRAWN),
        (ConsentState.WITHDRAWN, False, ConsentState.WITHDRAWN),
        (ConsentState.WITHDRAWN, True, ConsentState.GIVEN),
    ],
)
def test_what_a_yes_or_no_means(
    before: ConsentState | None,
    agrees: bool,
    after: ConsentState,
) -> None:
    assert guardian_says(before, agrees=agrees) is after


def test_a_guardian_has_only_the_own_children(unit: Unit, world: World) -> None:
    (child,) = children.of_guardian(unit)
    assert child.id == world.school.pupil.id
    assert (child.school_code, child.classroom.letter) == ("8A-01", "Ә")
    for other in (world.school.pupils[1].id, world.schools[1].pupil.id):
        with pytest.raises(NotFoundError):
            children.get_child(unit, other)


def test_deciding_twice_writes_once(unit: Unit, world: World) -> None:
    child = children.get_child(unit, world.school.pupil.id)
    for _ in range(2):
        state = children.decide(unit, child, agrees=False, language="ru")
        assert state is ConsentState.WITHDRAWN
    said = children.statements(unit, child)[Purpose.SCREENING]
    assert [one.state for one in said] == [ConsentState.WITHDRAWN, ConsentState.GIVEN]
    assert said[0].is_own
    assert said[0].language == "ru"
    assert said[0].text_version == unit.catalog.consents[Purpose.SCREENING].current.version


def test_a_childs_own_word_is_not_shown_to_the_guardian(unit: Unit, world: World) -> None:
    consents.record(
        world.unit(world.school.pupil.actor),
        world.school.pupil.id,
        world.school.id,
        kind=ConsentKind.ASSENT,
        state=ConsentState.REFUSED,
        source=consents.ConsentSource.SCREEN,
    )
    world.session.commit()
    child = children.get_child(unit, world.school.pupil.id)
    assert [one.state for one in children.statements(unit, child)[Purpose.SCREENING]] == [
        ConsentState.GIVEN
    ]


def test_only_what_is_asked_of_guardians_now(unit: Unit, world: World) -> None:
    child = children.get_child(unit, world.school.pupil.id)
    (asked,) = children.asked_about(unit, child)
    assert asked.instrument.id == "psc-17-p"
    assert (asked.key, asked.is_in_window, asked.has_ended) == (None, True, False)
    with pytest.raises(NotFoundError):
        children.get_asked(unit, child, world.school.assignments["phq-a"].id)
    with pytest.raises(NotFoundError):
        children.get_asked(unit, child, world.schools[1].assignments["psc-17-p"].id)


def test_nothing_waits_outside_the_window_or_when_the_child_has_left(
    unit: Unit, world: World
) -> None:
    assignment, student = world.school.assignments["psc-17-p"], world.school.pupil.student
    child = children.get_child(unit, student.id)
    left = replace(child, has_left=True)
    assert children.asked_about(unit, left) == []
    assignment.closes_at = datetime.now(UTC) - timedelta(minutes=1)
    world.session.commit()
    assert children.asked_about(unit, child) == []


def test_an_instrument_for_other_ages_does_not_wait(unit: Unit, world: World) -> None:
    child = children.get_child(unit, world.school.pupil.id)
    toddler = replace(child, birth_month=date(datetime.now(UTC).year - 2, 1, 1))
    assert children.asked_about(unit, toddler) == []
    with pytest.raises(NotFoundError):
        children.get_asked(unit, toddler, world.school.assignments["psc-17-p"].id)


def test_what_the_files_no_longer_hold_is_not_asked(unit: Unit, world: World) -> None:
    child = children.get_child(unit, world.school.pupil.id)
    others = {key: one for key, one in unit.catalog.instruments.items() if key != "psc-17-p"}
    older = replace(unit, catalog=replace(unit.catalog, instruments=others))
    assert children.asked_about(older, child) == []


@pytest.mark.parametrize(
    ("opens", "closes", "error"), [(1, 2, NotFoundError), (-2, -1, WindowClosedError)]
)
def test_beginning_outside_the_window(
    unit: Unit, world: World, owner: Engine, opens: int, closes: int, error: type[DomainError]
) -> None:
    now = datetime.now(UTC)
    with owner.begin() as connection:
        connection.execute(
            update(Assignment)
            .where(Assignment.instrument_id == "psc-17-p")
            .values(opens_at=now + timedelta(days=opens), closes_at=now + timedelta(days=closes))
        )
    with pytest.raises(error):
        begun(unit, world)


def test_beginning_needs_a_standing_consent(unit: Unit, world: World) -> None:
    give_consent(
        world.unit(), world.school.pupil.student, world.school.guardian, ConsentState.REFUSED
    )
    world.session.commit()
    with pytest.raises(ConsentMissingError):
        begun(unit, world)


def test_parents_get_pages_for_adults_whatever_the_childs_age(unit: Unit, world: World) -> None:
    run = replace(begun(unit, world), age_years=8)
    assert [len(page) for page in run.pages] == [9, 8]


def test_beginning_again_finds_the_same_run(unit: Unit, world: World) -> None:
    first, second = begun(unit, world), begun(unit, world)
    assert first.key == second.key
    assert first.respondent == "guardian"


def test_a_finished_questionnaire_is_flagged_for_the_school(
    unit: Unit, world: World, system: Session
) -> None:
    run = begun(unit, world)
    administrations.record_responses(unit, run, all_answers(run, "2"))
    administrations.complete(unit, run)
    scope = unit.session.info["scope"]
    assert scope == Scope.guardian(world.school.guardian.account.id)
    # Back in the own scope: what the answers set off is not the guardian's to see.
    for model in (Case, Referral, Signal):
        assert unit.session.scalar(select(func.count()).select_from(model)) == 0
    unit.session.commit()
    (referral,) = system.scalars(select(Referral))
    assert (referral.receiver, referral.level) == ("school", "medium")
    assert referral.school_id == world.school.id
    told = set(system.scalars(select(OutboxMessage.account_id)))
    assert world.school.psychologist.account.id in told
    assert world.school.guardian.account.id not in told
    done = system.scalars(
        select(AuditEntry).where(AuditEntry.action == "administration.complete")
    ).one()
    assert (done.role, done.account_id) == ("guardian", world.school.guardian.account.id)


def test_too_many_blanks_become_a_review_task(unit: Unit, world: World, system: Session) -> None:
    run = begun(unit, world)
    administrations.record_responses(
        unit, run, {"q1": Answer(AnswerState.ANSWERED, "2"), "q2": Answer(AnswerState.DECLINED)}
    )
    administrations.complete(unit, run)
    unit.session.commit()
    assert [task.reason for task in system.scalars(select(ReviewTask))] == ["notScored"]


def test_a_failure_of_scoring_becomes_a_review_task_too(
    unit: Unit, world: World, system: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(completion, "score", broken)
    run = begun(unit, world)
    administrations.complete(unit, run)
    unit.session.commit()
    assert [task.reason for task in system.scalars(select(ReviewTask))] == ["scoring_failed"]


def test_a_guardian_sees_nothing_that_a_child_has_answered(
    engine: Engine, unit: Unit, world: World
) -> None:
    pupil = world.school.pupil
    with open_session(engine, Scope.student(pupil.id)) as session:
        own = world.unit(pupil.actor, session)
        assignment = world.school.assignments["phq-a"]
        key = administrations.open_or_resume(own, assignment, pupil.id, "kk", own.now())
        run = administrations.load(own, key)
        administrations.record_responses(own, run, {"q9": Answer(AnswerState.ANSWERED, "3")})
        session.commit()
    with pytest.raises(NotFoundError):
        administrations.load(unit, key)
    for model in (FlagRecord, Case, Referral, Signal, ReviewTask):
        assert unit.session.scalar(select(func.count()).select_from(model)) == 0


def test_another_scope_lasts_for_its_statements_only(engine: Engine, world: World) -> None:
    pupil, guardian = world.school.pupils[1], world.school.guardian.actor.scope
    seen = select(func.count()).select_from(Consent).where(Consent.student_id == pupil.id)
    with open_session(engine, guardian) as session:
        with within_scope(session, Scope.student(pupil.id)):
            assert session.scalar(seen) == 1
        assert session.scalar(seen) == 0
        with pytest.raises(DataError), within_scope(session, Scope.student(pupil.id)):
            session.execute(text("SELECT 1 / 0"))
        # The failure took back what was done in the other scope, and the scope with it.
        assert session.scalar(seen) == 0
        session.commit()
        assert session.scalar(seen) == 0


def test_every_look_at_a_child_is_written_down(unit: Unit, world: World) -> None:
    (child,) = children.of_guardian(unit)
    children.statements(unit, child)
    run = begun(unit, world)
    asked = children.get_asked(unit, child, world.school.assignments["psc-17-p"].id)
    assert children.load_run(unit, child, asked).key == run.key
    actions = set(
        unit.session.scalars(select(AuditEntry.action).where(AuditEntry.student_id == child.id))
    )
    assert {"child.read", "consent.read", "administration.start", "administration.read"} <= actions


def test_a_guardian_without_children(engine: Engine, world: World) -> None:
    alone = an_adult(world.unit(), Role.GUARDIAN)
    world.session.commit()
    with open_session(engine, alone.actor.scope) as session:
        assert children.of_guardian(world.unit(alone.actor, session)) == []


def test_releases_stay_what_they_were(unit: Unit, world: World) -> None:
    """An open run is found again although its release was retired meanwhile."""
    run = begun(unit, world)
    unit.session.commit()
    release = world.session.scalars(
        select(InstrumentRelease).where(InstrumentRelease.instrument_id == "psc-17-p")
    ).one()
    release.retired_at, release.retired_reason = datetime.now(UTC), "A newer one is there."
    release.status = "retired"
    world.session.commit()
    child = children.get_child(unit, world.school.pupil.id)
    asked = children.get_asked(unit, child, world.school.assignments["psc-17-p"].id)
    assert asked.key == run.key
