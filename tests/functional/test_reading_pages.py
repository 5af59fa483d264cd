"""A parent reads without scripts: the place, the star, the certificate, and another language."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.functional.browser import Browser, Page
from tests.world import World, the_catalog
from tirek.domain.education import Course
from tirek.domain.reading import card_ids
from tirek.services import courses
from tirek.storage.models import Certificate, LessonHistory, LessonProgress

NewBrowser = Callable[..., Browser]
COURSE = the_catalog().courses["calm-parent"]
FIRST, SECOND = COURSE.lessons[:2]
CARDS = card_ids(FIRST)
LESSON = f"/courses/{COURSE.id}/{FIRST.id}"
NAME = "Әйгерім Қожахметқызы Ұлы-Ғалиева"
WORDS = {
    "kk": {"go_on": "Жалғастыру", "certificate": "Сертификат", "read": "соңына дейін оқылды"},
    "ru": {"go_on": "Продолжить", "certificate": "Сертификат", "read": "Прочитан до конца"},
}


@pytest.fixture(params=["kk", "ru"])
def parent(request: pytest.FixtureRequest, browser: NewBrowser, world: World) -> Browser:
    return browser(request.param).sign_in(world.school.guardian)


def other(lang: str) -> str:
    return "ru" if lang == "kk" else "kk"


def read_to_the_end(system: Session, world: World, course: Course = COURSE) -> None:
    me = world.school.guardian.account.id
    for lesson in course.lessons:
        courses.record_lesson_done(system, me, course.id, lesson.id)
    system.commit()


def go_on(page: Page, lang: str) -> str:
    return page.link(WORDS[lang]["go_on"])


def test_the_place_is_kept_and_a_change_of_language_loses_nothing(parent: Browser, system: Session):
    lang = parent.lang
    lesson = parent.open(f"/{lang}{LESSON}")
    buttons = lesson.html.find_all("button", attrs={"form": "keep-place", "name": "card"})
    assert [button["value"] for button in buttons] == list(CARDS)
    kept = parent.submit(lesson, "/at", card=CARDS[2])
    assert kept.h1 == lesson.h1
    address, card = urldefrag(go_on(parent.open(f"/{lang}/parent/reading"), lang))
    assert (address, card) == (f"/{lang}{LESSON}", CARDS[2])

    there = other(lang)
    address, card = urldefrag(go_on(parent.open(f"/{there}/parent/reading"), there))
    assert (address, card) == (f"/{there}{LESSON}", CARDS[2])
    again = parent.open(address)
    assert again.html.find("a", href=f"#{CARDS[2]}") is not None
    assert again.html.find(id=CARDS[2]) is not None

    following = parent.submit(again, LESSON)
    assert SECOND.text(there).title in following.h1
    address, card = urldefrag(go_on(parent.open(f"/{lang}/parent/reading"), lang))
    assert (address, card) == (f"/{lang}/courses/{COURSE.id}/{SECOND.id}", "")
    assert system.scalars(select(func.count()).select_from(LessonProgress)).one() == 2


def test_a_browser_that_sends_the_place_by_itself_is_answered_without_a_page(
    parent: Browser, system: Session
):
    lesson = parent.open(f"/{parent.lang}{LESSON}")
    form = lesson.form("/at")
    assert form["data-place"] == "-1"
    token = form.find("input", attrs={"name": "csrf_token"})
    for card, status in ((CARDS[2], 204), (CARDS[1], 204), ("nowhere", 404)):
        sent = parent.client.post(
            str(form["action"]),
            data={"card": card, "csrf_token": token["value"]},  # type: ignore[index]
            headers={"Accept": "application/json"},
        )
        assert sent.status_code == status
    assert system.scalars(select(LessonProgress.card_id)).one() == CARDS[2]


def test_a_lesson_is_starred_with_one_tap_and_found_again(parent: Browser):
    lang = parent.lang
    lesson = parent.submit(parent.open(f"/{lang}{LESSON}"), "/star")
    assert FIRST.text(lang).title in lesson.h1
    reading = parent.open(f"/{lang}/parent/reading")
    starred = reading.html.find("section", attrs={"aria-labelledby": "starred"})
    assert FIRST.text(lang).title in str(starred)
    reading = parent.submit(reading, "/star")
    starred = reading.html.find("section", attrs={"aria-labelledby": "starred"})
    assert FIRST.text(lang).title not in str(starred)


def test_an_empty_shelf_says_what_to_do(parent: Browser):
    page = parent.open(f"/{parent.lang}/parent/reading")
    assert page.html.find("a", attrs={"class": "govuk-button", "href": f"/{parent.lang}/courses"})


def test_a_stranger_reads_without_any_of_it(browser: NewBrowser, world: World, system: Session):
    stranger = browser("ru")
    lesson = stranger.open(f"/ru{LESSON}")
    assert lesson.html.find("form", id="keep-place") is None
    assert stranger.open("/ru/parent/reading").url.startswith("/ru/login")
    assert system.scalars(select(func.count()).select_from(LessonProgress)).one() == 0


def test_beginning_again_keeps_history_and_certificate(
    browser: NewBrowser, world: World, system: Session
):
    read_to_the_end(system, world)
    parent = browser().sign_in(world.school.guardian)
    reading = parent.open("/en/parent/reading")
    parent.submit(reading, f"/{COURSE.id}/certificate")
    reading = parent.open("/en/parent/reading")
    course = parent.submit(reading, f"/{COURSE.id}/again")
    assert course.url == f"/en/courses/{COURSE.id}"
    assert system.scalars(select(func.count()).select_from(LessonHistory)).one() == len(
        COURSE.lessons
    )
    assert system.scalars(select(Certificate.revoked_at)).one() is None


def test_the_certificate_is_one_page_with_kazakh_letters_and_a_name_that_nobody_keeps(
    app: Flask, parent: Browser, world: World, system: Session, tmp_path: Path
):
    lang = parent.lang
    read_to_the_end(system, world)
    page = parent.submit(parent.open(f"/{lang}/parent/reading"), "/certificate")
    assert page.h1 == WORDS[lang]["certificate"]
    form = page.form(".pdf")
    token = form.find("input", attrs={"name": "csrf_token"})
    answer = parent.client.post(
        str(form["action"]),
        data={"csrf_token": token["value"], "name": NAME, "language": lang},  # type: ignore[index]
    )
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == "attachment; filename=certificate.pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    said = _text_of(answer.data, tmp_path)
    assert said.count("\f") == 1, "one page"
    for words in (NAME, COURSE.text(lang).title, WORDS[lang]["read"]):
        assert words in said
    code = system.scalars(select(Certificate.code)).one()
    assert f"{code[:4]}-{code[4:8]}-{code[8:]}" in said
    everything = system.connection().exec_driver_sql(
        "SELECT string_agg(c::text, ' ') FROM certificates c"
    )
    assert "Әйгерім" not in str(everything.scalar_one())


def test_without_a_name_it_comes_in_the_language_of_the_account(
    browser: NewBrowser, world: World, system: Session, tmp_path: Path
):
    read_to_the_end(system, world)
    parent = browser().sign_in(world.school.guardian)
    page = parent.submit(parent.open("/en/parent/reading"), "/certificate")
    said = _text_of(parent.client.get(str(page.form(".pdf")["action"])).data, tmp_path)
    assert WORDS[world.school.guardian.account.language]["read"] in said


def test_a_name_with_digits_comes_back_to_be_mended(
    browser: NewBrowser, world: World, system: Session
):
    read_to_the_end(system, world)
    parent = browser().sign_in(world.school.guardian)
    page = parent.submit(parent.open("/en/parent/reading"), "/certificate")
    page = parent.submit(page, ".pdf", status=422, name="Аня 2000", language="ru")
    assert page.html.find("input", attrs={"name": "name", "value": "Аня 2000"}) is not None


def test_unread_lessons_and_other_peoples_certificates_give_none(
    browser: NewBrowser, world: World, system: Session
):
    parent = browser().sign_in(world.school.guardian)
    page = parent.open(f"/en{LESSON}")
    token = page.form("/star").find("input", attrs={"name": "csrf_token"})
    sent = {"csrf_token": token["value"]}  # type: ignore[index]
    path = f"/en/parent/reading/{COURSE.id}/certificate"
    assert parent.client.post(path, data=sent).status_code == 422
    read_to_the_end(system, world)
    own = parent.submit(parent.open("/en/parent/reading"), "/certificate")
    stranger = browser().sign_in(world.schools[1].guardian)
    stranger.open(own.url, status=404)
    assert stranger.client.get(f"{own.url}.pdf").status_code == 404


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_anybody_checks_the_code_and_learns_no_name(
    browser: NewBrowser, world: World, system: Session, lang: str
):
    read_to_the_end(system, world)
    parent = browser(lang).sign_in(world.school.guardian)
    parent.submit(parent.open(f"/{lang}/parent/reading"), "/certificate")
    code = system.scalars(select(Certificate.code)).one()
    stranger = browser(lang)
    page = stranger.submit(stranger.open(f"/{lang}/certificate"), code=f" {code.lower()} ")
    assert COURSE.text(lang).title in page.text
    assert world.school.guardian.account.display_name not in page.text
    assert COURSE.text(lang).title not in str(page.html.title)

    page = stranger.submit(stranger.open(f"/{lang}/certificate"), status=404, code="ABCD-EFGH-JKMN")
    assert page.html.find("input", attrs={"name": "code", "value": "ABCD-EFGH-JKMN"}) is not None
    for _ in range(39):
        stranger.client.get(f"/{lang}/certificate/ABCD-EFGH-JKMN")
    assert stranger.client.get(f"/{lang}/certificate/{code}").status_code == 429


def _text_of(pdf: bytes, folder: Path) -> str:
    """What another program reads out of the file."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on this machine")
    file = folder / "certificate.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(file), "-"],  # noqa: S607
        capture_output=True,
        check=True,
        timeout=30,
    )
    return done.stdout.decode()
