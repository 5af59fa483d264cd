"""A parent's call: one person takes it by name, those above hear of one that nobody took."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from tests.builders_about import HOME_DANGER, OWN_DANGER, a_report, answer
from tests.builders_referral import acting
from tests.world import Adult, World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.delivery import Channel
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.levels import Level
from tirek.domain.parents import HelpKind, HelpOutcome
from tirek.domain.people import Role
from tirek.services import heartbeats, help_desk, help_late, help_requests, promises
from tirek.services.help_desk import HeadNeededError, NotAcceptedError, NoteMissingError, Show
from tirek.services.help_requests import CenterUnknownError, PhoneError
from tirek.services.oversight import Area
from tirek.storage.models import (
    Account,
    AuditEntry,
    Case,
    OutboxMessage,
    Referral,
    Signal,
    SupportCenter,
)
from tirek.tasks.rounds import ROUNDS
from tirek.tasks.workbench import Workbench

PHONE = "8 (701) 234-56-78"


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys))
    an_adult(made.unit(), Role.REGIONAL_COORDINATOR, region_iso=made.home.region.iso)
    system.commit()
    return made


@pytest.fixture
def danger(engine: Engine, world: World) -> UUID:
    """A call after an answer that somebody at home hurts or frightens."""
    parent = world.school.guardian
    with acting(engine, world, parent) as unit:
        report_id = a_report(unit, student_id=world.school.pupil.id)
        answer(unit, report_id, **{HOME_DANGER: "1"})
        (call,) = help_requests.of_parent(unit)
    return call.id


def told(system: Session, kind: str) -> list[tuple[str, str]]:
    system.rollback()
    rows = system.execute(
        select(Account.role, OutboxMessage.channel)
        .join(Account, Account.id == OutboxMessage.account_id)
        .where(OutboxMessage.kind == kind)
    )
    return sorted((role, channel) for role, channel in rows)


def test_a_parent_asks_to_be_called_once(engine: Engine, world: World, system: Session) -> None:
    parent = world.school.guardian
    with acting(engine, world, parent) as unit:
        first = help_requests.call_me(unit, "kk", PHONE, "after work")
    with acting(engine, world, parent) as unit:
        assert help_requests.call_me(unit, "kk", "", "") == first
        (call,) = help_requests.of_parent(unit)
    assert (call.kind, call.phone) == (HelpKind.CALL_ME, "+7701 ••• •• 78")
    assert call.due_at > call.created_at + timedelta(hours=9)
    with acting(engine, world, world.home.specialist) as unit:
        opened = help_desk.get(unit, first)
    assert (opened.phone, opened.words) == ("+77012345678", "after work")
    assert told(system, "help_waits") == [
        ("psc_specialist", Channel.MAIL),
        ("psc_supervisor", Channel.MAIL),
    ]


def test_what_is_no_phone_is_said_and_calls_nobody(engine: Engine, world: World) -> None:
    with (
        pytest.raises(PhoneError),
        acting(engine, world, world.school.guardian) as unit,
    ):
        help_requests.call_me(unit, "kk", "12", "")
    with acting(engine, world, world.school.guardian) as unit:
        assert not help_requests.of_parent(unit)


def test_without_a_school_and_a_region_one_must_be_told(
    engine: Engine, world: World, system: Session
) -> None:
    parent = an_adult(world.unit(), Role.GUARDIAN)
    system.commit()
    with acting(engine, world, parent) as unit:
        with pytest.raises(CenterUnknownError):
            help_requests.call_me(unit, "kk", PHONE, "")
        with pytest.raises(NotFoundError):
            help_requests.tell_region(unit, "XX-1")
        help_requests.tell_region(unit, world.neighbour.region.iso)
        help_requests.call_me(unit, "kk", PHONE, "")
        (call,) = help_requests.of_parent(unit)
    assert call.center.id == world.neighbour.id


def test_a_phone_on_duty_rings_too_where_there_is_danger(
    engine: Engine, world: World, system: Session
) -> None:
    sealed = world.vault.seal_secret(
        "+77010000000", "accounts", "phone_sealed", str(world.home.specialist.account.id)
    )
    system.execute(
        update(Account)
        .where(Account.id == world.home.specialist.account.id)
        .values(phone_sealed=sealed)
    )
    system.commit()
    with acting(engine, world, world.school.guardian) as unit:
        answer(unit, a_report(unit), **{OWN_DANGER: "1"})
    assert ("psc_specialist", Channel.SMS) in told(system, "help_waits")


def test_where_nobody_is_on_duty_those_above_are_told_at_once(
    engine: Engine, world: World, system: Session
) -> None:
    system.execute(update(SupportCenter).values(keeps_roster=True))
    system.commit()
    with acting(engine, world, world.school.guardian) as unit:
        answer(unit, a_report(unit), **{OWN_DANGER: "1"})
    assert [role for role, _ in told(system, "help_waits")] == [
        "psc_supervisor",
        "regional_coordinator",
    ]


def test_the_first_has_it_and_the_second_is_told_who(
    engine: Engine, world: World, danger: UUID
) -> None:
    specialist, supervisor = world.home.specialist, world.home.supervisor
    with acting(engine, world, specialist) as unit:
        help_desk.accept(unit, danger)
        help_desk.accept(unit, danger)
        assert help_desk.waiting(unit) == 0
    with acting(engine, world, supervisor) as unit, pytest.raises(ConflictError) as refused:
        help_desk.accept(unit, danger)
    assert refused.value.winner == specialist.account.display_name
    with acting(engine, world, world.school.guardian) as unit:
        assert help_requests.get(unit, danger).accepted_by == specialist.account.display_name


def test_of_all_who_press_at_once_exactly_one_has_it(
    engine: Engine, world: World, danger: UUID
) -> None:
    people = [world.home.specialist, world.home.supervisor] * 3
    barrier = Barrier(len(people))

    def press(adult: Adult) -> str | None:
        barrier.wait()
        try:
            with acting(engine, world, adult) as unit:
                help_desk.accept(unit, danger)
        except ConflictError as refused:
            return refused.winner
        return None

    with ThreadPoolExecutor(len(people)) as pool:
        said = list(pool.map(press, people))
    with acting(engine, world, world.home.specialist) as unit:
        winner = help_desk.get(unit, danger).row.accepted_by
    # The winner's own second press is no conflict.
    assert said.count(None) == len(people) // 2
    assert set(said) == {None, winner}


def test_another_centre_and_the_school_see_nothing_of_it(
    engine: Engine, world: World, danger: UUID
) -> None:
    for who in (world.neighbour.specialist, world.school.psychologist):
        with acting(engine, world, who) as unit:
            assert help_desk.of_center(unit, Show.OPEN, 1).total == 0
            for step in (help_desk.get, help_desk.accept):
                with pytest.raises(NotFoundError):
                    step(unit, danger)


def test_somebody_in_danger_is_not_given_up_by_one_person(
    engine: Engine, world: World, danger: UUID
) -> None:
    with acting(engine, world, world.home.specialist) as unit:
        with pytest.raises(NotAcceptedError):
            help_desk.close(unit, danger, HelpOutcome.SPOKEN, "spoke")
        help_desk.accept(unit, danger)
        with pytest.raises(NoteMissingError):
            help_desk.close(unit, danger, HelpOutcome.SPOKEN, " ")
        with pytest.raises(HeadNeededError):
            help_desk.close(unit, danger, HelpOutcome.NOT_REACHED, "three times")
    with acting(engine, world, world.home.supervisor) as unit:
        help_desk.close(unit, danger, HelpOutcome.NOT_REACHED, "three times, then at home")
        with pytest.raises(ConflictError):
            help_desk.write(unit, danger, "more")
        assert help_desk.get(unit, danger).note == "three times, then at home"
        assert help_desk.of_center(unit, Show.CLOSED, 1).total == 1
        assert help_desk.of_center(unit, Show.OPEN, 1).total == 0


def test_what_nobody_took_in_time_is_told_above_once(
    engine: Engine, owner: Engine, world: World, system: Session, danger: UUID
) -> None:
    unit = world.unit()
    assert help_late.escalate_due(unit) == 0
    with owner.begin() as connection:
        connection.execute(text("UPDATE help_requests SET due_at = now() - interval '1 hour'"))
    system.rollback()
    assert len(promises.findings(system)) == 1
    assert help_late.escalate_due(unit) == 1
    assert not promises.findings(system)
    assert help_late.escalate_due(unit) == 0
    system.commit()
    assert [role for role, _ in told(system, "help_late")] == [
        "psc_supervisor",
        "regional_coordinator",
    ]
    (late,) = help_late.late_in_area(unit, Area(world.home.region.iso))
    assert (late.id, late.center.name_ru) == (danger, world.home.center.name_ru)
    assert not help_late.late_in_area(unit, Area(world.neighbour.region.iso))
    with acting(engine, world, world.home.specialist) as own:
        assert help_desk.of_center(own, Show.LATE, 1).rows[0].is_late
        help_desk.accept(own, danger)
    assert not help_late.late_in_area(unit, Area())


def test_the_round_does_it_and_leaves_a_heartbeat(
    engine: Engine, owner: Engine, world: World, system: Session, danger: UUID
) -> None:
    with owner.begin() as connection:
        connection.execute(text("UPDATE help_requests SET due_at = now() - interval '1 hour'"))
    (help_round,) = [one for one in ROUNDS if one.name == "help"]
    bench = Workbench(
        cast("Any", SimpleNamespace(engine=engine)), world.catalog, world.vault, cast("Any", None)
    )
    assert [help_round.run(bench, by="relay") for _ in range(2)] == [1, 0]
    assert len(told(system, "help_late")) == 2
    assert "relay.help" in {one.name for one in heartbeats.loops(system)}
    assert danger


def test_only_a_person_opens_a_case_and_only_about_a_child_of_this_parent(
    engine: Engine, world: World, system: Session, danger: UUID
) -> None:
    specialist, mark = world.home.specialist, uuid4()
    assert not system.scalars(select(Case.id)).all()
    with acting(engine, world, specialist) as unit:
        (child,) = help_desk.get(unit, danger).children
        assert child.id == world.school.pupil.id
        with pytest.raises(NotFoundError):
            help_desk.raise_concern(
                unit, danger, world.school.pupils[1].id, Level.HIGH, "why", uuid4()
            )
        with pytest.raises(NoteMissingError):
            help_desk.raise_concern(unit, danger, child.id, Level.HIGH, " ", mark)
        first = help_desk.raise_concern(unit, danger, child.id, Level.HIGH, "bruises", mark)
        assert help_desk.raise_concern(unit, danger, child.id, Level.HIGH, "again", mark) == first
    signal = system.scalars(select(Signal)).one()
    assert (signal.id, signal.account_id) == (mark, specialist.account.id)
    assert system.scalars(select(Referral.support_center_id)).all() == [world.home.id]


def test_nothing_is_written_below_the_child_where_the_other_guardian_could_read_it(
    engine: Engine, world: World, system: Session, danger: UUID
) -> None:
    with acting(engine, world, world.home.specialist) as unit:
        help_desk.of_center(unit, Show.OPEN, 1)
        help_desk.get(unit, danger)
        help_desk.accept(unit, danger)
    entries = system.execute(
        select(AuditEntry.action, AuditEntry.student_id).where(AuditEntry.action.like("help%"))
    ).all()
    assert {action for action, _ in entries} == {
        "help_request.open",
        "help_requests.list",
        "help_request.read",
        "help_request.accept",
    }
    assert {student for _, student in entries} == {None}
