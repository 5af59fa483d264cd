"""Clocks that have run out call people, one rung after the other; the last one leaves a record."""

from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, accept, acting, the_leg
from tests.world import Adult, World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.people import Role
from tirek.services import ladder, notice_steps, posts
from tirek.storage.models import (
    Account,
    Authority,
    Breach,
    Deadline,
    DutyPost,
    Notice,
    OutboxMessage,
)


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return built


@pytest.fixture
def above(world: World) -> dict[str, Adult]:
    """Everybody on the upper rungs of the home region."""
    unit, region = world.unit(), world.home.region.iso
    people = {
        "coordinator": an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=region),
        "responder": an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso="KZ-11"),
        "national": an_adult(unit, Role.NATIONAL_DUTY),
    }
    world.session.add_all(
        [
            DutyPost(
                post="last_responder",
                region_iso=region,
                account_id=people["responder"].account.id,
                rank=1,
            ),
            DutyPost(post="national_duty", account_id=people["national"].account.id, rank=1),
        ]
    )
    world.session.commit()
    return people


def pass_minutes(world: World, minutes: int) -> None:
    """Bring every clock nearer, which is all that a clock allows; the others keep their order."""
    world.session.execute(
        text(
            "UPDATE deadlines SET due_at = due_at - make_interval(mins => :minutes)"
            " WHERE fired_at IS NULL AND met_at IS NULL AND ended_at IS NULL"
        ),
        {"minutes": minutes},
    )
    world.session.commit()


def ring(world: World) -> int:
    rang = ladder.fire_due(world.unit(), 100)
    world.session.commit()
    return rang


def called(world: World) -> set[UUID | None]:
    """Whom alarms were queued for so far."""
    return set(
        world.session.scalars(select(OutboxMessage.account_id).where(OutboxMessage.kind == "alarm"))
    )


def rung(world: World, clock: str) -> list[int]:
    return sorted(
        world.session.scalars(
            select(Deadline.rung).where(Deadline.clock == clock, Deadline.fired_at.is_not(None))
        )
    )


def test_each_rung_calls_its_own_people_and_the_last_leaves_a_record(
    world: World, engine: Engine, above: dict[str, Adult]
) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    head, psychologist = world.home.supervisor, world.school.psychologist
    assert ring(world) == 0
    for minutes, more in (
        (10, {head.account.id, psychologist.account.id}),
        (10, {above["coordinator"].account.id, above["responder"].account.id}),
        (20, {above["national"].account.id}),
    ):
        before = called(world)
        pass_minutes(world, minutes)
        ring(world)
        assert more <= called(world), minutes
        assert not more <= before, minutes
        assert world.session.scalars(select(Breach)).all() == []
    pass_minutes(world, 20)
    ring(world)
    (breach,) = world.session.scalars(select(Breach).where(Breach.clock == "acknowledged"))
    assert breach.referral_id == the_leg(world.session, world.school.pupil).id
    assert ring(world) == 0, "nothing rings twice"


def test_who_accepts_stops_the_ladder(
    world: World, engine: Engine, above: dict[str, Adult]
) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    pass_minutes(world, 10)
    ring(world)
    accept(engine, world, world.home.specialist, the_leg(world.session, world.school.pupil))
    pass_minutes(world, 30)
    ring(world)
    assert above["national"].account.id not in called(world)
    assert 3 not in rung(world, "acknowledged")


def test_a_vacant_rung_does_not_wait(world: World, engine: Engine) -> None:
    """Nobody stands above the PSC here: what is left of the ladder rings at once, but no record."""
    a_pupil_answers(engine, world, SELF_HARM)
    pass_minutes(world, 20)
    while ring(world):
        pass
    assert rung(world, "acknowledged")[-1] == 3
    assert world.session.scalars(select(Breach)).all() == []


def test_a_statutory_notice_goes_out_though_nobody_acts(
    world: World, engine: Engine, above: dict[str, Adult]
) -> None:
    del above
    for kind in ("guardianship", "child_rights"):
        world.session.add(
            Authority(
                region_iso=world.home.region.iso,
                kind=kind,
                name_kk=f"{kind} kk",
                name_ru=f"{kind} ru",
                email=f"{kind}@tirek.example",
            )
        )
    world.session.commit()
    a_pupil_answers(engine, world, SELF_HARM)
    notices = world.session.scalars(select(Notice)).all()
    confirmed = next(one for one in notices if one.kind == "guardianship")
    with acting(engine, world, world.home.specialist) as unit:
        notice_steps.confirm_notice(unit, confirmed.id)
    pass_minutes(world, 60)
    ring(world)
    sent = world.session.scalars(
        select(OutboxMessage.notice_id).where(OutboxMessage.authority_id.is_not(None))
    ).all()
    waiting = [one.id for one in notices if one.kind == "child_rights"]
    assert sent == waiting, "the one that a person confirmed is not sent a second time"


def test_without_an_authoritys_address_the_coordinator_is_called(
    world: World, engine: Engine, above: dict[str, Adult]
) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    pass_minutes(world, 60)
    ring(world)
    told = world.session.scalars(
        select(OutboxMessage.account_id).where(OutboxMessage.notice_id.is_not(None))
    ).all()
    assert above["coordinator"].account.id in told


def test_a_clock_that_cannot_be_rung_holds_up_no_other(
    world: World, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    pass_minutes(world, 15)
    poisoned = world.session.scalars(
        select(Deadline.id).where(Deadline.clock == "seen", Deadline.rung == 0)
    ).one()
    real = posts.holders

    def broken(*given: object) -> list[UUID]:
        if world.session.info.get("ringing") == poisoned:
            raise ZeroDivisionError
        return real(*given)  # type: ignore[arg-type]

    ring_one = ladder._ring  # noqa: SLF001 - the fault is planted between the two

    def watched(unit: object, alarm: Deadline) -> None:
        world.session.info["ringing"] = alarm.id
        ring_one(unit, alarm)  # type: ignore[arg-type]

    monkeypatch.setattr(ladder, "_ring", watched)
    monkeypatch.setattr(posts, "holders", broken)
    failed: set[UUID] = set()
    ladder.fire_due(world.unit(), 100, failed)
    world.session.commit()
    assert failed == {poisoned}
    assert rung(world, "seen") == []
    assert rung(world, "acknowledged") == [0, 1]
    monkeypatch.undo()
    ring(world)
    assert rung(world, "seen") == [0]


def test_a_person_who_left_is_not_called(
    world: World, engine: Engine, above: dict[str, Adult]
) -> None:
    gone = above["coordinator"].account.id
    world.session.execute(update(Account).where(Account.id == gone).values(is_active=False))
    world.session.commit()
    a_pupil_answers(engine, world, SELF_HARM)
    pass_minutes(world, 20)
    ring(world)
    assert gone not in called(world)
