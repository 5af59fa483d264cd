"""The checker's territories are those that routing and the ladder would find."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, the_leg
from tests.world import SchoolWorld, World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.ladder import Post
from tirek.domain.levels import Level
from tirek.domain.people import Role
from tirek.domain.protocols import Addressee
from tirek.domain.territory_check import Territory, check, holders
from tirek.services import posts
from tirek.services.posts import Place
from tirek.services.routing import receiver_for
from tirek.services.territories import all_territories, open_referrals
from tirek.storage.models import Account, Authority, DutyPost, DutyShift, SupportCenter

PROTOCOL = the_catalog().protocol


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    return a_world(system, the_catalog(), a_vault(keys), pupils=1, schools=2)


def staff_the_upper_rungs(world: World) -> None:
    """A coordinator, a last responder, the national duty, and the authorities of the region."""
    unit, region = world.unit(), world.home.region.iso
    coordinator = an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=region)
    national = an_adult(unit, Role.NATIONAL_DUTY)
    world.session.add_all(
        [
            DutyPost(
                post="last_responder", account_id=coordinator.account.id, rank=1, region_iso=region
            ),
            DutyPost(post="national_duty", account_id=national.account.id, rank=1),
            *(
                Authority(
                    region_iso=region,
                    kind=kind.value,
                    name_kk="Орган",
                    name_ru="Орган",
                    email=f"{kind}@example.org",
                )
                for kind in (Addressee.GUARDIANSHIP, Addressee.CHILD_RIGHTS)
            ),
        ]
    )
    world.session.flush()


def shake(world: World, seed: int) -> None:
    """Let people leave and come, centers close and keep rosters, by the seed's chance."""
    random = Random(seed)  # noqa: S311 - a repeatable shake, no secret
    session, unit = world.session, world.unit()
    staff_the_upper_rungs(world)
    for school in world.schools:
        for role in (Role.PSYCHOLOGIST, Role.SOCIAL_PEDAGOGUE):
            if random.random() < 0.5:
                an_adult(unit, role, school_id=school.id)
    for center in session.scalars(select(SupportCenter)):
        center.is_open = random.random() < 0.7
        center.keeps_roster = random.random() < 0.5
    for account in session.scalars(select(Account)):
        account.is_active = random.random() < 0.7
        if account.support_center_id and random.random() < 0.5:
            begin = unit.now() - timedelta(hours=random.choice((1, 30)))
            session.add(
                DutyShift(
                    support_center_id=account.support_center_id,
                    account_id=account.id,
                    starts_at=begin,
                    ends_at=begin + timedelta(hours=12),
                )
            )
    session.flush()


def called(world: World, school: SchoolWorld, level: Level, post: Post) -> int:
    """How many people the ladder itself would call."""
    pupil = school.pupil.id
    receiver = receiver_for(world.unit(), school.id, PROTOCOL.rule(level), pupil)
    place = Place(pupil, school.id, receiver.kind, receiver.support_center_id)
    return len(posts.holders(world.unit(), post, place))


def by_school(world: World) -> dict[str, Territory]:
    return {one.school: one for one in all_territories(world.session)}


@pytest.mark.parametrize("seed", range(12))
def test_the_checker_counts_whom_the_ladder_would_call(world: World, seed: int) -> None:
    shake(world, seed)
    territories = by_school(world)
    for school in world.schools:
        territory = territories[school.school.public_code]
        nobody_receives = {
            finding.level for finding in check(PROTOCOL, [territory]) if finding.rung == "receiver"
        }
        for level, rule in PROTOCOL.levels.items():
            receiver = receiver_for(world.unit(), school.id, rule, school.pupil.id)
            assert (level in nobody_receives) is receiver.is_unmanned
            if receiver.is_unmanned:
                continue
            for post in Post:
                expected = called(world, school, level, post)
                assert holders(post, rule, territory) == expected, (level, post)


def test_a_staffed_territory_has_no_finding_until_somebody_leaves(world: World) -> None:
    staff_the_upper_rungs(world)
    territories = all_territories(world.session)
    assert [one.school for one in territories] == sorted(
        school.school.public_code for school in world.schools
    )
    assert not check(PROTOCOL, territories)
    world.home.supervisor.account.is_active = False
    world.school.psychologist.account.is_active = False
    world.session.flush()
    found = {
        (one.territory.school, one.level, one.rung)
        for one in check(PROTOCOL, all_territories(world.session))
    }
    assert (world.school.school.public_code, Level.IMMEDIATE, "ladder 1") in found


def test_a_region_without_authorities_is_told_of(world: World) -> None:
    staff_the_upper_rungs(world)
    other = [replace(one, authorities=frozenset()) for one in all_territories(world.session)]
    assert {one.rung for one in check(PROTOCOL, other)} == {
        "notice guardianship",
        "notice child_rights",
    }


def test_open_referrals_of_a_level_are_listed(world: World, engine: Engine) -> None:
    world.session.commit()
    a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(world.session, world.school.pupil)
    level = Level(leg.level)
    other = next(one for one in PROTOCOL.levels if one is not level)
    assert open_referrals(world.session, [level, other]) == {level: [leg.id], other: []}
