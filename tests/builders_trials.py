"""Trials in regions: windows that have not opened, regions that are closed, what two signed."""

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Engine, func, select, update

from tests.world import Adult, World, an_adult
from tirek.domain.people import Role
from tirek.services import pilots, release_signing
from tirek.services.release_signing import Seen, Statement
from tirek.storage.models import Assignment, InstrumentRelease

if TYPE_CHECKING:
    from uuid import UUID

STATEMENT = Statement(frozenset(Seen), "Read in both languages.")


def release_of(world: World, instrument_id: str) -> "UUID":
    """The release that the world's classes are asked."""
    return world.session.scalars(
        select(InstrumentRelease.id).where(InstrumentRelease.instrument_id == instrument_id)
    ).one()


def opens(owner: Engine, assignment: Assignment, hours: int) -> None:
    """Its window opens so many hours from now; the application itself never moves an opening."""
    with owner.begin() as connection:
        connection.execute(
            update(Assignment)
            .where(Assignment.id == assignment.id)
            .values(opens_at=func.now() + timedelta(hours=hours))
        )


def end_trial(world: World, instrument_id: str) -> None:
    """A methodologist closes the home region."""
    unit, release_id = world.unit(), release_of(world, instrument_id)
    for pilot in pilots.of_release(unit, release_id):
        if pilot.region.iso == world.home.region.iso:
            pilots.stop(unit, release_id, pilot.id)
    world.session.commit()


def approve(world: World, instrument_id: str) -> None:
    """Two methodologists sign a release, and it may be used everywhere."""
    release_id = release_of(world, instrument_id)
    signers: list[Adult] = [an_adult(world.unit(), Role.METHODOLOGIST) for _ in range(2)]
    for signer in signers:
        release_signing.sign_release(world.unit(signer.actor), release_id, STATEMENT)
    release_signing.approve(world.unit(signers[0].actor), release_id)
    world.session.commit()
