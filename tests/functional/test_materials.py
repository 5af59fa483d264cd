"""Memos: found by words, read with whom to call on the same page, printed."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from tests.functional.browser import Browser, Page
from tirek.web.transaction import EXTENSION, Plant

HARD = "stay-close-today"


def cards_of(page: Page) -> list[str]:
    return [str(card["href"]) for card in page.html.select("a.card-link")]


def plant_of(app: Flask) -> Plant:
    found: Plant = app.extensions[EXTENSION]
    return found


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_all_memos_stand_in_their_order(browser: Callable[..., Browser], lang: str) -> None:
    page = browser(lang).open(f"/{lang}/materials")

    cards = cards_of(page)
    assert len(cards) == 8
    assert cards[0].endswith("/materials/daily-fifteen-minutes")


@pytest.mark.parametrize(
    ("lang", "words", "first"),
    [
        ("ru", "травля", "first-steps-at-school"),
        ("ru", "бабушка", "grandparents-one-line"),
        ("kk", "әлімжеттік", "first-steps-at-school"),
        ("kk", "алимжеттик", "first-steps-at-school"),
        ("kk", "емтихан", "exam-week"),
    ],
)
def test_a_memo_is_found_by_its_words_in_any_letters(
    browser: Callable[..., Browser], lang: str, words: str, first: str
) -> None:
    page = browser(lang).open(f"/{lang}/materials?q={words}")

    assert cards_of(page)[0].endswith(first)
    assert page.html.select("mark")


def test_a_hard_question_shows_whom_to_call_and_a_way_out(
    browser: Callable[..., Browser],
) -> None:
    page = browser("ru").open("/ru/materials?q=не хочу жить")

    assert "111" in page.text
    assert page.html.select("[data-exit]")


def test_nothing_found_leads_to_the_lessons(browser: Callable[..., Browser]) -> None:
    page = browser().open("/en/materials?q=zzzzqqqq")

    assert "Nothing was found" in page.text
    assert "/en/courses?q=zzzzqqqq" in page.link("Look among the lessons")


def test_a_memo_shows_its_state_its_help_and_its_lessons(
    browser: Callable[..., Browser],
) -> None:
    page = browser().open("/en/materials/first-steps-at-school")

    assert page.h1 == "Травля: первые шаги"
    assert "awaiting review by a psychologist and an editor" in page.text
    assert page.html.select('.help-block a[href="tel:111"]')
    assert page.link("Травля: кого обидели") == "/en/courses/safe-child/three-sides"
    assert "What this memo is based on" in page.text


def test_a_hard_memo_has_a_neutral_name_and_a_way_out(browser: Callable[..., Browser]) -> None:
    page = browser("ru").client.get(f"/ru/materials/{HARD}").text
    paper = browser("ru").client.get(f"/ru/materials/{HARD}/print").text

    for html in (page, paper):
        assert "<title>Памятка 8 для родителей – Tirek</title>" in html
    assert "data-exit" in page


def test_a_memo_is_printed_with_whom_to_call_and_the_way_back(
    browser: Callable[..., Browser],
) -> None:
    paper = browser("kk").client.get("/kk/materials/exam-week/print").text

    assert "<b>112</b>" in paper
    assert 'src="/kk/materials/exam-week/qr.svg"' in paper
    picture = browser("kk").client.get("/kk/materials/exam-week/qr.svg")
    assert picture.mimetype == "image/svg+xml"


def test_what_is_not_there_is_404(browser: Callable[..., Browser]) -> None:
    for path in ("/kk/materials/none", "/kk/materials/none/print", "/kk/materials/none/qr.svg"):
        assert browser("kk").client.get(path).status_code == 404


def test_only_approved_memos_are_shown_where_the_site_says_so(
    app: Flask, browser: Callable[..., Browser]
) -> None:
    app.config["TEXTS_IN_REVIEW"] = False
    try:
        page = browser().open("/en/materials")
        assert "There are no memos here yet" in page.text
        assert browser().client.get("/en/materials/exam-week").status_code == 404
    finally:
        app.config["TEXTS_IN_REVIEW"] = True


def test_reading_leaves_no_cookie(browser: Callable[..., Browser]) -> None:
    answer = browser("kk").client.get("/kk/materials/exam-week")

    assert "Set-Cookie" not in answer.headers


def test_a_memo_whose_source_has_changed_says_so(
    app: Flask, browser: Callable[..., Browser]
) -> None:
    before = plant_of(app)
    memo = before.catalog.memos["exam-week"]
    older = replace(memo.texts["kk"], is_outdated=True)
    memos = {**before.catalog.memos, memo.id: replace(memo, texts={**memo.texts, "kk": older})}
    app.extensions[EXTENSION] = replace(before, catalog=replace(before.catalog, memos=memos))

    page = browser("kk").open("/kk/materials/exam-week")

    assert page.html.select(".govuk-inset-text")
