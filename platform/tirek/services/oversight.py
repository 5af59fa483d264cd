"""What the upper rungs may look at: everything of their area, but no child."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, Text, cast, func, true

from tirek.domain.people import Actor, Role
from tirek.domain.scope import Scope
from tirek.services.unit import Unit
from tirek.storage.models import Referral
from tirek.storage.session import within_scope

# Letters and digits of a name that people can say on the phone.
SHORT = 8


@dataclass(frozen=True, slots=True)
class Area:
    """One region, or the whole country."""

    region_iso: str | None = None

    def holds(self, region: SQLColumnExpression[str]) -> ColumnElement[bool]:
        """The condition that something lies in this area."""
        return true() if self.region_iso is None else region == self.region_iso


@dataclass(frozen=True, slots=True)
class Place:
    """A school or a centre by its names."""

    name_kk: str
    name_ru: str


def area_of(actor: Actor) -> Area:
    """A coordinator's own region; the whole country for those who serve all of it."""
    if actor.role is Role.REGIONAL_COORDINATOR:
        # A coordinator without a region has none, instead of all of them.
        return Area(actor.region_iso or "")
    return Area()


def looking_over(unit: Unit) -> AbstractContextManager[None]:
    """Count and list over all schools and centres, column by column.

    These people have no view of children (`Actor.scope` is none), so each query names the columns
    it takes: ids, codes, places and times; never a row of a child, never anything sealed.
    """
    return within_scope(unit.session, Scope.system())


def short(thing_id: UUID) -> str:
    """The name under which people speak about a referral on the phone: says nothing of a child."""
    return thing_id.hex[:SHORT].upper()


def is_called(name: str) -> ColumnElement[bool]:
    """The condition that a referral bears this name, however it was heard or typed."""
    return func.upper(func.left(cast(Referral.id, Text), SHORT)) == name.strip().upper()
