"""Permissions of rights-holders, as an administrator records them."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from tests.world import Adult, World, an_adult
from tirek.domain.people import Role
from tirek.services import licences
from tirek.services.licences import Grant
from tirek.services.unit import Unit

DAY = timedelta(days=1)


def an_administrator(world: World) -> Adult:
    return an_adult(world.unit(), Role.ADMINISTRATOR)


def a_grant(today: date, **given: object) -> Grant:
    """A permission that began a month ago and has no end."""
    whole = Grant(
        granted_by="Author, by letter",
        granted_to="Support centres",
        scope="Electronic use, Kazakh and Russian",
        evidence="Contract 17, cabinet 3",
        valid_from=today - 30 * DAY,
    )
    return replace(whole, **given)  # type: ignore[arg-type]


def a_licence(unit: Unit, instrument_id: str, **given: object) -> UUID:
    """Record one; `given` changes the grant."""
    return licences.record(unit, instrument_id, a_grant(licences.today(unit), **given))
