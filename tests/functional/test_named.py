"""Somebody is named as possibly harming a child: what each side's pages show after it."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_referral import (
    SELF_HARM,
    SOME_WORRY,
    a_pupil_answers,
    acting,
    legs,
    the_leg,
)
from tests.functional.browser import Browser, Page
from tests.world import Adult, World, an_adult
from tirek.domain.people import Role
from tirek.domain.referral import ConflictKind
from tirek.services import harm, moves
from tirek.services.harm import Named
from tirek.storage.models import Conflict, Notice, Referral, Signal

NewBrowser = Callable[..., Browser]
WORDS = "The child says that a grown-up shouts and hits."
LISTS = ("", "/cases?show=all", "/notices?show=all", "/reviews?show=all", "/asked")
# "Thank you", "outside the school", "do not tell the parents" in each language.
THANKS = {"kk": "Рақмет", "ru": "Спасибо", "en": "Thank you"}
WARNING = {
    "kk": "ата-анаға не қамқоршыға айтпаңыз",
    "ru": "Не говорите родителям",
    "en": "Do not tell the parents",
}


def worry(browser: Browser, world: World, about: str, **more: object) -> Page:
    page = browser.open(f"/{browser.lang}/school/pupils/{world.school.pupil.id}/refer")
    given = {"level": "medium", "reason": WORDS, "about": about} | more
    return browser.submit(page, **given)


def conflicts(system: Session) -> list[Conflict]:
    system.rollback()
    return list(system.scalars(select(Conflict).order_by(Conflict.created_at)))


@pytest.fixture
def pedagogue(world: World, system: Session) -> Adult:
    made = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    system.commit()
    return made


# The worry form


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_a_worry_about_the_school_is_thanked_for_and_gone(
    world: World, browser: NewBrowser, system: Session, lang: str
) -> None:
    psychologist = browser(lang).sign_in(world.school.psychologist)
    sent = worry(psychologist, world, "school_staff")
    assert sent.url == f"/{lang}/school/worry-sent"
    assert THANKS[lang] in sent.h1
    for told in ("111", "112", "150"):
        assert told in sent.text
    assert world.school.pupil.student.school_code not in sent.text
    (conflict,) = conflicts(system)
    assert (conflict.kind, conflict.at_school_id) == ("school_staff", world.school.id)
    for path in LISTS:
        shown = psychologist.open(f"/{lang}/school{path}").text
        assert world.school.pupil.student.school_code not in shown, path
    leg = the_leg(system, world.school.pupil)
    psychologist.open(f"/{lang}/school/cases/{leg.id}", status=404)
    psychologist.open(f"/{lang}/school/cases/{leg.id}/named", status=404)


def test_the_same_worry_sent_twice_is_thanked_for_twice_and_kept_once(
    world: World, browser: NewBrowser, system: Session
) -> None:
    psychologist = browser().sign_in(world.school.psychologist)
    page = psychologist.open(f"/en/school/pupils/{world.school.pupil.id}/refer")
    for _press in range(2):
        sent = psychologist.submit(page, level="high", reason=WORDS, about="school_staff")
        assert sent.h1.startswith("Thank you")
    assert len(conflicts(system)) == 1
    assert len(system.scalars(select(Signal)).all()) == 1


def test_a_worry_does_not_say_whether_it_is_about_a_grown_up_by_silence(
    world: World, browser: NewBrowser, system: Session
) -> None:
    psychologist = browser().sign_in(world.school.psychologist)
    page = psychologist.open(f"/en/school/pupils/{world.school.pupil.id}/refer")
    empty = psychologist.submit(page, status=422, level="low", reason=WORDS)
    assert "Choose whether it is about a grown-up." in empty.text
    psychologist.submit(page, status=422, level="low", reason=WORDS, about="teacher")
    assert not system.scalars(select(Signal)).all()


def test_a_worry_about_home_stays_at_school_with_a_warning(
    world: World, browser: NewBrowser
) -> None:
    psychologist = browser().sign_in(world.school.psychologist)
    sent = worry(psychologist, world, "guardian")
    assert sent.h1.startswith("Referral: pupil")
    assert WARNING["en"] in sent.text
    assert "Somebody at home or in the family" in sent.text
    assert f"Named by {world.school.psychologist.account.display_name}" in sent.text


def test_a_colleague_learns_nothing_of_a_worry_that_went_past_the_school(
    world: World, browser: NewBrowser, pedagogue: Adult, system: Session
) -> None:
    """Also not by worrying about the same pupil: the answer is the one of any other day."""
    worry(browser().sign_in(pedagogue), world, "school_staff")
    psychologist = browser().sign_in(world.school.psychologist)
    pupil = f"/en/school/pupils/{world.school.pupil.id}"
    assert "No referral so far." in psychologist.open(pupil).text
    assert world.school.pupil.student.school_code in psychologist.open("/en/school/pupils").text
    sent = worry(psychologist, world, "nobody", reason="Sad eyes.")
    assert sent.url == pupil
    assert "Sent. Somebody has it now" in sent.text
    assert "No referral so far." in sent.text
    assert len(legs(system, world.school.pupil)) == 1
    assert len(system.scalars(select(Signal)).all()) == 2


# Naming on the referral's page


@pytest.fixture
def leg(engine: Engine, system: Session, world: World) -> Referral:
    """An immediate referral that waits at the home PSC."""
    a_pupil_answers(engine, world, SELF_HARM)
    return the_leg(system, world.school.pupil)


def name(browser: Browser, url: str, *, status: int = 200, **given: object) -> Page:
    return browser.submit(browser.open(f"{url}/named"), status=status, note=WORDS, **given)


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_the_centre_names_somebody_at_home(
    world: World, browser: NewBrowser, leg: Referral, lang: str
) -> None:
    url = f"/{lang}/psc/referrals/{leg.id}"
    centre = browser(lang).sign_in(world.home.specialist)
    assert WARNING[lang] not in centre.open(url).text
    assert centre.open(url).link(centre.open(f"{url}/named").h1.split()[0])
    page = name(centre, url, kind="guardian")
    assert page.url == url
    assert WARNING[lang] in page.text
    assert WORDS in page.text
    assert world.home.specialist.account.display_name in page.text


def test_the_school_that_is_named_is_out_and_the_centre_does_its_notices(
    world: World, browser: NewBrowser, leg: Referral, system: Session
) -> None:
    centre = browser().sign_in(world.home.specialist)
    school = browser().sign_in(world.school.psychologist)
    assert school.open(f"/en/school/cases/{leg.id}").status == 200
    url = f"/en/psc/referrals/{leg.id}"
    assert "Somebody at the school confirms this one." in centre.open(url).text
    page = name(centre, url, kind="school_staff")
    assert "The school is told nothing" in page.text
    to_school = system.scalars(select(Notice).where(Notice.addressee == "school")).one()
    done = centre.submit(page, f"/notices/{to_school.id}")
    assert "Confirmed under your name." in done.text
    school.open(f"/en/school/cases/{leg.id}", status=404)
    for path in LISTS:
        assert world.school.pupil.student.school_code not in school.open(f"/en/school{path}").text


def test_whoever_is_kept_out_is_led_to_their_list_and_a_second_press_too(
    world: World, browser: NewBrowser, leg: Referral, system: Session
) -> None:
    centre = browser().sign_in(world.home.supervisor)
    form = centre.open(f"/en/psc/referrals/{leg.id}/named")
    person = str(world.home.specialist.account.id)
    for _press in range(2):
        gone = centre.submit(form, kind="psc_staff", person=person, note=WORDS)
        assert gone.url == "/en/psc"
        assert "out of sight here" in gone.text
        assert world.school.pupil.student.school_code not in gone.text
    (conflict,) = conflicts(system)
    assert conflict.account_id == world.home.specialist.account.id
    assert conflict.support_center_id == world.home.id
    centre.open(form.url, status=404)
    # The neighbour has it, and knows why.
    other = next(one for one in legs(system, world.school.pupil) if one.id != leg.id)
    neighbour = browser().sign_in(world.neighbour.specialist)
    page = neighbour.open(f"/en/psc/referrals/{other.id}")
    assert world.home.specialist.account.display_name in page.text
    assert WORDS in page.text


def test_the_school_names_a_centre_whose_referral_it_follows(
    world: World, browser: NewBrowser, leg: Referral, system: Session
) -> None:
    school = browser().sign_in(world.school.psychologist)
    url = f"/en/school/cases/{leg.id}"
    form = school.open(school.open(url).link("Name somebody"))
    assert not form.html.find_all("select", attrs={"name": "person"})
    missing = school.submit(form, status=422, kind="psc_staff", note=WORDS)
    assert "Choose the centre." in missing.text
    school.submit(form, status=422, kind="psc_staff", note=WORDS, center=str(uuid4()))
    school.submit(form, status=422, kind="guardian", note=" ")
    page = school.submit(form, kind="psc_staff", note=WORDS, center=str(world.home.id))
    assert page.url == url
    # A school is not told who was named, not even what it said itself.
    assert WORDS not in page.text
    other = next(one for one in legs(system, world.school.pupil) if one.id != leg.id)
    assert other.support_center_id == world.neighbour.id


def test_a_school_gives_its_own_referral_away(
    world: World, browser: NewBrowser, engine: Engine, system: Session
) -> None:
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    mine = the_leg(system, world.school.pupil)
    school = browser().sign_in(world.school.psychologist)
    gone = name(school, f"/en/school/cases/{mine.id}", kind="school_staff")
    assert gone.url == "/en/school/cases"
    assert "out of sight here" in gone.text
    assert world.school.pupil.student.school_code not in gone.text
    after = [one for one in legs(system, world.school.pupil) if one.closed_at is None]
    assert {one.support_center_id for one in after} >= {world.home.id}


def test_others_name_nobody(
    world: World, browser: NewBrowser, leg: Referral, pedagogue: Adult, system: Session
) -> None:
    for adult, area, status in (
        (world.neighbour.specialist, "psc/referrals", 404),
        (world.schools[1].psychologist, "school/cases", 404),
        (pedagogue, "school/cases", 403),
        (world.school.guardian, "psc/referrals", 403),
    ):
        browser().sign_in(adult).open(f"/en/{area}/{leg.id}/named", status=status)
    assert conflicts(system) == []


def test_a_named_guardian_goes_along_to_the_next_school(
    world: World, browser: NewBrowser, engine: Engine
) -> None:
    """Whoever works with the child there is warned too; a school that is kept out reads nothing."""
    pupil, (old, new) = world.school.pupil, world.schools
    psychologist = browser().sign_in(old.psychologist)
    worry(psychologist, world, "guardian")
    assert WARNING["en"] in psychologist.open(f"/en/school/pupils/{pupil.id}").text
    with acting(engine, world, old.psychologist) as unit:
        moves.move_student(unit, pupil.id, new.classroom.id, "8A-77")
    there = browser().sign_in(new.psychologist)
    page = there.open(there.open(f"/en/school/pupils/{pupil.id}").link("2026"))
    assert WARNING["en"] in page.text
    assert f"Named by {old.psychologist.account.display_name}" in page.text
    with acting(engine, world, new.psychologist) as unit:
        harm.name_conflict(unit, pupil.id, Named(ConflictKind.SCHOOL_STAFF, "And a teacher."))
    with acting(engine, world, new.psychologist) as unit:
        assert unit.session.scalars(select(Conflict)).all() == []
    assert WARNING["en"] not in there.open(f"/en/school/pupils/{pupil.id}").text


def test_a_school_that_follows_a_referral_is_warned_too(
    world: World, browser: NewBrowser, leg: Referral
) -> None:
    name(browser().sign_in(world.home.specialist), f"/en/psc/referrals/{leg.id}", kind="guardian")
    school = browser().sign_in(world.school.psychologist)
    assert WARNING["en"] in school.open(f"/en/school/cases/{leg.id}").text
