"""What waits is found, the most urgent and the latest first, and only by those it waits for."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, update
from sqlalchemy.orm import Session

from tests.builders_referral import (
    SELF_HARM,
    SOME_WORRY,
    a_pupil_answers,
    accept,
    acting,
    legs,
    the_leg,
    version_of,
)
from tests.world import Adult, Pupil, World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.age_band import AgeBand
from tirek.domain.levels import Level
from tirek.domain.referral import Outcome
from tirek.services import inbox, referral_steps
from tirek.services.inbox import Inbox, Query, Show, band_of
from tirek.storage.models import Referral

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
HIGH_TOTAL = {f"q{number}": "2" for number in range(1, 9)} | {"q9": "0"}


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), schools=2, pupils=3, coded=3)
    system.commit()
    return built


def look(engine: Engine, world: World, adult: Adult | None = None, **asked: object) -> Inbox:
    with acting(engine, world, adult or world.home.specialist) as unit:
        return inbox.load(unit, Query(**asked))  # type: ignore[arg-type]


def set_clocks(owner: Engine, leg_id: UUID, **due: timedelta) -> None:
    """Only the tables' owner could, and then only by hand: tests need time to pass."""
    now = datetime.now(UTC)
    with owner.begin() as connection:
        connection.execute(
            update(Referral)
            .where(Referral.id == leg_id)
            .values({name: now + away for name, away in due.items()})
        )


def urgent(engine: Engine, world: World, system: Session, pupil: Pupil) -> UUID:
    a_pupil_answers(engine, world, SELF_HARM, pupil=pupil)
    return the_leg(system, pupil).id


def high(engine: Engine, world: World, system: Session, pupil: Pupil) -> UUID:
    a_pupil_answers(engine, world, HIGH_TOTAL, pupil=pupil, to_the_end=True)
    return next(leg.id for leg in legs(system, pupil) if leg.level == "high")


def test_level_comes_first_then_what_is_late_then_what_is_next(
    engine: Engine, owner: Engine, system: Session, world: World
) -> None:
    first, second, third = world.school.pupils
    others = world.schools[1].pupils
    calm = high(engine, world, system, first)
    soon, late, later = (
        urgent(engine, world, system, pupil) for pupil in (second, third, others[0])
    )
    set_clocks(owner, soon, seen_due_at=MINUTE)
    set_clocks(owner, late, seen_due_at=-5 * MINUTE)
    set_clocks(owner, calm, seen_due_at=-2 * DAY)
    found = look(engine, world)
    assert [row.id for row in found.rows] == [late, soon, later, calm]
    assert [row.is_late for row in found.rows] == [True, False, False, True]
    assert found.counters == inbox.Counters(open=4, late=2, unowned=4, mine=0)


def test_the_clock_shown_is_the_one_that_runs(
    engine: Engine, system: Session, world: World
) -> None:
    leg_id = urgent(engine, world, system, world.school.pupil)
    specialist = world.home.specialist

    def row() -> tuple[str | None, object]:
        (one,) = look(engine, world).rows
        return one.next_step, one.due_at

    leg = the_leg(system, world.school.pupil)
    assert row() == ("open", leg.seen_due_at)
    with acting(engine, world, specialist) as unit:
        referral_steps.mark_seen(unit, leg_id)
    assert row() == ("accept", leg.acknowledge_due_at)
    with acting(engine, world, specialist) as unit:
        referral_steps.acknowledge(unit, leg_id, version_of(unit, leg_id))
    assert row() == ("contact", leg.contact_due_at)
    with acting(engine, world, specialist) as unit:
        referral_steps.record_contact(unit, leg_id, version_of(unit, leg_id), "Talked.")
    assert row() == ("support", None)


