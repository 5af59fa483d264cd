"""What readers say reaches those who write the lessons."""

import csv
import io
from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders_group import COURSE
from tests.functional.browser import Browser
from tests.world import World, an_adult
from tirek.domain.people import Role
from tirek.services import lesson_feedback
from tirek.services.lesson_feedback import Verdict
from tirek.storage.models import AuditEntry, LessonFeedback

NewBrowser = Callable[..., Browser]


@pytest.fixture
def author(system: Session, world: World, browser: NewBrowser) -> Browser:
    adult = an_adult(world.unit(), Role.METHODOLOGIST)
    lesson = world.catalog.courses[COURSE].lessons[0]
    unit = world.unit()
    for lang, verdict, words in (
        ("kk", Verdict.USEFUL, ""),
        ("kk", Verdict.USEFUL, "Рахмет!"),
        ("kk", Verdict.PARTLY, "=1+1 Ұзақ."),
        ("ru", Verdict.NOT_USEFUL, "Слишком общо."),
    ):
        lesson_feedback.give(unit, COURSE, lesson, lang, verdict, words)
    system.add(
        LessonFeedback(
            course_id="gone", lesson_id="gone", lang="ru", rev=1, verdict="useful", words="Был."
        )
    )
    system.commit()
    return browser().sign_in(adult)


def test_a_methodologist_lands_at_the_instruments_and_finds_the_feedback(author: Browser) -> None:
    page = author.open("/en/login")
    assert page.url == "/en/oversight/instruments"
    links = {a["href"] for a in page.html.select(".site-nav a")}
    assert "/en/oversight/feedback" in links
    assert "/en/oversight/late" not in links


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_the_page_speaks_both_languages(author: Browser, lang: str) -> None:
    author.open(f"/{lang}/oversight/feedback")


def test_counts_by_lesson_and_language(author: Browser) -> None:
    page = author.open("/en/oversight/feedback")
    rows = page.rows("How the lessons are found")
    assert [row[2:] for row in rows] == [
        ["2", "1", "0", "2"],
        ["0", "0", "1", "1"],
        ["1", "0", "0", "1"],
    ]
    assert rows[2][0] == "gone: gone"
    only = author.open(f"/en/oversight/feedback?course={COURSE}&lang=ru")
    assert [row[2:] for row in only.rows("How the lessons are found")] == [["0", "0", "1", "1"]]
    assert "Слишком общо." in only.text
    assert "Рахмет!" not in only.text
    harsh = author.open("/en/oversight/feedback?verdict=not_useful")
    assert "Рахмет!" not in harsh.text


def test_words_are_marked_as_read(system: Session, author: Browser) -> None:
    page = author.open("/en/oversight/feedback")
    one = system.scalars(select(LessonFeedback).where(LessonFeedback.words == "Рахмет!")).one()
    page = author.submit(page, "/read", read=str(one.id))
    assert "1 comment is marked as read." in page.text
    assert "Рахмет!" not in page.text
    assert "Рахмет!" in author.open("/en/oversight/feedback?show=read").text
    system.rollback()
    assert one.read_by is not None
    entry = system.scalars(select(AuditEntry).where(AuditEntry.action == "feedback.read")).one()
    assert entry.entity_id == str(one.id)
    page = author.submit(page, "/read", read=[str(one.id), "nonsense", str(uuid4())])
    assert "Nothing was ticked" in page.text
    ids = [field["value"] for field in page.html.select("input[name=shown]")]
    page = author.submit(page, "/read", shown=ids, do="all")
    assert "3 comments are marked as read." in page.text
    assert "No words here" in page.text


def test_the_files_open_in_a_spreadsheet_and_run_nothing(author: Browser) -> None:
    data = author.client.get("/ru/oversight/feedback.csv?show=all").get_data()
    assert data.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert len(head) == 8
    assert len(rows) == 4
    assert "'=1+1 Ұзақ." in {row[6] for row in rows}
    data = author.client.get("/kk/oversight/feedback-counts.csv").get_data()
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[1][2:] == ["kk", "2", "1", "0", "2"]


def test_nobody_else_reads_it(world: World, browser: NewBrowser, author: Browser) -> None:
    for adult in (world.school.psychologist, world.school.guardian, world.home.supervisor):
        assert browser().sign_in(adult).client.get("/en/oversight/feedback").status_code == 403
