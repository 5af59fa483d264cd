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
from tests.builders_work import close, lead_on, lead_to
from tests.world import Adult, Pupil, World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.age_band import AgeBand
from tirek.domain.levels import Level
from tirek.services import caseload, handovers, inbox, referral_steps, sent_referrals
from tirek.services.caseload import CaseQuery
from tirek.services.inbox import Inbox, Query, Show, band_of
from tirek.storage.models import Deadline

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
    """Clocks only come nearer, whoever moves them: tests need time to pass."""
    now = datetime.now(UTC)
    with owner.begin() as connection:
        for clock, away in due.items():
            connection.execute(
                update(Deadline)
                .where(Deadline.referral_id == leg_id, Deadline.clock == clock, Deadline.rung == 0)
                .values(due_at=now + away)
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
    set_clocks(owner, soon, seen=MINUTE)
    set_clocks(owner, late, seen=-5 * MINUTE)
    set_clocks(owner, calm, seen=-2 * DAY)
    found = look(engine, world)
    assert [row.id for row in found.rows] == [late, soon, later, calm]
    assert [row.is_late for row in found.rows] == [True, False, False, True]
    assert found.counters == inbox.Counters(open=4, late=2, unowned=4, mine=0)


def test_the_clock_shown_is_the_earliest_promise_that_nobody_has_kept(
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
    assert row() == ("triage", leg.contact_due_at)
    lead_on(engine, world, specialist, leg_id, "triaged")
    assert row() == ("contact", leg.contact_due_at)
    lead_on(engine, world, specialist, leg_id, "contacted")
    following, due_at = row()
    assert following == "assess"
    assert isinstance(due_at, datetime)
    assert due_at > leg.contact_due_at


def test_whoever_handed_on_is_shown_the_next_ones_clock(
    engine: Engine, owner: Engine, system: Session, world: World
) -> None:
    leg_id = urgent(engine, world, system, world.school.pupil)
    lead_on(engine, world, world.home.specialist, leg_id, "acknowledged")
    with acting(engine, world, world.home.specialist) as unit:
        new_id = handovers.redirect(
            unit, leg_id, version_of(unit, leg_id), world.neighbour.id, "Nearer home."
        )
    set_clocks(owner, new_id, acknowledged=-MINUTE)
    (row,) = look(engine, world).rows
    assert (row.next_step, row.is_late) == ("wait", True)
    assert look(engine, world).counters.late == 1


def test_whoever_fetches_the_list_has_been_reached(
    engine: Engine, system: Session, world: World
) -> None:
    urgent(engine, world, system, world.school.pupil)
    (row,) = look(engine, world, show=Show.OPEN).rows
    assert row.state == "delivered"
    assert the_leg(system, world.school.pupil).state == "delivered"
    assert the_leg(system, world.school.pupil).delivered_at is not None
    look(engine, world)
    assert the_leg(system, world.school.pupil).version == 2


def test_the_three_lists_count_late_alike(
    engine: Engine, owner: Engine, system: Session, world: World
) -> None:
    leg_id = urgent(engine, world, system, world.school.pupil)
    a_pupil_answers(
        engine, world, SOME_WORRY, pupil=world.school.pupils[1], instrument="gad-7",
        to_the_end=True,
    )  # fmt: skip
    at_school = the_leg(system, world.school.pupils[1]).id
    for one in (leg_id, at_school):
        set_clocks(owner, one, seen=-MINUTE)
    assert look(engine, world).counters.late == 1
    psychologist = world.school.psychologist
    assert look(engine, world, psychologist).counters.late == 1
    with acting(engine, world, psychologist) as unit:
        assert caseload.counts(unit).late == 2
        late = caseload.of_school(unit, CaseQuery(show="late"))
        assert {row.id for row in late.rows} == {leg_id, at_school}
        assert sent_referrals.sent_one(unit, leg_id).is_late


def test_filters(engine: Engine, owner: Engine, system: Session, world: World) -> None:
    first, second, third = world.school.pupils
    mine, unowned, closed = (
        urgent(engine, world, system, pupil) for pupil in (first, second, third)
    )
    accept(engine, world, world.home.specialist, the_leg(system, first))
    lead_to(engine, world, world.home.specialist, closed, "outcome_set")
    close(engine, world, world.home.supervisor, closed)
    set_clocks(owner, unowned, seen=-MINUTE)

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
    # The first look writes down that they have arrived.
    asked_for(engine, world)
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
