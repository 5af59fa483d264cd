"""The page of a whole school's numbers, and the pages that lead to nobody's answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.functional.browser import Browser
from tests.world import World, a_vault, a_world
from tirek.config import Keys
from tirek.domain.instruments import Answer
from tirek.services import administrations, instruments, runs
from tirek.storage.models import Assignment
from tirek.web.transaction import EXTENSION

NAME = "mics-discipline"
NewBrowser = Callable[..., Browser]


@pytest.fixture
def world(app: Flask, system: Session, keys: Keys) -> World:
    made = a_world(system, app.extensions[EXTENSION].catalog, a_vault(keys), pupils=11, coded=0)
    system.commit()
    return made


def asked(world: World, hours: float, answered: int) -> Assignment:
    """Asked of the class's guardians, closing in so many hours; some have finished, all with no."""
    now = datetime.now(UTC)
    one = Assignment(
        campaign_id=world.campaign.id,
        school_year=world.campaign.school_year,
        school_id=world.school.id,
        classroom_id=world.school.classroom.id,
        instrument_id=NAME,
        release_id=instruments.release_id(world.session, world.catalog.instruments[NAME]),
        respondent="guardian",
        opens_at=now - timedelta(hours=20),
        closes_at=now + timedelta(hours=1),
        created_by=world.school.psychologist.account.id,
    )
    world.session.add(one)
    world.session.flush()
    unit = world.unit()
    for pupil in world.school.pupils[:answered]:
        key = administrations.open_or_resume(unit, one, pupil.id, "ru", now)
        run = runs.load(unit, key)
        administrations.start(unit, run, "ru")
        no = {item.id: Answer.read("0") for item in run.instrument.items}
        administrations.record_responses(unit, runs.load(unit, key), no)
        administrations.complete(unit, runs.load(unit, key))
    world.session.commit()
    one.closes_at = datetime.now(UTC) + timedelta(hours=hours)
    world.session.commit()
    return one


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_enough_people_are_numbers(world: World, browser: NewBrowser, lang: str) -> None:
    assignment = asked(world, 0, 11)
    staff = browser(lang).sign_in(world.school.psychologist)
    page = staff.open(f"/{lang}/school/assignments/{assignment.id}/numbers")
    assert len(page.html.find_all("table")) == 12
    assert "11" in page.text


def test_the_class_s_page_leads_there_and_to_nobody_s_result(
    world: World, browser: NewBrowser
) -> None:
    assignment = asked(world, 0, 11)
    staff = browser().sign_in(world.school.psychologist)
    page = staff.open(f"/en/school/assignments/{assignment.id}")
    assert page.link("Answers of the whole school").endswith("/numbers")
    pupil = staff.open(f"/en/school/pupils/{world.school.pupil.id}")
    for one in (page, pupil):
        assert not [a for a in one.html.find_all("a", href=True) if "/results/" in a["href"]]


@pytest.mark.parametrize(
    ("hours", "answered", "words"),
    [(1, 11, "Some class may still answer"), (0, 9, "Too few have answered")],
)
def test_too_early_or_too_few_is_said(
    world: World, browser: NewBrowser, hours: int, answered: int, words: str
) -> None:
    assignment = asked(world, hours, answered)
    staff = browser().sign_in(world.school.psychologist)
    page = staff.open(f"/en/school/assignments/{assignment.id}/numbers")
    assert words in page.text
    assert not page.html.find_all("table")


def test_what_is_read_per_person_has_no_such_page(world: World, browser: NewBrowser) -> None:
    staff = browser().sign_in(world.school.psychologist)
    own = world.school.assignments["phq-a"].id
    staff.open(f"/en/school/assignments/{own}/numbers", status=404)
