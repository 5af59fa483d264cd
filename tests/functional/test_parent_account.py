"""A parent's account from the first page on: every step works without JavaScript, in words."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders_families import NEW_PASSWORD, a_full_account, a_letter, errands_of
from tests.functional.browser import Browser, Page
from tests.world import PASSWORD, World, an_adult
from tirek.domain.access_code import pretty
from tirek.domain.people import Role
from tirek.services.letters import Letters
from tirek.services.parcels import Mail, Packer, errand_secret
from tirek.storage.models import Account, Guardianship, Invitation, OutboxMessage, OwnChild
from tirek.web.transaction import EXTENSION

NewBrowser = Callable[..., Browser]
EMAIL = "new.parent@example.kz"


def register(someone: Browser, email: str = EMAIL, status: int = 200, **given: str) -> Page:
    page = someone.open(f"/{someone.lang}/parent/register")
    sent = {"email": email, "password": NEW_PASSWORD, "region": "KZ-71", **given}
    return someone.submit(page, status=status, **sent)


def enter(someone: Browser, email: str = EMAIL, password: str = NEW_PASSWORD) -> Page:
    page = someone.open(f"/{someone.lang}/login")
    page = someone.submit(page, email=email, password=password)
    someone.is_signed_in = True
    return page


def link_of(world: World, system: Session, email: str, lang: str = "en") -> str:
    system.rollback()
    errand = errands_of(system, email)[-1]
    return f"/{lang}/parent/errands/{errand.id}/{errand_secret(world.vault, errand.id)}"


@pytest.mark.parametrize("lang", ["en", "kk", "ru"])
def test_opening_an_account_and_using_it_at_once(
    browser: NewBrowser, world: World, lang: str
) -> None:
    someone = browser(lang)
    page = register(someone)
    assert page.url.endswith("/parent/registered")
    page = enter(someone)
    assert page.url == f"/{lang}/parent"
    assert not someone.open(f"/{lang}/courses/calm-parent/repair").html.find(id="no-such")


def test_the_page_after_is_the_same_whether_the_address_exists(
    browser: NewBrowser, world: World
) -> None:
    new, known = register(browser()), register(browser(), world.school.guardian.account.email)
    assert (new.url, new.status) == (known.url, known.status)
    assert new.text == known.text
    for email in (EMAIL, "nobody@example.kz"):
        someone = browser()
        sent = someone.submit(someone.open("/en/parent/forgot"), email=email)
        assert "Look into your mail" in sent.h1


def test_a_wrong_form_says_what_is_wrong_and_keeps_what_was_typed(
    browser: NewBrowser, world: World
) -> None:
    someone = browser()
    page = register(someone, "no-address", status=422, password="1234567890")
    assert "It looks like name@example.kz" in page.text
    assert "guessed at once" in page.text
    assert page.html.find(id="email")["value"] == "no-address"
    page = register(someone, status=422, password="short")
    assert "at least 10 characters" in page.text


def test_too_many_tries_ask_to_wait_and_keep_the_address(browser: NewBrowser, world: World) -> None:
    someone = browser()
    for _ in range(3):
        register(someone)
    page = register(someone, status=429)
    assert "Wait" in page.text
    assert page.html.find(id="email")["value"] == EMAIL


def test_the_link_of_the_letter_confirms_only_when_the_button_is_pressed(
    browser: NewBrowser, world: World, system: Session
) -> None:
    someone = browser()
    register(someone)
    path = link_of(world, system, EMAIL)
    # A mail program opens the link by itself: nothing happens.
    browser().open(path)
    page = someone.submit(someone.open(path))
    assert "Your address is confirmed" in page.html.get_text()
    system.rollback()
    account = system.scalars(select(Account).where(Account.email == EMAIL)).one()
    assert account.verified_at is not None
    assert "does not work any more" in someone.open(path, status=410).h1
    assert "does not work any more" in someone.open(path[:-1] + "z", status=410).h1


def test_the_letter_itself_bears_the_link_in_the_language_that_was_chosen(
    app: Flask, browser: NewBrowser, world: World, system: Session
) -> None:
    register(browser("ru"), language="kk")
    system.rollback()
    message = system.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == "confirm_address")
    ).one()
    texts = app.extensions[EXTENSION].catalog.messages
    packer = Packer(Letters(texts, "http://localhost"), world.vault)
    mail = packer.pack(system, message, uuid4())
    assert isinstance(mail, Mail)
    assert mail.to == EMAIL
    (link,) = [word for word in mail.letter.body.split() if word.startswith("http://")]
    # Neither name nor address stands in the letter's title, nor what Tirek is about.
    assert mail.letter.subject == "Tirek: пошта мекенжайын растаңыз"
    someone = browser("kk")
    page = someone.submit(someone.open(link.removeprefix("http://localhost")))
    assert page.url == "/kk/login"


def test_what_needs_a_confirmed_address_says_so(
    browser: NewBrowser, world: World, system: Session
) -> None:
    someone = browser()
    register(someone)
    enter(someone)
    page = someone.open("/en/parent/account")
    assert "Not yet: no reminders and no letters about talks are sent" in page.text
    page = someone.submit(page, "/account/confirm")
    assert "A letter is on its way" in page.html.get_text()
    system.rollback()
    kinds = system.scalars(select(OutboxMessage.kind)).all()
    assert kinds == ["confirm_address", "confirm_address"]


def test_a_forgotten_password_is_set_anew_and_other_devices_are_out(
    browser: NewBrowser, world: World, system: Session
) -> None:
    guardian = world.school.guardian
    elsewhere = browser().sign_in(guardian)
    someone = browser()
    page = someone.open("/en/login")
    page = someone.open(page.link("I have forgotten my password"))
    someone.submit(page, email=guardian.account.email)
    path = link_of(world, system, guardian.account.email)
    page = someone.submit(someone.open(path), password="short", status=422)
    assert "at least 10 characters" in page.text
    page = someone.submit(someone.open(path), password=NEW_PASSWORD)
    assert "The new password is set" in page.html.get_text()
    assert enter(someone, guardian.account.email).url == "/en/parent"
    elsewhere.is_signed_in = False
    assert elsewhere.open("/en/parent").url.startswith("/en/login")


def test_changing_the_password_keeps_this_browser_and_ends_the_others(
    browser: NewBrowser, world: World
) -> None:
    elsewhere = browser().sign_in(world.school.guardian)
    someone = browser().sign_in(world.school.guardian)
    path = "/en/parent/account/password"
    page = someone.submit(someone.open(path), old="wrong", password=NEW_PASSWORD, status=422)
    assert "This is not the password you have now" in page.text
    page = someone.submit(someone.open(path), old=PASSWORD, password=NEW_PASSWORD)
    assert "The password is changed" in page.html.get_text()
    elsewhere.is_signed_in = False
    assert elsewhere.open("/en/parent").url.startswith("/en/login")


def test_a_code_joins_the_child_of_somebody_who_is_signed_in(
    browser: NewBrowser, world: World, engine, system: Session
) -> None:
    letter = a_letter(world, engine)
    alone = an_adult(world.unit(), Role.GUARDIAN)
    system.commit()
    someone = browser().sign_in(alone)
    home = someone.open("/en/parent")
    assert "No child is linked to your account yet" in home.text
    page = someone.open(home.link("I have a code"))
    page = someone.submit(page, code=f" {pretty(letter.code).lower()} ")
    assert "class 8 “Ә”" in page.text
    assert "8A-01" not in page.text
    page = someone.submit(page, "/join/child")
    assert "Your child is in your account now" in page.html.get_text()
    assert "Pupil 8A-01" in page.text


def test_a_code_is_remembered_while_an_account_is_opened(
    browser: NewBrowser, world: World, engine, system: Session
) -> None:
    letter = a_letter(world, engine)
    someone = browser()
    page = someone.submit(someone.open("/en/parent/join"), code=letter.code)
    assert "The code is right" in page.text
    # The code stands in no address.
    assert letter.code not in page.url
    someone.open(page.link("Open an account"))
    page = register(someone)
    assert page.html.select_one("main .govuk-button")["href"] == "/en/login?next=/en/parent/join"
    # Also whoever takes another way in is reminded of it.
    page = enter(someone)
    page = someone.open(page.link("Join your child with the school's code"))
    page = someone.submit(page, "/join/child")
    assert "Pupil 8A-01" in page.text
    system.rollback()
    account = system.scalars(select(Account).where(Account.email == EMAIL)).one()
    joined = system.scalars(select(Guardianship).where(Guardianship.account_id == account.id)).one()
    assert joined.student_id == world.school.pupil.id


def test_wrong_and_used_codes_are_told_apart_and_nothing_is_lost(
    browser: NewBrowser, world: World, engine, system: Session
) -> None:
    letter = a_letter(world, engine)
    someone = browser().sign_in(world.schools[1].guardian)
    page = someone.submit(someone.open("/en/parent/join"), code="ABC", status=422)
    assert "not a whole code" in page.text
    assert page.html.find(id="code")["value"] == "ABC"
    page = someone.submit(someone.open("/en/parent/join"), code=letter.code)
    page = someone.submit(page, "/join/other")
    assert page.url == "/en/parent/join"
    someone.submit(someone.submit(page, code=letter.code), "/join/child")
    page = someone.submit(someone.open("/en/parent/join"), code=letter.code, status=422)
    assert "You have used this code already" in page.text
    other = browser()
    page = other.submit(other.open("/en/parent/join"), code=letter.code, status=422)
    assert "it serves one adult, once" in page.text


def test_own_children_are_told_of_changed_and_taken_off(
    browser: NewBrowser, world: World, system: Session
) -> None:
    someone = browser().sign_in(world.school.guardian)
    path = "/en/parent/account/children"
    page = someone.submit(someone.open(path), status=422)
    assert "Choose the month" in page.text
    page = someone.submit(someone.open(path), month="5", year="2019", label="Kid", needs="y")
    assert "Kid" in page.text
    assert "special educational needs" in page.text
    system.rollback()
    row = system.scalars(select(OwnChild)).one()
    assert b"Kid" not in row.label_sealed
    page = someone.open(page.link("Change Kid"))
    page = someone.submit(page, f"/children/{row.id}", label="Other")
    assert "Other" in page.text
    page = someone.open(page.link("Change Other"))
    page = someone.submit(page, "/remove")
    assert "Other" not in page.text
    someone.open(f"{path}/{row.id}", status=404)


def test_a_month_to_come_is_refused(browser: NewBrowser, world: World) -> None:
    someone = browser().sign_in(world.school.guardian)
    path = "/en/parent/account/children"
    page = someone.open(path)
    newest = page.html.find(id="year").find_all("option")[1]["value"]
    page = someone.submit(page, month="12", year=newest, status=422)
    assert "Choose a month that has been" in page.text


def test_language_region_and_telephone_are_changed(browser: NewBrowser, world: World) -> None:
    someone = browser().sign_in(world.school.guardian)
    page = someone.open("/en/parent/account/about")
    page = someone.submit(page, language="ru", region="KZ-11", name="")
    assert page.url == "/ru/parent/account"
    page = someone.submit(someone.open("/en/parent/account/phone"), phone="12", status=422)
    assert "no telephone of Kazakhstan" in page.text
    page = someone.submit(someone.open("/en/parent/account/phone"), phone="8 701 234 56 78")
    assert "+7701 ••• •• 78" in page.text
    assert "7012345678" not in page.html.get_text()


@pytest.mark.parametrize("lang", ["en", "kk", "ru"])
def test_deleting_the_account_takes_two_steps_and_the_password(
    browser: NewBrowser, world: World, system: Session, lang: str
) -> None:
    someone = browser(lang).sign_in(world.school.guardian)
    page = someone.open(f"/{lang}/parent/account/delete")
    assert page.html.find("main").find("form") is None
    sure = f"/{lang}/parent/account/delete/sure"
    page = someone.submit(someone.open(sure), password="wrong", status=422)
    answer = someone.client.post(
        sure,
        data={
            "password": PASSWORD,
            "csrf_token": page.html.find("main").find("input", attrs={"name": "csrf_token"})[
                "value"
            ],
        },
    )
    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    someone.is_signed_in = False
    assert someone.open(f"/{lang}/parent").url.startswith(f"/{lang}/login")
    page = someone.open(f"/{lang}/login")
    someone.submit(page, email=world.school.guardian.account.email, password=PASSWORD, status=422)


def test_signing_out_tells_the_browser_to_forget(browser: NewBrowser, world: World) -> None:
    someone = browser().sign_in(world.school.guardian)
    page = someone.open("/en/parent/account")
    token = page.html.find("input", attrs={"name": "csrf_token"})["value"]
    answer = someone.client.post("/en/logout", data={"csrf_token": token})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_the_first_page_has_every_room_in_its_order(
    browser: NewBrowser, world: World, system: Session
) -> None:
    a_full_account(world, world.school.guardian, "words of my own", "+77015551234")
    system.commit()
    page = browser().sign_in(world.school.guardian).open("/en/parent")
    headings = [heading["id"] for heading in page.html.select("main h2[id]")]
    wanted = ["go-on", "today", "groups", "child-1", "meetings", "about-me", "suggestions"]
    assert headings == wanted
    assert "Confirm your address" in page.text
    # Whoever looks over a shoulder reads neither with whom nor about what.
    assert world.school.psychologist.account.display_name not in page.text
    assert "words of my own" not in page.text


def test_the_first_page_suggests_courses_for_the_ages(browser: NewBrowser, world: World) -> None:
    someone = browser().sign_in(world.school.guardian)
    # The pupil who is joined is fourteen.
    page = someone.open("/en/parent")
    courses = [a["href"] for a in page.html.select(".cards a")]
    assert "/en/courses/teen" in courses
    assert len(courses) <= 3


def test_the_first_page_of_somebody_without_children_asks_for_ages(
    browser: NewBrowser, system: Session, world: World
) -> None:
    someone = browser()
    register(someone)
    page = enter(someone)
    assert page.html.select(".cards a") == []
    page = someone.open(page.link("Say the ages"))
    someone.submit(page, month="1", year=page.html.find(id="year").find_all("option")[3]["value"])
    courses = [a["href"] for a in someone.open("/en/parent").html.select(".cards a")]
    assert "/en/courses/first-years" in courses


def test_a_school_makes_letters_prints_them_and_takes_one_back(
    app: Flask, browser: NewBrowser, world: World, system: Session
) -> None:
    office = browser().sign_in(world.school.psychologist)
    page = office.open(office.open("/en/school").link("Invitations"))
    path = page.link("8Ә")
    page = office.open(path)
    assert "no code yet" in page.text or "joined" in page.text
    page = office.submit(page, "/letters", status=422, each="2", language="ru")
    assert "Choose at least one pupil" in page.text
    chosen = str(world.school.pupils[1].id)
    page = office.submit(page, "/letters", pupils=[chosen], each="2", language="ru")
    slips = page.html.select(".code-slip")
    assert len(slips) == 2
    assert all("/ru/parent/join" in slip.get_text() for slip in slips)
    codes = [slip.select_one(".code").get_text() for slip in slips]
    assert len(set(codes)) == 2
    # The square leads to the page only: an address with a code would be kept by every log.
    assert all(slip.find("svg") is not None for slip in slips)
    page = office.open(path)
    assert "has a code, nobody has joined" in page.text
    system.rollback()
    row = system.scalars(select(Invitation)).first()
    page = office.submit(page, f"/{row.id}/revoke")
    assert "The code is taken back" in page.html.get_text()
    assert page.text.count("not used yet") == 1


def test_a_letter_says_nothing_about_why(browser: NewBrowser, world: World) -> None:
    office = browser().sign_in(world.school.psychologist)
    path = f"/en/school/invitations/{world.school.classroom.id}"
    for lang in ("kk", "ru"):
        page = office.open(path)
        page = office.submit(
            page, "/letters", pupils=[str(world.school.pupil.id)], each="1", language=lang
        )
        words = page.html.select_one(".code-sheet").get_text().lower()
        for told in ("психолог", "диагн", "опрос", "сауалнама", "risk", "тест"):
            assert told not in words


def test_another_school_has_no_business_here(browser: NewBrowser, world: World) -> None:
    foreign = browser().sign_in(world.schools[1].psychologist)
    foreign.open(f"/en/school/invitations/{world.school.classroom.id}", status=404)
