"""Where the child is and whom to call: the school says it, the centre sees it, gaps are seen."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, acting, the_leg
from tests.functional.browser import Browser, Page
from tests.world import Adult, World, an_adult
from tirek.domain.people import Role
from tirek.domain.referral import ConflictKind
from tirek.services import harm, school_contacts
from tirek.services.harm import Named
from tirek.services.school_contacts import Contact
from tirek.storage.models import AuditEntry, Referral, School

NewBrowser = Callable[..., Browser]
SAID = Contact("8 (7172) 12-34-56", "+7 701 234 56 78", "Мысал көшесі, 1", "ул. Примерная, 1")
RECEPTION, URGENT = "tel:+77172123456", "tel:+77012345678"
# Whom to ask for, that no telephone is there, that nobody must call.
WORDS = {
    "kk": ("Кімді сұрау керек:", "телефонын ешкім енгізбеген", "мектепке қоңырау шалмаңыз"),
    "ru": ("Кого спросить:", "елефон школы не внес", "Не звоните об этом ребёнке в школу"),
    "en": (
        "Whom to ask for:",
        "Nobody has entered the school's telephone",
        "Do not call the school",
    ),
}


@pytest.fixture
def leg(engine: Engine, system: Session, world: World) -> Referral:
    """An immediate referral that waits at the home PSC."""
    a_pupil_answers(engine, world, SELF_HARM)
    return the_leg(system, world.school.pupil)


@pytest.fixture
def coordinator(system: Session, world: World) -> Adult:
    made = an_adult(world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso)
    system.commit()
    return made


def dialled(page: Page) -> list[str]:
    """What a press on the page's telephones would call, from the top."""
    main = page.html.find("main")
    return [str(a["href"]) for a in main.find_all("a", href=lambda to: to and to[:4] == "tel:")]  # type: ignore[union-attr]


def test_the_school_says_its_telephones_and_the_centre_sees_them_first(
    system: Session, world: World, leg: Referral, browser: NewBrowser
) -> None:
    at_school = browser().sign_in(world.school.psychologist)
    assert "Enter the school's telephone" in at_school.open("/en/school").text
    page = at_school.open("/en/school/contact")
    page = at_school.submit(
        page, status=422, phone="12", urgent_phone="+1 202 555 0100", address_ru="ул. Примерная, 1"
    )
    assert len(page.html.select(".govuk-error-summary li")) == 3
    assert page.html.find("input", id="phone")["value"] == "12"  # type: ignore[index]
    given: dict[str, object] = {
        "phone": SAID.phone,
        "urgent_phone": SAID.urgent_phone,
        "address_kk": SAID.address_kk,
    }
    page = at_school.submit(page, **given)
    assert "Saved." in page.html.text
    assert "Enter the school's telephone" not in at_school.open("/en/school").text
    system.rollback()
    school = system.get_one(School, world.school.id, populate_existing=True)
    assert (school.phone, school.urgent_phone) == ("+77172123456", "+77012345678")
    changed = select(AuditEntry.account_id).where(AuditEntry.action == "school.contact")
    assert system.scalars(changed).all() == [world.school.psychologist.account.id]
    centre = browser().sign_in(world.home.specialist)
    for lang, (ask, *_others) in WORDS.items():
        page = centre.open(f"/{lang}/psc/referrals/{leg.id}")
        assert dialled(page) == [URGENT, RECEPTION]
        first = page.html.find("main").find("section")  # type: ignore[union-attr]
        assert "+7 717 212 34 56" in first.text  # type: ignore[union-attr]
        assert f"{ask} {world.school.psychologist.account.display_name}" in page.text
        street = SAID.address_kk if lang == "kk" else SAID.address_ru
        assert str(street) in page.text


@pytest.mark.parametrize("lang", sorted(WORDS))
def test_nobody_calls_a_school_where_somebody_is_named(
    engine: Engine, world: World, leg: Referral, browser: NewBrowser, lang: str
) -> None:
    _ask, missing, never = WORDS[lang]
    centre = browser(lang).sign_in(world.home.specialist)
    assert missing in centre.open(f"/{lang}/psc/referrals/{leg.id}").text
    with acting(engine, world, world.school.psychologist) as unit:
        school_contacts.keep_own(unit, SAID)
    with acting(engine, world, world.home.specialist) as unit:
        pupil = world.school.pupil.id
        harm.name_conflict(unit, pupil, Named(ConflictKind.SCHOOL_STAFF, "A teacher shouts."))
    page = centre.open(f"/{lang}/psc/referrals/{leg.id}")
    assert dialled(page) == []
    assert never in page.text
    assert missing not in page.text


def test_a_gap_is_counted_above_and_filled_in_by_the_own_region_alone(
    engine: Engine, system: Session, world: World, coordinator: Adult, browser: NewBrowser
) -> None:
    with acting(engine, world, world.schools[1].psychologist) as unit:
        school_contacts.keep_own(unit, SAID)
    somebody = browser().sign_in(coordinator)
    assert "1 school without a telephone" in somebody.open("/en/oversight").text
    (row,) = somebody.open("/en/oversight/schools").rows("Schools")
    assert row[0] == world.school.school.name_ru
    assert row[2] == "not entered"
    assert len(somebody.open("/en/oversight/schools?show=all").rows("Schools")) == 2
    assert "No school fits" in somebody.open("/en/oversight/schools?q=nowhere").text
    path = f"/en/oversight/schools/{world.school.id}"
    page = somebody.submit(somebody.open(path), phone=SAID.phone)
    assert "Every school can be called" in page.text
    stranger = an_adult(
        world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.neighbour.region.iso
    )
    national = an_adult(world.unit(), Role.NATIONAL_DUTY)
    administrator = an_adult(world.unit(), Role.ADMINISTRATOR)
    system.commit()
    browser().sign_in(stranger).open(path, status=404)
    looker = browser().sign_in(national)
    looker.open(path, status=403)
    assert "Every school can be called" in looker.open("/en/oversight/schools").text
    changer = browser().sign_in(administrator)
    changer.submit(changer.open(f"/en/admin/schools/{world.school.id}"), phone="+7 700 000 00 01")
    system.rollback()
    school = system.get_one(School, world.school.id, populate_existing=True)
    assert (school.phone, school.address_ru) == ("+77000000001", None)
