"""The world that other tests stand on is itself in order."""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.world import a_vault, a_world, an_origin, the_catalog
from tirek.config import Keys
from tirek.domain.scope import Scope
from tirek.services import accounts
from tirek.services.administrations import open_by_code
from tirek.services.places import center_of_school
from tirek.storage.session import open_session


def test_every_code_opens_and_every_adult_logs_in(
    engine: Engine, system: Session, keys: Keys
) -> None:
    world = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    assert center_of_school(system, world.school.id) == world.home.center
    codes = [code for school in world.schools for code in school.pupil.codes.items()]
    assert len({code for _, code in codes}) == len(codes)
    assert {instrument for instrument, _ in codes} == {
        name for name, one in world.school.assignments.items() if one.respondent == "student"
    }
    asked = {
        name: one
        for name, one in world.catalog.instruments.items()
        # The others wait for their holder's permission (test_licences).
        if one.structure.licence.may["display"]
    }
    for _, code in [pair for pair in codes if pair[0] in asked]:
        with open_session(engine, Scope.none()) as session:
            entry = open_by_code(world.unit(session=session), code, an_origin(), "kk")
            assert entry.actor.student_id in {school.pupil.id for school in world.schools}
            session.commit()
    for adult in (world.home.specialist, world.school.psychologist):
        with open_session(engine, Scope.none()) as session:
            unit = world.unit(session=session)
            account = accounts.check_password(unit, adult.account.email, adult.password, "n")
            accounts.check_totp(unit, account, adult.totp(), "n")
            session.commit()
