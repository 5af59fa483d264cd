"""A lesson for anybody: read, printed, passed on; hard topics told to nobody else."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

from tests.functional.browser import Browser
from tests.world import World, the_catalog
from tirek.domain.education import Course, Lesson, Review, Signature, TextStatus

BrowserOf = Callable[..., Browser]
BASE = "http://127.0.0.1:8000"
EASY, HARD = "calm-parent/ten-second-stop", "safe-child/ask-stay-call"
PUBLIC = {"", "help", "privacy", "courses", "materials"}


def every_lesson() -> list[tuple[Course, Lesson]]:
    return [(one, lesson) for one in the_catalog().courses.values() for lesson in one.lessons]


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_a_course_shows_its_five_days_first(browser: BrowserOf, lang: str) -> None:
    course = the_catalog().courses["calm-parent"]
    page = browser(lang).open(f"/{lang}/courses/calm-parent")
    main = page.html.find("main")
    shown = [
        str(a["href"]).rsplit("/", 1)[1] for a in main.find_all("a", class_="govuk-task-list__link")
    ]
    core = [day.lesson_id for day in course.core_path]
    assert shown[:5] == core
    assert sorted(shown) == sorted(lesson.id for lesson in course.lessons)
    assert ("1-күн" if lang == "kk" else "День 1") in page.text


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_a_lesson_says_how_long_who_read_it_and_what_it_stands_on(
    browser: BrowserOf, lang: str
) -> None:
    page = browser(lang).open(f"/{lang}/courses/{EASY}")
    lesson = the_catalog().courses["calm-parent"].lesson("ten-second-stop")
    assert ("тексеру күтілуде" if lang == "kk" else "ждёт проверки") in page.text
    assert ("минут қалды" if lang == "kk" else "Осталось примерно") in page.text
    for card in lesson.text(lang).cards:
        assert page.html.find(id=card.id) is not None
    for source in lesson.sources:
        assert source.citation in page.text
    following = the_catalog().courses["calm-parent"].lesson_after("ten-second-stop")
    assert following is not None
    assert following.text(lang).title in page.text


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_a_lesson_is_passed_on_by_its_public_address(browser: BrowserOf, lang: str) -> None:
    page = browser(lang).open(f"/{lang}/courses/{EASY}")
    url = f"{BASE}/{lang}/courses/{EASY}"
    told = parse_qs(urlsplit(page.link("WhatsApp")).query)["text"][0]
    assert told == f"{page.h1}\n{url}"
    telegram = parse_qs(urlsplit(page.link("Telegram")).query)
    assert (telegram["url"], telegram["text"]) == ([url], [page.h1])
    assert page.html.find(id="share-url").get_text() == url
    assert page.html.find("meta", property="og:title")["content"] == page.h1
    marks = {str(one["itemprop"]): one for one in page.html.find_all(itemprop=True)}
    assert marks["name"].get_text() == page.h1
    assert (marks["inLanguage"]["content"], marks["timeRequired"]["content"]) == (lang, "PT5M")


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_nothing_outside_a_hard_lesson_tells_its_topic(browser: BrowserOf, lang: str) -> None:
    for course, lesson in every_lesson():
        if not lesson.is_sensitive:
            continue
        for tail in ("", "/print", "/feedback"):
            page = browser(lang).open(f"/{lang}/courses/{course.id}/{lesson.id}{tail}")
            head = str(page.html.head)
            for text in lesson.texts.values():
                assert text.title not in head, (lesson.id, tail)
            if tail != "/print":
                assert page.html.find(attrs={"data-exit": True}) is not None
        page = browser(lang).open(f"/{lang}/courses/{course.id}/{lesson.id}")
        for name in ("WhatsApp", "Telegram"):
            assert page.h1 not in parse_qs(urlsplit(page.link(name)).query)["text"][0]
        assert page.html.find("main").find("a", href="#help-block") is not None
        assert page.html.find(itemprop=True) is None


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_the_printed_lesson_has_lines_a_code_and_no_navigation(
    browser: BrowserOf, lang: str
) -> None:
    page = browser(lang).open(f"/{lang}/courses/{EASY}/print")
    assert page.html.find("nav") is None
    assert len(page.html.find("section", attrs={"data-kind": "try"}).find_all("hr")) == 4
    assert f"{BASE}/{lang}/courses/{EASY}" in page.html.footer.get_text()
    picture = browser(lang).client.get(page.html.find("img")["src"])
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "public, max-age=2592000"
    assert ET.fromstring(picture.data).tag.endswith("svg")  # noqa: S314 - our own picture
    assert len(picture.data) < 4096


def test_a_reader_of_the_feed_hears_of_every_lesson_of_a_language(app: Flask) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    for lang in ("kk", "ru"):
        answer = app.test_client().get(f"/{lang}/courses/feed.xml")
        assert answer.mimetype == "application/atom+xml"
        feed = ET.fromstring(answer.data)  # noqa: S314 - our own text
        entries = feed.findall(f"{atom}entry")
        assert len(entries) == len(every_lesson())
        assert len({entry.findtext(f"{atom}id") for entry in entries}) == len(entries)
        for entry in entries:
            link = entry.find(f"{atom}link")
            assert link is not None
            assert link.attrib["href"].startswith(f"{BASE}/{lang}/courses/")
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", entry.findtext(f"{atom}updated", ""))


def test_search_engines_find_both_languages_of_every_lesson(app: Flask) -> None:
    client = app.test_client()
    assert f"Sitemap: {BASE}/sitemap.xml" in client.get("/robots.txt").text
    site = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    tree = ET.fromstring(client.get("/sitemap.xml").data)  # noqa: S314 - our own text
    found = {str(one.findtext(f"{site}loc")) for one in tree}
    for course, lesson in every_lesson():
        for lang in ("kk", "ru"):
            assert f"{BASE}/{lang}/courses/{course.id}/{lesson.id}" in found
    for one in tree:
        others = {
            link.attrib["hreflang"]: link.attrib["href"]
            for link in one.findall("{http://www.w3.org/1999/xhtml}link")
        }
        assert set(others) == {"kk", "ru", "x-default"}
        assert others["x-default"] == others["kk"]
    path = urlsplit(min(found)).path
    assert {urlsplit(one).path.split("/")[2] for one in found} <= PUBLIC
    assert client.get(path).status_code == 200


def test_a_page_names_itself_in_both_languages(browser: BrowserOf) -> None:
    for path in ("courses", "courses/calm-parent", f"courses/{EASY}"):
        page = browser("en").open(f"/en/{path}")
        links = {
            str(link["hreflang"]): str(link["href"])
            for link in page.html.find_all("link", hreflang=True)
        }
        assert links == {
            "kk": f"{BASE}/kk/{path}",
            "ru": f"{BASE}/ru/{path}",
            "x-default": f"{BASE}/kk/{path}",
        }
        assert page.html.find("link", rel="canonical")["href"] == f"{BASE}/ru/{path}"


def test_what_is_kept_for_strangers_is_never_shown_to_a_known_reader(
    browser: BrowserOf, world: World
) -> None:
    stranger, parent = browser("ru"), browser("ru")
    path = f"/ru/courses/{EASY}"
    assert stranger.open(path).headers["Cache-Control"] == "public, max-age=60"
    parent.sign_in(world.school.guardian)
    known = parent.open(path)
    assert known.headers["Cache-Control"] == "no-store"
    assert "ETag" not in known.headers
    again = stranger.open(path)
    assert world.school.guardian.account.display_name not in str(again.html)
    assert again.html.find("form", attrs={"method": "post"}) is None


def test_a_page_that_has_not_changed_is_not_sent_again(app: Flask) -> None:
    client = app.test_client()
    first = client.get(f"/kk/courses/{EASY}")
    assert set(first.headers["Vary"].split(", ")) == {"Accept-Encoding", "Cookie"}
    again = client.get(f"/kk/courses/{EASY}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "public, max-age=60"
    assert "default-src 'none'" in again.headers["Content-Security-Policy"]
    other = client.get(f"/ru/courses/{EASY}", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


def test_large_text_is_kept_apart(app: Flask) -> None:
    client = app.test_client()
    plain = client.get(f"/kk/courses/{EASY}")
    client.get("/kk/vision/on?next=/kk/courses")
    large = client.get(f"/kk/courses/{EASY}")
    assert 'class="govuk-template vision"' in large.text
    assert large.headers["ETag"] != plain.headers["ETag"]


def test_a_foreign_name_of_the_host_changes_no_address(app: Flask) -> None:
    page = app.test_client().get(f"/kk/courses/{HARD}", headers={"Host": "evil.example"})
    assert "evil.example" not in page.text


@pytest.mark.parametrize(
    ("lang", "whole", "half"),
    [
        ("kk", "Тексергендер: психолог (А. Сәрсен, 01.12.2026)", "Әзірге оқығандар: психолог"),
        ("ru", "Проверили: психолог (А. Сәрсен, 01.12.2026)", "Пока прочитали: психолог"),
    ],
)
def test_who_has_read_a_text_is_said_as_it_is(app: Flask, lang: str, whole: str, half: str) -> None:
    written = the_catalog().courses["calm-parent"].lesson("repair").text(lang)
    signed = Signature(date(2026, 12, 1), "А. Сәрсен")
    review = Review(signed, signed, signed, date(2027, 12, 1))
    approved = replace(written, status=TextStatus.APPROVED, review=review)
    begun = replace(written, review=replace(review, language=None, child_safety=None, due=None))
    with app.test_request_context(f"/{lang}/courses"):
        line = app.jinja_env.get_template("parts/courses.html").module.review_line  # type: ignore[attr-defined]
        assert whole in line(approved)
        assert "01.12.2027" in line(approved)
        assert half in line(begun)
        assert ("күтілуде" if lang == "kk" else "ждёт проверки") in line(begun)
        assert "А. Сәрсен" not in line(written)


@pytest.mark.parametrize("tail", ["", "/print", "/qr.svg", "/feedback"])
def test_what_may_not_be_read_is_not_there(app: Flask, tail: str) -> None:
    client = app.test_client()
    assert client.get(f"/kk/courses/calm-parent/none{tail}").status_code == 404
    assert client.get(f"/kk/courses/none/repair{tail}").status_code == 404
