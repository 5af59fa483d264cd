"""What a reader thinks of a lesson reaches the author, and nobody learns who said it."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.functional.browser import Browser
from tests.world import World, the_catalog
from tirek.storage.models.courses import LessonFeedback

BrowserOf = Callable[..., Browser]
LESSON = "calm-parent/repair"


@pytest.mark.parametrize(("lang", "yes"), [("kk", "Иә, пайдалы"), ("ru", "Да, пригодился")])
def test_one_tap_and_a_button_without_scripts(
    browser: BrowserOf, system: Session, lang: str, yes: str
) -> None:
    reader = browser(lang)
    asked = reader.open(reader.open(f"/{lang}/courses/{LESSON}").link(yes))
    assert asked.html.find("input", checked=True)["value"] == "useful"
    thanks = reader.submit(asked, words="  Қысқа әрі анық  ")
    assert thanks.url.endswith("/feedback/thanks")
    row = system.scalars(select(LessonFeedback)).one()
    assert (row.course_id, row.lesson_id, row.lang) == ("calm-parent", "repair", lang)
    assert (row.verdict, row.words, row.rev) == ("useful", "Қысқа әрі анық", 1)
    assert "account_id" not in LessonFeedback.__table__.columns
    # The sitting that the form needed is over: the reader is a stranger again.
    assert reader.client.get_cookie("tirek") is None
    assert thanks.headers["Cache-Control"] == "public, max-age=60"


def test_a_wrong_answer_keeps_the_words(browser: BrowserOf, system: Session) -> None:
    reader = browser("ru")
    asked = reader.open(f"/ru/courses/{LESSON}/feedback")
    wrong = reader.submit(asked, words="слишком длинно", status=422)
    assert wrong.html.title.get_text().startswith("Ошибка:")
    assert "слишком длинно" in wrong.text
    long = reader.submit(asked, verdict="partly", words="ы" * 501, status=422)
    assert "500" in long.text
    assert system.scalars(select(LessonFeedback)).all() == []


def test_one_answer_for_a_lesson(browser: BrowserOf, system: Session) -> None:
    reader = browser("ru")
    first = reader.open(f"/ru/courses/{LESSON}/feedback?verdict=partly")
    reader.submit(first)
    assert "одного ответа достаточно" in reader.open(f"/ru/courses/{LESSON}/feedback").text
    # The sitting of that form is over; a new form's token opens no second answer either.
    reader.submit(first, verdict="useful", status=400)
    other = reader.open("/ru/courses/calm-parent/good-enough/feedback")
    token = str(other.form().find("input", attrs={"name": "csrf_token"})["value"])
    again = {"verdict": "useful", "csrf_token": token}
    assert reader.client.post(f"/ru/courses/{LESSON}/feedback", data=again).status_code == 429
    assert len(system.scalars(select(LessonFeedback)).all()) == 1


def test_ten_answers_a_day(browser: BrowserOf, system: Session) -> None:
    reader = browser("kk")
    courses = the_catalog().courses.values()
    lessons = [f"{one.id}/{lesson.id}" for one in courses for lesson in one.lessons][:11]
    for lesson in lessons[:10]:
        reader.submit(reader.open(f"/kk/courses/{lesson}/feedback?verdict=useful"))
    last = reader.open(f"/kk/courses/{lessons[10]}/feedback")
    assert "он сабақ" in last.text
    assert len(system.scalars(select(LessonFeedback)).all()) == 10


def test_the_device_keeps_no_lesson_by_name_and_a_forged_cookie_counts_for_nothing(
    browser: BrowserOf,
) -> None:
    reader = browser("kk")
    reader.submit(reader.open(f"/kk/courses/{LESSON}/feedback?verdict=useful"))
    cookie = reader.client.get_cookie("said")
    assert cookie is not None
    assert cookie.http_only
    assert "repair" not in cookie.value
    reader.client.set_cookie("said", cookie.value[:-2] + "xx")
    assert reader.open(f"/kk/courses/{LESSON}/feedback").form() is not None


def test_a_parent_who_is_signed_in_is_as_unknown_as_anybody(
    browser: BrowserOf, world: World, system: Session
) -> None:
    parent = browser("ru").sign_in(world.school.guardian)
    parent.submit(
        parent.open(f"/ru/courses/{LESSON}/feedback?verdict=not_useful"), action="/feedback"
    )
    row = system.scalars(select(LessonFeedback)).one()
    told = {str(value) for value in vars(row).values()}
    assert str(world.school.guardian.account.id) not in told


def test_who_has_said_something_still_gets_pages_from_memory(
    app: Flask, browser: BrowserOf
) -> None:
    client = app.test_client()
    client.set_cookie("said", "anything")
    answer = client.get(f"/kk/courses/{LESSON}")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert browser("kk").open(f"/kk/courses/{LESSON}").status == 200
