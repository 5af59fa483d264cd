"""A pupil has moved to another school: found, looked at, confirmed, once."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_referral import SOME_WORRY, a_pupil_answers, the_leg
from tests.functional.browser import Browser, Page
from tests.world import World, an_adult
from tirek.domain.people import Role
from tirek.storage.models import AuditEntry, OutboxMessage, Student

NewBrowser = Callable[..., Browser]
NEW_CODE = "8A-77"


@pytest.fixture
def at_work(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.school.psychologist)


def move_url(world: World, lang: str = "en") -> str:
    return f"/{lang}/school/pupils/{world.school.pupil.id}/move"


def asked(browser: Browser, world: World, code: str = NEW_CODE) -> Page:
    """The page that asks whether it is right."""
    new = world.schools[1]
    form = browser.open(f"{move_url(world, browser.lang)}/{new.id}")
    return browser.submit(form, classroom=str(new.classroom.id), code=code)


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_a_pupil_is_moved_with_what_is_open(
    world: World, browser: NewBrowser, engine: Engine, system: Session, lang: str
) -> None:
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    before, new = the_leg(system, world.school.pupil), world.schools[1]
    at_work = browser(lang).sign_in(world.school.psychologist)
    pupil = at_work.open(f"/{lang}/school/pupils/{world.school.pupil.id}")
    found = at_work.open(pupil.html.find("a", href=move_url(world, lang))["href"])
    question = asked(at_work, world)
    assert NEW_CODE in question.text
    assert new.school.public_code in question.text
    assert new.school.public_code in found.text
    done = at_work.submit(question)
    assert done.url == f"/{lang}/school/pupils"
    # The second press of the same button says the same.
    assert at_work.submit(question).text == done.text
    at_work.open(pupil.url, status=404)
    system.expire_all()
    moved = system.get_one(Student, world.school.pupil.id)
    assert (moved.school_id, moved.school_code) == (new.id, NEW_CODE)
    leg = the_leg(system, world.school.pupil)
    assert (leg.id, leg.school_id, leg.contact_due_at) == (before.id, new.id, before.contact_due_at)
    theirs = browser(lang).sign_in(new.psychologist)
    assert NEW_CODE in theirs.open(f"/{lang}/school/cases/{leg.id}").h1
    entries = system.scalars(select(AuditEntry).where(AuditEntry.action == "student.move")).all()
    assert [(one.account_id, one.student_id) for one in entries] == [
        (world.school.psychologist.account.id, moved.id)
    ]
    told = select(OutboxMessage.id).where(OutboxMessage.account_id == new.psychologist.account.id)
    assert len(system.scalars(told).all()) == 1


def test_schools_are_found_by_place_name_and_public_code(world: World, at_work: Browser) -> None:
    new, region = world.schools[1], world.home.region.iso
    here, empty = move_url(world), "No school fits"
    every = at_work.open(here)
    assert new.school.public_code in every.text
    # The own school is not another one.
    assert world.school.school.public_code not in every.text
    assert "All districts" not in every.html.get_text()
    chosen = at_work.open(f"{here}?region={region}")
    assert "All districts" in chosen.html.get_text()
    near = at_work.open(f"{here}?region={region}&district={world.home.district.id}")
    assert new.school.public_code in near.text
    assert empty in at_work.open(f"{here}?region={world.neighbour.region.iso}").text
    assert new.school.public_code in at_work.open(f"{here}?q={new.school.public_code}").text
    assert new.school.public_code in at_work.open(f"{here}?q={new.school.name_kk}").text
    assert empty in at_work.open(f"{here}?q=%25").text
    # Words of an address that are not ours are passed over.
    assert new.school.public_code in at_work.open(f"{here}?region=XX&district=y&page=-4").text


def test_nothing_moves_before_it_is_confirmed(
    world: World, at_work: Browser, system: Session
) -> None:
    asked(at_work, world)
    form = at_work.open(f"{move_url(world)}/{world.schools[1].id}")
    at_work.submit(form, status=422, classroom=str(world.school.classroom.id), code=NEW_CODE)
    at_work.submit(form, status=422, classroom=str(world.schools[1].classroom.id), code=" ")
    system.expire_all()
    assert system.get_one(Student, world.school.pupil.id).school_id == world.school.id


def test_a_code_that_another_pupil_has_is_refused_kindly(
    world: World, at_work: Browser, system: Session
) -> None:
    taken = world.schools[1].pupil.student.school_code
    page = at_work.submit(asked(at_work, world, taken), status=422)
    assert "Another pupil of that school has this code." in page.text
    system.expire_all()
    assert system.get_one(Student, world.school.pupil.id).school_id == world.school.id


def test_nobody_else_moves_a_pupil(world: World, browser: NewBrowser, system: Session) -> None:
    pedagogue = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    system.commit()
    url = f"{move_url(world)}/{world.schools[1].id}"
    browser().sign_in(pedagogue).open(url, status=403)
    browser().sign_in(world.home.specialist).open(url, status=403)
    stranger = browser().sign_in(world.schools[1].psychologist)
    stranger.open(url, status=404)
    # A school is not moved to itself.
    own = browser().sign_in(world.school.psychologist)
    own.open(f"{move_url(world)}/{world.school.id}", status=404)
