"""One result as a psychologist reads it, and a class's answers as files."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pyreadstat
import pytest
from sqlalchemy import Engine, select

from tests.builders_families import a_second_guardian
from tests.builders_referral import a_pupil_answers, acting
from tests.functional.browser import Browser
from tests.world import Adult, World
from tirek.domain.instruments import Answer
from tirek.services import administrations, children, instruments, runs
from tirek.services.runs import AdministrationKey
from tirek.storage.models import Assignment, AuditEntry

NewBrowser = Callable[..., Browser]
YOUTH, PARENT = "psc-17-y", "psc-17-p"


@pytest.fixture
def at_work(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.school.psychologist)


def the_pupil_says(engine: Engine, world: World, given: dict[str, str | None]) -> AdministrationKey:
    return a_pupil_answers(
        engine, world, given, pupil=world.school.pupils[0], instrument=YOUTH, to_the_end=True
    )


def a_parent_says(
    engine: Engine, world: World, given: dict[str, str], parent: Adult | None = None
) -> AdministrationKey:
    pupil = world.school.pupils[0]
    with acting(engine, world, parent or world.school.guardian) as unit:
        child = children.get_child(unit, pupil.id)
        asked = children.get_asked(unit, child, world.school.assignments[PARENT].id)
        run = children.begin(unit, child, asked, "kk")
        administrations.record_responses(
            unit, run, {item: Answer.read(code) for item, code in given.items()}
        )
        administrations.complete(unit, runs.load(unit, run.key))
        return run.key


def items(world: World, name: str, code: str, **other: str) -> dict[str, str]:
    found = {item.id: code for item in world.catalog.instruments[name].items}
    return found | other


def url(key: AdministrationKey, lang: str = "en") -> str:
    return f"/{lang}/school/results/{key.school_year}/{key.id}"


def test_both_informants_stand_side_by_side_and_both_readings_leave_a_row(
    world: World, engine: Engine, at_work: Browser
) -> None:
    mine = the_pupil_says(engine, world, dict(items(world, YOUTH, "0", q2="2")))
    theirs = a_parent_says(engine, world, items(world, PARENT, "0", q2="0", q9="1"))
    page = at_work.open(url(mine))
    assert "The same things as a parent sees them" in page.text
    assert ["2", "1"] in [row[1:] for row in page.rows("Both scores")]
    assert "Both answered 17 questions, 15 of them alike." in page.text
    topic = world.catalog.instruments[YOUTH].text("ru", "q2.topic")
    assert topic in page.text
    world.session.rollback()
    seen = world.session.scalars(
        select(AuditEntry.entity_id).where(AuditEntry.action == "result.view")
    ).all()
    assert {str(mine.id), str(theirs.id)} <= {str(one) for one in seen}
    assert "The same things as the pupil sees them" in at_work.open(url(theirs)).text


def test_nothing_is_said_of_another_informant_where_there_is_none(
    world: World, engine: Engine, at_work: Browser
) -> None:
    page = at_work.open(url(the_pupil_says(engine, world, dict(items(world, YOUTH, "1")))))
    assert "The same things" not in page.text
    assert "Earlier rounds" not in page.text


@pytest.fixture
def answered(world: World, engine: Engine) -> World:
    the_pupil_says(engine, world, {**items(world, YOUTH, "1"), "q3": "declined", "q4": None})
    return world


def path(world: World, kind: str, name: str = YOUTH) -> str:
    return f"/en/school/assignments/{world.school.assignments[name].id}/files/{kind}"


def test_a_class_goes_out_as_tables_without_names(answered: World, at_work: Browser) -> None:
    listed = at_work.open(f"/en/school/assignments/{answered.school.assignments[YOUTH].id}")
    assert "The finished answers as files" in listed.text
    answer = at_work.client.get(path(answered, "csv"))
    assert answer.headers["Cache-Control"] == "no-store"
    assert YOUTH not in answer.headers["Content-Disposition"]
    [row] = csv.DictReader(StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")))
    pupil = answered.school.pupils[0].student
    assert row["record"] == pupil.school_code
    assert (row["q1"], row["q3"], row["q4"]) == ("1", "declined", "skipped")
    assert (row["total"], row["total_state"]) == ("15", "computed")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "x.sav"
        file.write_bytes(at_work.client.get(path(answered, "sav")).data)
        columns, _ = pyreadstat.read_sav(file, output_format="dict", user_missing=True)
    assert (list(columns["q3"]), list(columns["q4"])) == ([-98], [-97])
    assert "psc_17_y_q1" in at_work.client.get(path(answered, "redcap")).get_data(as_text=True)


def test_a_class_goes_out_as_fhir_without_names(answered: World, at_work: Browser) -> None:
    answer = at_work.client.get(path(answered, "fhir"))
    assert answer.content_type.startswith("application/fhir+json")
    response, total = (entry["resource"] for entry in answer.get_json(force=True)["entry"][:2])
    pupil = answered.school.pupils[0].student
    assert response["identifier"]["value"] == pupil.school_code
    assert response["item"][2]["extension"][0]["valueCode"] == "asked-declined"
    assert total["resourceType"] == "Observation"
    assert "name" not in response["subject"]


def test_what_two_parents_say_of_one_child_are_two_rows_with_two_names(
    world: World, engine: Engine, at_work: Browser
) -> None:
    other = a_second_guardian(world)
    world.session.commit()
    a_parent_says(engine, world, items(world, PARENT, "0"))
    a_parent_says(engine, world, items(world, PARENT, "1"), other)
    code = world.school.pupils[0].student.school_code
    for kind, name in (("csv", "record"), ("redcap", "record_id")):
        answer = at_work.client.get(path(world, kind, PARENT)).get_data(as_text=True)
        rows = csv.DictReader(StringIO(answer.removeprefix("\ufeff")))
        assert [row[name] for row in rows] == [code, f"{code}_2"]


def test_every_download_is_written_down_for_each_child(answered: World, at_work: Browser) -> None:
    for kind in ("csv", "sav", "redcap", "fhir"):
        assert at_work.client.get(path(answered, kind)).status_code == 200
    # The code book holds nobody's answers.
    assert at_work.client.get(path(answered, "codes")).status_code == 200
    answered.session.rollback()
    rows = answered.session.scalars(
        select(AuditEntry.student_id).where(AuditEntry.action == "result.export")
    ).all()
    assert rows == [answered.school.pupils[0].id] * 4


def test_nobody_else_gets_a_file(answered: World, browser: NewBrowser) -> None:
    for adult in (answered.school.guardian, answered.home.specialist):
        stranger = browser().sign_in(adult)
        assert stranger.client.get(path(answered, "csv")).status_code in {403, 404}
    assert browser().client.get(path(answered, "csv")).status_code in {302, 303, 401, 404}


def test_what_is_counted_for_a_school_only_is_no_file(answered: World, at_work: Browser) -> None:
    asked = answered.school.assignments[PARENT]
    instrument = answered.catalog.instruments["mics-discipline"]
    counted = Assignment(
        campaign_id=asked.campaign_id,
        school_year=asked.school_year,
        school_id=asked.school_id,
        classroom_id=asked.classroom_id,
        instrument_id=instrument.id,
        release_id=instruments.release_id(answered.session, instrument),
        respondent="guardian",
        opens_at=asked.opens_at,
        closes_at=asked.closes_at,
        created_by=asked.created_by,
    )
    answered.session.add(counted)
    answered.session.commit()
    for kind in ("csv", "sav", "redcap"):
        url = f"/en/school/assignments/{counted.id}/files/{kind}"
        assert at_work.client.get(url).status_code == 404
    page = at_work.open(f"/en/school/assignments/{counted.id}")
    assert "The finished answers as files" not in page.text
