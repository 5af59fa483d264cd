"""What a psychologist may read of a result, and what stays hidden."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from tests.world import World, a_code, a_vault, a_world, an_origin, the_catalog
from tirek.catalog.library import Catalog
from tirek.config import Keys
from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import Answer, AnswerState, WordingStatus
from tirek.domain.rounds import Break
from tirek.services import administrations, results, runs
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Administration, Assignment, AuditEntry


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    return made


def answered(
    world: World, given: dict[str, str | None], code: str | None = None, *, ends: bool = True
) -> AdministrationKey:
    """The first pupil answers the PHQ-A."""
    typed = code or world.school.pupil.codes["phq-a"]
    entry = administrations.open_by_code(world.unit(), typed, an_origin(), "kk")
    unit = world.unit(entry.actor)
    administrations.start(unit, runs.load(unit, entry.key), "kk")
    read = {item: Answer.read(code) for item, code in given.items()}
    administrations.record_responses(unit, runs.load(unit, entry.key), read)
    if ends:
        administrations.complete(unit, runs.load(unit, entry.key))
    world.session.commit()
    return entry.key


def all_items(code: str) -> dict[str, str | None]:
    return {f"q{number}": code for number in range(1, 10)}


def reader(world: World, catalog: Catalog | None = None) -> Unit:
    actor = world.school.psychologist.actor
    return Unit(world.session, catalog or world.catalog, world.vault, actor)


def authorised(catalog: Catalog) -> Catalog:
    """The catalog as if the PHQ-A's wording were the rights-holder's own."""
    phq = catalog.instruments["phq-a"]
    wordings = {
        lang: replace(wording, status=WordingStatus.AUTHORISED)
        for lang, wording in phq.wordings.items()
    }
    found = replace(phq, wordings=wordings)
    return replace(catalog, instruments={**catalog.instruments, "phq-a": found})


def test_a_working_wording_shows_raw_scores_and_no_label(world: World) -> None:
    found = results.open_result(reader(world), answered(world, all_items("2")), "ru")
    assert found.is_working
    assert {one.scale: one.value for one in found.scales} == {"total": 18, "symptoms": 9}
    assert {one.band for one in found.scales} == {None}


def test_an_authorised_wording_names_bands_and_patterns(world: World) -> None:
    key = answered(world, all_items("2"))
    found = results.open_result(reader(world, authorised(world.catalog)), key, "ru")
    assert not found.is_working
    bands = {one.scale: one.band for one in found.scales}
    assert bands["total"] == "moderately_severe"
    assert bands["pattern"] == "major"


def test_every_item_has_its_state_and_an_unfinished_one_no_scores(world: World) -> None:
    key = answered(world, {"q1": "3", "q2": "declined", "q3": None}, ends=False)
    found = results.open_result(reader(world), key, "ru")
    states = [one.answer.state for one in found.answers]
    assert states[:4] == [
        AnswerState.ANSWERED, AnswerState.DECLINED, AnswerState.SKIPPED, AnswerState.UNSEEN,
    ]  # fmt: skip
    assert len(states) == 13
    assert found.scales == ()


def test_precision_comes_from_the_pupils_own_sex(world: World) -> None:
    found = results.open_result(reader(world), answered(world, all_items("1")), "ru")
    total = found.scales[0]
    assert total.precision is not None
    assert total.precision.basis.sex == world.school.pupil.student.sex
    assert found.scales[1].precision is None


def test_a_result_of_other_questions_keeps_its_scores_and_loses_its_answers(
    world: World, owner: Engine
) -> None:
    key = answered(world, all_items("1"))
    with owner.begin() as connection:
        connection.execute(update(Administration).values(structure_hash="of another release"))
    world.session.expire_all()
    found = results.open_result(reader(world), key, "ru")
    assert found.instrument is None
    assert found.answers == ()
    assert {one.scale for one in found.scales} == {"total", "symptoms"}
    assert found.is_working


def test_rounds_stand_in_order_with_their_structures(world: World, owner: Engine) -> None:
    first = answered(world, all_items("1"))
    world.session.execute(
        update(Assignment)
        .where(Assignment.id == world.school.assignments["phq-a"].id)
        .values(cancelled_at=world.campaign.starts_at)
    )
    before = world.school.assignments["phq-a"]
    again = Assignment(
        campaign_id=before.campaign_id,
        school_year=before.school_year,
        school_id=before.school_id,
        classroom_id=before.classroom_id,
        instrument_id="phq-a",
        release_id=before.release_id,
        respondent="student",
        opens_at=before.opens_at,
        closes_at=before.closes_at + timedelta(hours=1),
        created_by=before.created_by,
    )
    world.session.add(again)
    world.session.flush()
    code = a_code(world.unit(), again, world.school.pupil.student)
    world.session.commit()
    second = answered(world, all_items("3"), code)
    with owner.begin() as connection:
        connection.execute(
            update(Administration)
            .where(Administration.id == first.id)
            .values(structure_hash="of another release")
        )
    world.session.expire_all()
    found = results.open_result(reader(world), second, "ru")
    assert [one.key for one in found.rounds] == [first, second]
    assert [one.values["total"] for one in found.rounds] == [9, 27]
    assert [one.break_before for one in found.rounds] == [None, Break.STRUCTURE]
    # Across a break no difference is computed.
    assert found.changes == {}


def test_another_school_finds_nothing_and_reads_leave_a_row(world: World) -> None:
    key = answered(world, all_items("0"))
    theirs = world.schools[1].psychologist.actor
    with pytest.raises(NotFoundError):
        results.open_result(world.unit(theirs), key, "ru")
    results.open_result(reader(world), key, "ru")
    rows = world.session.scalars(
        select(AuditEntry.account_id).where(AuditEntry.action == "result.view")
    ).all()
    assert rows == [world.school.psychologist.account.id]
