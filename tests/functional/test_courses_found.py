"""Finding a course or a lesson without JavaScript, in both languages."""

from collections.abc import Callable

import pytest

from tests.functional.browser import Browser, Page

BrowserOf = Callable[..., Browser]


def marks(page: Page) -> set[str]:
    return {mark.get_text() for mark in page.html.find_all("mark")}


def links(page: Page) -> list[str]:
    main = page.html.find("main")
    assert main is not None
    return [str(a["href"]) for a in main.find_all("a", class_="card-link")]


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_all_courses_stand_by_age_with_their_lessons_and_minutes(
    browser: BrowserOf, lang: str
) -> None:
    page = browser(lang).open(f"/{lang}/courses")
    assert len(links(page)) == 12
    assert links(page)[0] == f"/{lang}/courses/first-years"
    assert ("7 сабақ" if lang == "kk" else "7 уроков") in page.text


@pytest.mark.parametrize(
    ("lang", "typed", "lesson", "word"),
    [
        ("kk", "коркыныш", "primary/fears-and-worry", "Қорқыныш"),
        ("ru", "травля в сети", "digital-family/class-chat", "Травля"),
    ],
)
def test_a_word_is_typed_and_found_marked(
    browser: BrowserOf, lang: str, typed: str, lesson: str, word: str
) -> None:
    reader = browser(lang)
    page = reader.submit(reader.open(f"/{lang}/courses"), q=typed)
    assert f"/{lang}/courses/{lesson}" in links(page)[:3]
    assert word in marks(page)
    assert page.html.find("input", id="q")["value"] == typed
    assert page.html.find("meta", attrs={"name": "robots"})["content"] == "noindex"


def test_words_of_the_other_language_are_said_to_be_so(browser: BrowserOf) -> None:
    page = browser("kk").open("/kk/courses?q=травля")
    assert "орысша мәтіндерде" in page.text
    assert all(one.startswith("/ru/courses/") for one in links(page))
    titles = page.html.find_all("span", class_="card__title")
    assert {title["lang"] for title in titles} == {"ru"}
    there = browser("ru").open(page.link("Сол тілдегі"))
    assert "/ru/courses/safe-child/three-sides" in links(there)


def test_a_guess_is_called_a_guess(browser: BrowserOf) -> None:
    page = browser("ru").open("/ru/courses?q=тровля")
    assert "Точно такого слова нет" in page.text
    assert "/ru/courses/safe-child/three-sides" in links(page)


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_nothing_found_says_what_to_do_and_where_help_is(browser: BrowserOf, lang: str) -> None:
    page = browser(lang).open(f"/{lang}/courses?q=мотоцикл")
    assert links(page) == []
    assert page.html.find("a", class_="govuk-button", href=f"/{lang}/courses") is not None
    assert page.html.find("main").find("a", href=f"/{lang}/help") is not None


def test_whoever_looks_for_the_hardest_finds_people_first(browser: BrowserOf) -> None:
    page = browser("ru").open("/ru/courses?q=самоубийство")
    assert "111" in page.text.split("Спросить прямо")[0]
    assert page.html.find(attrs={"data-exit": True}) is not None
    assert page.html.title.get_text() == "Курсы для родителей – Tirek"


@pytest.mark.parametrize(
    ("query", "expected", "missing"),
    [
        ("age=2", "first-years", "teen"),
        ("age=14", "teen", "first-years"),
        ("strand=C", "special-needs", "teen"),
        ("strand=B", "safe-child", "preschool"),
        ("age=99&strand=Z", "teen", "nowhere"),
    ],
)
def test_courses_are_chosen_by_age_and_topic(
    browser: BrowserOf, query: str, expected: str, missing: str
) -> None:
    found = links(browser("ru").open(f"/ru/courses?{query}"))
    assert f"/ru/courses/{expected}" in found
    assert f"/ru/courses/{missing}" not in found


def test_time_chooses_lessons_and_long_lists_have_pages(browser: BrowserOf) -> None:
    reader = browser("kk")
    first = reader.open("/kk/courses?minutes=8&age=8")
    assert len(links(first)) == 25
    second = reader.open("/kk/courses?minutes=8&age=8&page=2")
    assert links(second)
    assert not set(links(first)) & set(links(second))
    assert 'name="age"' in str(second.html)
    assert second.html.find("option", selected=True)["value"] == "8"


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", "%27 OR 1=1", "ә" * 5000, "🙂 🙂"])
def test_whatever_is_typed_is_only_a_question(browser: BrowserOf, typed: str) -> None:
    page = browser("ru").submit(browser("ru").open("/ru/courses"), q=typed)
    assert page.h1 == "Курсы для родителей"