def test_filters(engine: Engine, owner: Engine, system: Session, world: World) -> None:
    first, second, third = world.school.pupils
    mine, unowned, closed = (
        urgent(engine, world, system, pupil) for pupil in (first, second, third)
    )
    accept(engine, world, world.home.specialist, the_leg(system, first))
    accept(engine, world, world.home.supervisor, the_leg(system, third))
    with acting(engine, world, world.home.supervisor) as unit:
        referral_steps.close(unit, closed, 3, Outcome.SUPPORTED, "Done.")
    set_clocks(owner, unowned, seen_due_at=-MINUTE)

    def shown(show: Show, **more: object) -> set[UUID]:
        return {row.id for row in look(engine, world, show=show, **more).rows}

    assert shown(Show.OPEN) == {mine, unowned}
    assert shown(Show.MINE) == {mine}
    assert shown(Show.UNOWNED) == {unowned}
    assert shown(Show.LATE) == {unowned}
    assert shown(Show.CLOSED) == {closed}
    assert shown(Show.OPEN, level=Level.IMMEDIATE) == {mine, unowned}
    assert shown(Show.OPEN, level=Level.HIGH) == set()


def test_a_pupil_is_found_by_the_schools_code(
    engine: Engine, system: Session, world: World
) -> None:
    wanted = urgent(engine, world, system, world.school.pupils[1])
    urgent(engine, world, system, world.school.pupils[2])
    code = world.school.pupils[1].student.school_code
    found = look(engine, world, code=f" {code.lower()} ")
    assert [row.id for row in found.rows] == [wanted]
    assert found.total == 1
    assert look(engine, world, code="8A").total == 0
    assert look(engine, world, code="8A%").total == 0


def test_pages(
    engine: Engine, system: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "ROWS_A_PAGE", 2)
    made = {urgent(engine, world, system, pupil) for pupil in world.school.pupils}
    first, second = (look(engine, world, page=number) for number in (1, 2))
    assert (first.pages, first.total, len(first.rows), len(second.rows)) == (2, 3, 2, 1)
    assert {row.id for row in (*first.rows, *second.rows)} == made
    assert look(engine, world, page=9).page == 2


def test_each_receiver_has_an_inbox_of_its_own(
    engine: Engine, system: Session, world: World
) -> None:
    urgent(engine, world, system, world.school.pupil)
    a_pupil_answers(
        engine, world, SOME_WORRY, pupil=world.school.pupils[1], instrument="gad-7",
        to_the_end=True,
    )  # fmt: skip
    totals = {
        adult.account.role + adult.account.email: look(engine, world, adult).total
        for adult in (
            world.home.specialist,
            world.neighbour.specialist,
            world.school.psychologist,
            world.schools[1].psychologist,
        )
    }
    assert list(totals.values()) == [1, 0, 1, 0]


def test_no_row_of_the_list_asks_the_database_a_question_of_its_own(
    engine: Engine, system: Session, world: World
) -> None:
    empty = asked_for(engine, world)
    for pupil in world.school.pupils:
        urgent(engine, world, system, pupil)
    full = asked_for(engine, world)
    assert len(full) == len(empty), full
    assert sum("audit_entries" in statement for statement in full) == 1


def asked_for(engine: Engine, world: World) -> list[str]:
    """The statements that looking at the inbox takes."""
    asked: list[str] = []
    specialist = world.home.specialist.actor

    def note(*given: object) -> None:
        asked.append(str(given[2]))

    event.listen(engine, "before_cursor_execute", note)
    with acting(engine, world, specialist) as unit:
        inbox.load(unit, Query())
    event.remove(engine, "before_cursor_execute", note)
    return asked


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2021, 12, 1), AgeBand(0, 6)),
        (date(2019, 11, 1), AgeBand(7, 10)),
        (date(2012, 12, 1), AgeBand(11, 13)),
        (date(2012, 11, 1), AgeBand(14, 15)),
        (date(2008, 11, 1), AgeBand(18, None)),
    ],
)
def test_ages_are_told_in_bands(born: date, band: AgeBand) -> None:
    assert band_of(born, datetime(2026, 11, 22, tzinfo=UTC)) == band
