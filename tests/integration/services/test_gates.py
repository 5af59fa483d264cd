"""Gates that hold below the pages: the database refuses what the service would."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.world import World, a_vault, a_world, an_adult, an_event, an_origin, the_catalog
from tirek.config import Keys
from tirek.domain.people import Role
from tirek.services import administrations, runs, school_events
from tirek.services.administrations import open_or_resume
from tirek.storage.models import Assignment

GUARDED = "TK002"
NOON = datetime(2027, 2, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    return built


def change(owner: Engine, world: World, instrument: str, **values: object) -> None:
    """Straight into the table, past every service."""
    named = ", ".join(f"{name} = :{name}" for name in values)
    with owner.begin() as connection:
        connection.execute(
            text(f"UPDATE assignments SET {named} WHERE id = :id"),  # noqa: S608 - own names
            {"id": world.school.assignments[instrument].id, **values},
        )


def is_refused(owner: Engine, world: World, instrument: str, **values: object) -> bool:
    try:
        change(owner, world, instrument, **values)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != GUARDED:
            raise
        return True
    return False


def window(hours: float, begins: datetime = NOON) -> dict[str, datetime]:
    return {"opens_at": begins, "closes_at": begins + timedelta(hours=hours)}


def test_a_staffed_window_is_short_and_within_one_day(world: World, owner: Engine) -> None:
    assert not is_refused(owner, world, "asq", **window(4))
    assert is_refused(owner, world, "asq", **window(4.01))
    # 18:00 UTC is 23:00 in Kazakhstan.
    late = NOON.replace(hour=18)
    assert not is_refused(owner, world, "asq", **window(0.9, late))
    assert is_refused(owner, world, "asq", **window(1.1, late))
    assert not is_refused(owner, world, "phq-a", **window(100))


def test_somebody_of_this_school_who_works_is_there(
    world: World, owner: Engine, system: Session
) -> None:
    pedagogue = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    gone = an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    gone.account.is_active = False
    colleague = an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    system.commit()
    elsewhere = world.schools[1].psychologist
    for other in (pedagogue, gone, elsewhere, world.home.specialist):
        assert is_refused(owner, world, "asq", staffed_by=other.account.id)
    assert is_refused(owner, world, "asq", staffed_by=None)
    assert not is_refused(owner, world, "asq", staffed_by=colleague.account.id)


def test_the_event_is_this_school_s_and_lies_before(
    world: World, owner: Engine, system: Session
) -> None:
    mine = an_event(world.unit(), world.school.psychologist, days_ago=1)
    theirs = an_event(world.unit(), world.schools[1].psychologist)
    system.commit()
    assert is_refused(owner, world, "cries-8", event_id=None)
    assert is_refused(owner, world, "cries-8", event_id=theirs)
    # The world's window has been open since yesterday, the event is of yesterday too.
    assert not is_refused(owner, world, "cries-8", event_id=mine)
    long_ago = datetime.now(UTC) - timedelta(days=30)
    assert is_refused(owner, world, "cries-8", **window(5, long_ago))


@pytest.mark.parametrize("hours", [-48, 48])
def test_the_database_opens_nothing_outside_the_window(
    world: World, owner: Engine, hours: int
) -> None:
    assignment = world.school.assignments["asq"]
    change(
        owner,
        world,
        "asq",
        opens_at=assignment.opens_at + timedelta(hours=hours),
        closes_at=assignment.closes_at + timedelta(hours=hours),
    )
    world.session.expire_all()
    again = world.session.get_one(Assignment, assignment.id)
    pupil = world.school.pupil
    with pytest.raises(DBAPIError) as refused:
        open_or_resume(world.unit(pupil.actor), again, pupil.id, "kk", datetime.now(UTC))
    assert getattr(refused.value.orig, "sqlstate", None) == GUARDED
    world.session.rollback()


def opened(world: World, instrument: str) -> administrations.Entry:
    code = world.school.pupil.codes[instrument]
    entry = administrations.open_by_code(world.unit(), code, an_origin(), "kk")
    world.session.commit()
    return entry


def test_a_pupil_gets_the_day_of_the_own_event_and_nothing_else(
    world: World, engine: Engine, owner: Engine
) -> None:
    entry = opened(world, "cries-8")
    free = opened(world, "phq-a")
    with owner.connect() as connection:
        day = connection.execute(
            text("SELECT happened_on FROM school_events WHERE school_id = :school"),
            {"school": world.school.id},
        ).scalar_one()
    with acting(engine, world, world.school.pupil.actor) as unit:
        assert school_events.find_date_asked_about(unit, entry.key) == day
        assert school_events.find_date_asked_about(unit, free.key) is None
        assert unit.session.execute(text("SELECT count(*) FROM school_events")).scalar_one() == 0
    with acting(engine, world, world.school.pupils[1].actor) as unit:
        assert school_events.find_date_asked_about(unit, entry.key) is None
    with acting(engine, world, world.school.psychologist.actor) as unit:
        assert school_events.find_date_asked_about(unit, entry.key) == day
    with acting(engine, world, world.schools[1].psychologist.actor) as unit:
        assert school_events.find_date_asked_about(unit, entry.key) is None


def test_a_recorded_event_is_never_rewritten(world: World, owner: Engine) -> None:
    for change_it in ("UPDATE school_events SET happened_on = now()", "DELETE FROM school_events"):
        with pytest.raises(DBAPIError), owner.begin() as connection:
            connection.execute(text(change_it))


def test_stopping_twice_refuses_once(world: World) -> None:
    entry = opened(world, "asq")
    unit = world.unit(world.school.pupil.actor)
    administrations.start(unit, runs.load(unit, entry.key), "kk")
    run = runs.load(unit, entry.key)
    assert run.refused_by_stopping == ("q1",)
    administrations.stop(unit, run)
    administrations.stop(unit, runs.load(unit, entry.key))
    assert [*runs.load(unit, entry.key).answers] == ["q1"]
