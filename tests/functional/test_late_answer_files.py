"""A file of answers that calls for somebody today is not left lying: who is told, who sees it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.functional.browser import Browser
from tests.world import Adult, World, an_adult
from tirek.domain.people import Role
from tirek.services import answer_uploads, measures, promises, relay, school_contacts
from tirek.services.letters import Letters
from tirek.services.parcels import Mail, Packer
from tirek.services.school_contacts import Contact
from tirek.storage.models import Account, OutboxMessage
from tirek.tasks.rounds import ROUNDS
from tirek.tasks.workbench import Workbench

NewBrowser = Callable[..., Browser]
Round = Callable[[], int]
INSTRUMENT = "phq-a"
TITLE = "Files of answers that nobody has decided about"
NONE = "None: every school has decided in time."
ABOVE_NOT_TOLD = "files of answers that wait too long and those above were not told"
AT_SCHOOL = ["psychologist", "social_pedagogue"]
ALL = ["psychologist", "regional_coordinator", "social_pedagogue"]


@pytest.fixture
def sweep(engine: Engine, world: World) -> Round:
    """The round that every relay runs."""
    plant = cast("Any", SimpleNamespace(engine=engine))
    bench = Workbench(plant, world.catalog, world.vault, cast("Any", None))
    (uploads,) = [one for one in ROUNDS if one.name == "uploads"]
    return lambda: uploads.run(bench, by="relay")


@dataclass(frozen=True)
class Staff:
    """Who stands beside the psychologist, and the coordinators of two regions."""

    pedagogue: Adult
    here: Adult
    elsewhere: Adult


@pytest.fixture
def staff(system: Session, world: World) -> Staff:
    unit = world.unit()
    made = Staff(
        an_adult(unit, Role.SOCIAL_PEDAGOGUE, school_id=world.school.id),
        an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso),
        an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=world.neighbour.region.iso),
    )
    system.commit()
    return made


@pytest.fixture
def waiting(engine: Engine, world: World, staff: Staff) -> UUID:
    """A file of three pupils, two of whom need somebody today; sent just now."""
    del staff
    items = [item.id for item in world.catalog.instruments[INSTRUMENT].items]
    rows = [
        ",".join([f"8A-0{number}", *("1" if item in critical else "0" for item in items)])
        for number, critical in enumerate(({"q9"}, {"q9"}, set[str]()), start=1)
    ]
    content = "\n".join([",".join(["record", *items]), *rows]).encode()
    with acting(engine, world, world.school.psychologist) as unit:
        return answer_uploads.keep(unit, world.school.assignments[INSTRUMENT], content, "ru").id


def pass_time(owner: Engine, minutes: int) -> None:
    with owner.begin() as connection:
        moved = f"uploaded_at = uploaded_at - interval '{minutes} minutes'"
        connection.execute(text(f"UPDATE answer_uploads SET {moved}"))  # noqa: S608 - a number


def told(system: Session) -> list[str]:
    system.rollback()
    return sorted(
        system.scalars(
            select(Account.role)
            .join(OutboxMessage, OutboxMessage.account_id == Account.id)
            .where(OutboxMessage.kind == "answers_wait")
        )
    )


def test_each_is_told_once_first_at_school_then_above_and_nobody_after_the_decision(
    engine: Engine, owner: Engine, system: Session, world: World, waiting: UUID, sweep: Round
) -> None:
    assert sweep() == 0
    pass_time(owner, 31)
    with ThreadPoolExecutor(2) as relays:
        assert [*relays.map(lambda _relay: sweep(), range(2))] == [1, 1]
    assert told(system) == AT_SCHOOL
    packer = Packer(Letters(world.catalog.messages, "https://x"), world.vault)
    held = relay.claim(system, 1, 60)
    attempt = relay.begin_attempt(system, held[0], packer, 60)
    assert attempt is not None
    assert isinstance(attempt.parcel, Mail)
    assert attempt.parcel.letter.body.count("https://x/kk/school\n") == 1
    system.commit()

    pass_time(owner, 95)
    system.rollback()
    assert ABOVE_NOT_TOLD in promises.findings(system)
    sweep()
    assert told(system) == ALL
    late = {one.name: one.value for one in measures.now(world.unit())}
    assert late["tirek_answer_files_late"] == 1
    assert ABOVE_NOT_TOLD not in promises.findings(system)

    with acting(engine, world, world.school.psychologist) as unit:
        answer_uploads.refuse(unit, waiting, "I have spoken with both.")
    system.rollback()
    # What was queued and has not left stays in the house, and a later round queues nothing.
    held = relay.claim(system, 5, 60)
    assert [relay.begin_attempt(system, one, packer, 60) for one in held] == [None, None]
    system.commit()
    dropped = select(OutboxMessage.id).where(OutboxMessage.dropped_at.is_not(None))
    assert len(system.scalars(dropped).all()) == 2
    assert sweep() == 0
    assert told(system) == ALL


def test_the_coordinator_of_the_region_sees_which_school_to_call_and_for_how_many(
    engine: Engine,
    owner: Engine,
    world: World,
    staff: Staff,
    waiting: UUID,
    browser: NewBrowser,
) -> None:
    with acting(engine, world, world.school.psychologist) as unit:
        school_contacts.keep_own(unit, Contact("+7 700 000 01 01", "+7 700 000 01 02"))
    beside = browser().sign_in(staff.pedagogue).open("/en/school").text
    assert "A file of answers waits for the psychologist's decision." in beside
    here = browser().sign_in(staff.here)
    pass_time(owner, 100)
    assert NONE in here.open("/en/oversight").text
    pass_time(owner, 30)
    page = here.open("/en/oversight")
    ((school, phone, _since, pupils),) = page.rows(TITLE)
    assert world.school.school.name_ru in school
    assert (phone, pupils) == ("+7 700 000 01 02", "2")
    for secret in ("8A-0", "phq", "q9", waiting.hex, str(waiting)):
        assert secret not in str(page.html.find("main"))
    assert NONE in browser().sign_in(staff.elsewhere).open("/en/oversight").text
    with acting(engine, world, world.school.psychologist) as unit:
        answer_uploads.refuse(unit, waiting, "I have spoken with both.")
    assert NONE in here.open("/en/oversight").text
