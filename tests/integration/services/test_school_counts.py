"""What is read for a whole school only: numbers of ten and more, and nobody's answers."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import Answer
from tirek.services import (
    administrations,
    assignments,
    gates,
    instruments,
    results,
    runs,
    school_counts,
)
from tirek.services.assignments import Wish
from tirek.services.runs import AdministrationKey
from tirek.services.school_counts import StillOpenError, TooFewError
from tirek.storage.models import Administration, Assignment

NAME = "mics-discipline"


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=13, coded=0)
    system.commit()
    return built


@pytest.fixture
def asked(world: World) -> Assignment:
    """The class's guardians are asked; `answer` ends the window."""
    now = datetime.now(UTC)
    one = Assignment(
        campaign_id=world.campaign.id,
        school_year=world.campaign.school_year,
        school_id=world.school.id,
        classroom_id=world.school.classroom.id,
        instrument_id=NAME,
        release_id=instruments.release_id(world.session, world.catalog.instruments[NAME]),
        respondent="guardian",
        opens_at=now - timedelta(hours=20),
        closes_at=now + timedelta(hours=1),
        created_by=world.school.psychologist.account.id,
    )
    world.session.add(one)
    world.session.commit()
    return one


def answer(world: World, assignment: Assignment, sheets: list[dict[str, str | None]]) -> None:
    """One finished questionnaire of a guardian for each sheet; other items are answered no."""
    unit = world.unit()
    for pupil, sheet in zip(world.school.pupils, sheets, strict=False):
        key = administrations.open_or_resume(unit, assignment, pupil.id, "ru", datetime.now(UTC))
        run = runs.load(unit, key)
        administrations.start(unit, run, "ru")
        every = {item.id: sheet.get(item.id, "0") for item in run.instrument.items}
        read = {item: Answer.read(code) for item, code in every.items()}
        administrations.record_responses(unit, runs.load(unit, key), read)
        administrations.complete(unit, runs.load(unit, key))
    world.session.commit()
    assignment.closes_at = datetime.now(UTC)
    world.session.commit()


def counted(world: World, assignment: Assignment) -> dict[str, list[int | None]]:
    unit = world.unit(world.school.psychologist.actor)
    found = school_counts.of_round(unit, assignment, "ru")
    ids = [item.id for item in found.instrument.items]
    rows = [[*(count for _, count in one.cells), one.without] for one in found.questions]
    return dict(zip(ids, rows, strict=True))


def test_numbers_of_ten_and_more_are_shown_and_what_would_betray_smaller_ones_is_not(
    world: World, asked: Assignment
) -> None:
    answer(world, asked, [{"q1": "1", "q2": "1" if n < 2 else "0"} for n in range(13)])
    found = counted(world, asked)
    # Thirteen times yes; the two who said yes to q2 would be found by subtraction.
    assert found["q1"] == [0, 13, 0]
    assert found["q2"] == [None, None, 0]
    assert found["q3"] == [13, 0, 0]


def test_of_nine_nothing_is_shown(world: World, asked: Assignment) -> None:
    answer(world, asked, [{} for _ in range(9)])
    with pytest.raises(TooFewError):
        counted(world, asked)


def test_nothing_is_shown_while_a_class_may_still_answer(world: World, asked: Assignment) -> None:
    answer(world, asked, [{} for _ in range(12)])
    asked.closes_at = datetime.now(UTC) + timedelta(hours=1)
    world.session.commit()
    with pytest.raises(StillOpenError):
        counted(world, asked)


def test_what_is_read_per_person_has_no_such_numbers(world: World) -> None:
    unit = world.unit(world.school.psychologist.actor)
    with pytest.raises(NotFoundError):
        school_counts.of_round(unit, world.school.assignments["phq-a"], "ru")


def test_no_single_result_is_opened(world: World, asked: Assignment) -> None:
    answer(world, asked, [{"q11": "1"}])
    unit = world.unit(world.school.psychologist.actor)
    row = world.session.execute(select(Administration.school_year, Administration.id)).one()
    key = AdministrationKey(row.school_year, row.id)
    with pytest.raises(NotFoundError):
        results.open_result(unit, key, "ru")


def test_nobody_further_is_asked_once_numbers_can_be_read(world: World, asked: Assignment) -> None:
    answer(world, asked, [{} for _ in range(12)])
    assert counted(world, asked)["q1"] == [12, 0, 0]
    unit, later = world.unit(world.school.psychologist.actor), datetime.now(UTC)
    with pytest.raises(gates.CountedError):
        assignments.extend(unit, asked.id, later + timedelta(hours=2))
    # Nor by cancelling and asking the same class again.
    assignments.cancel(unit, asked.id)
    again = Wish(world.school.classroom.id, NAME, later, later + timedelta(hours=2))
    with pytest.raises(gates.CountedError):
        assignments.assign(unit, again)


def test_while_too_few_have_answered_further_ones_may_be_asked(
    world: World, asked: Assignment
) -> None:
    answer(world, asked, [{} for _ in range(9)])
    unit, later = world.unit(world.school.psychologist.actor), datetime.now(UTC)
    assignments.extend(unit, asked.id, later + timedelta(hours=2))
    assert asked.closes_at == later + timedelta(hours=2)


def test_whoever_finishes_after_the_window_moves_no_number(world: World, asked: Assignment) -> None:
    unit, now = world.unit(), datetime.now(UTC)
    late = administrations.open_or_resume(unit, asked, world.school.pupils[12].id, "ru", now)
    answer(world, asked, [{} for _ in range(12)])
    administrations.complete(unit, runs.load(unit, late))
    world.session.commit()
    assert counted(world, asked)["q1"] == [12, 0, 0]
