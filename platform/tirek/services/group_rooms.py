"""For which classes a group can be started: a school's own, or those of a centre's territory."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from tirek.domain.alphabet import sort_key
from tirek.domain.clocks import school_year_of
from tirek.domain.errors import NotFoundError
from tirek.services import classrooms
from tirek.services.unit import Unit
from tirek.storage.models import Classroom, School, ServiceArea


@dataclass(frozen=True, slots=True)
class Room:
    """A class by its name."""

    id: UUID
    name: str


def schools(unit: Unit) -> Sequence[School]:
    """The schools whose classes a centre may invite; none for a school, which has its own."""
    if unit.actor.support_center_id is None:
        return []
    found = unit.session.scalars(
        select(School)
        .join(ServiceArea, ServiceArea.district_id == School.district_id)
        .where(ServiceArea.support_center_id == unit.actor.support_center_id)
        .distinct()
    )
    return sorted(found, key=lambda one: sort_key(one.name_kk))


def of_school(unit: Unit, school_id: UUID | None) -> Sequence[Room]:
    """The classes of this school year; for a centre those of one school of its territory."""
    own = unit.actor.school_id
    if own is None and school_id not in {one.id for one in schools(unit)}:
        return []
    rooms = unit.session.scalars(
        select(Classroom).where(
            Classroom.school_id == (own or school_id),
            Classroom.school_year == school_year_of(unit.now()),
        )
    )
    ordered = sorted(rooms, key=lambda room: (room.grade, sort_key(room.letter)))
    return [Room(room.id, classrooms.name_of(room)) for room in ordered]


def require(unit: Unit, classroom_id: UUID) -> None:
    """Raise `NotFoundError` for a class that this person may not invite."""
    room = unit.session.get(Classroom, classroom_id)
    if room is None or room.id not in {one.id for one in of_school(unit, room.school_id)}:
        raise NotFoundError("classroom", classroom_id)
