"""Who may write how a school is reached, and what the database takes for a telephone."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.scope import Scope
from tirek.storage.session import open_session

PHONE = "+77000000101"
SCOPES: dict[str, tuple[Callable[[World], Scope], str]] = {
    "system": (lambda _world: Scope.system(), "accepted"),
    "own school": (lambda world: Scope.school(world.school.id), "accepted"),
    "other school": (lambda world: Scope.school(world.schools[1].id), "TK003"),
    "centre": (lambda world: Scope.support_center(world.home.id), "TK003"),
    "pupil": (lambda world: Scope.student(world.school.pupil.id), "TK003"),
    "parent": (lambda world: Scope.guardian(world.school.guardian.account.id), "TK003"),
    "nobody": (lambda _world: Scope.none(), "TK003"),
}
# A right that is not there, and a check.
NO_RIGHT, REFUSED = "42501", "23514"


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2, pupils=1, coded=0)
    system.commit()
    return made


def tried(session: Session, world: World, column: str, value: str | None) -> str:
    """The SQLSTATE with which the database answers a change of the first school."""
    statement = f"UPDATE schools SET {column} = :value WHERE id = :id"  # noqa: S608 - own names
    try:
        session.execute(text(statement), {"value": value, "id": world.school.id})
    except DBAPIError as error:
        session.rollback()
        return str(getattr(error.orig, "sqlstate", None))
    return "accepted"


@pytest.mark.parametrize("who", sorted(SCOPES))
def test_only_the_own_school_and_those_above_write_a_telephone(
    engine: Engine, world: World, who: str
) -> None:
    scope, expected = SCOPES[who]
    with open_session(engine, scope(world)) as session:
        assert tried(session, world, "phone", PHONE) == expected


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("phone", "8 700 000 01 01", REFUSED),
        ("urgent_phone", "+7700000010", REFUSED),
        ("phone", None, "accepted"),
        ("address_kk", "Мысал көшесі, 1", REFUSED),
        ("name_ru", "Другая школа", NO_RIGHT),
        ("district_id", None, NO_RIGHT),
    ],
)
def test_what_the_database_takes(
    engine: Engine, world: World, column: str, value: str | None, expected: str
) -> None:
    with open_session(engine, Scope.school(world.school.id)) as session:
        assert tried(session, world, column, value) == expected
