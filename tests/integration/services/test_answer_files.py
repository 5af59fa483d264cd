"""Files of answers that are broken, begun elsewhere, or entered at the same moment."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.functional.test_answer_entry import CRITICAL, a_sheet
from tests.world import SchoolWorld, World, a_vault, a_world, the_catalog
from tirek.catalog.exchange.records import fhir_results
from tirek.catalog.exchange.records.record import Record, rescored
from tirek.config import Keys
from tirek.domain.errors import ConflictError
from tirek.domain.instruments import Answer
from tirek.services import answer_checks, answer_entry, answer_uploads
from tirek.services.answer_entry import NotReadyError
from tirek.storage.models import AuditEntry, Student


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    return built


@pytest.fixture
def there(world: World) -> SchoolWorld:
    return world.schools[1]


def test_two_files_of_one_class_at_once_take_turns(
    world: World, engine: Engine, there: SchoolWorld
) -> None:
    urgent = {"record": "8A-01", "q9": "1"}
    waits = []
    for rows in ([urgent], [urgent, {"record": "8A-02"}]):
        with acting(engine, world, there.psychologist) as unit:
            content = a_sheet(world, CRITICAL, *rows)
            waits.append(answer_uploads.keep(unit, there.assignments[CRITICAL], content, "kk").id)

    def press(upload: UUID) -> str:
        try:
            with acting(engine, world, there.psychologist) as unit:
                answer_entry.enter(unit, upload)
        except (ConflictError, NotReadyError):
            return "late"
        return "entered"

    with ThreadPoolExecutor(2) as presses:
        assert sorted(presses.map(press, waits)) == ["entered", "late"]


def test_what_was_begun_elsewhere_and_tells_of_danger_is_not_passed_over(
    world: World, engine: Engine, there: SchoolWorld
) -> None:
    instrument = world.catalog.instruments[CRITICAL]
    records = []
    for code, said in (("8A-01", "0"), ("8A-02", "1"), ("8A-03", "0")):
        given = {item.id: "0" for item in instrument.items} | {"q9": said}
        facts = {"record": code, "language": "kk"}
        read = {item: Answer.read(answer) for item, answer in given.items()}
        records.append(Record("", facts, read))
    bundle = json.loads(fhir_results.write(instrument, rescored(instrument, records)))
    responses = [one["resource"] for one in bundle["entry"] if "item" in one["resource"]]
    responses[1]["status"] = responses[2]["status"] = "in-progress"
    with acting(engine, world, there.psychologist) as unit:
        content = json.dumps(bundle).encode()
        seen = answer_checks.preview(unit, there.assignments[CRITICAL], content, "kk")
    # The third is passed over; the second keeps the file back until a person has looked.
    assert [row.code for row in seen.rows] == ["8A-01", "8A-02"]
    assert [row.code for row in seen.urgent] == ["8A-02"]
    assert not seen.is_ready
    assert [fault.text for fault in seen.faults] == [
        "is not finished, but its answers call for somebody"
    ]


def test_whoever_of_the_school_a_row_names_can_be_referred_and_the_look_is_written_down(
    world: World, engine: Engine, system: Session, there: SchoolWorld
) -> None:
    content = a_sheet(world, CRITICAL, {"record": "8A-01", "q9": "1"}, {"record": "8A-02"})
    with acting(engine, world, there.psychologist) as unit:
        upload = answer_uploads.keep(unit, there.assignments[CRITICAL], content, "kk").id
    # The pupil leaves the class before anybody has looked.
    system.get_one(Student, there.pupil.id).left_at = world.unit().now()
    system.commit()
    with acting(engine, world, there.psychologist) as unit:
        seen = answer_uploads.look(unit, answer_uploads.get(unit, upload))
    assert seen is not None
    assert not seen.is_ready
    [row] = seen.urgent
    assert row.student is None
    assert row.bearer is not None
    assert row.bearer.id == there.pupil.id
    system.rollback()
    looked_at = system.scalars(
        select(AuditEntry.student_id).where(AuditEntry.action == "answers.preview")
    ).all()
    assert there.pupil.id in looked_at
