"""One walk over every page, by everybody who may open it, in Kazakh and in Russian."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.browser import (
    people,
    test_about_pages,
    test_group_pages,
    test_instrument_pages,
    test_measurement_pages,
    test_pages_above,
    test_talk_desk_pages,
    test_talk_pages,
)
from tests.browser.busy_school import PUPILS, BusySchool, fill
from tests.browser.looking import Sizes, Window
from tests.browser.pages import NOT_PAGES, VISITS
from tests.browser.visit import KB, Here, Visit, Weight, Who
from tests.browser.walk import Ground, serve

# The other rooms of the walk: each lists its pages and tells its own story.
ROOMS = (
    test_about_pages,
    test_group_pages,
    test_instrument_pages,
    test_measurement_pages,
    test_pages_above,
    test_talk_desk_pages,
    test_talk_pages,
)
BAD_PAGE = """<!DOCTYPE html><html><head><title></title></head><body>
<img src="http://198.51.100.1/x.png"><input><p style="color:#ccc;background:#fff">pale words</p>
<div style="width:900px">wide</div>
<a href="/a" style="font-size:6px">a</a><a href="/b" style="font-size:6px">b</a></body></html>"""


@pytest.fixture(scope="module")
def app_and_school(ground: Ground) -> Iterator[tuple[Flask, BusySchool]]:
    """One database for the whole walk, and the application on it."""
    with ground.site(fill, schools=2, pupils=PUPILS, coded=PUPILS) as site:
        yield site


@pytest.fixture(scope="module")
def url(app_and_school: tuple[Flask, BusySchool]) -> Iterator[str]:
    app, _busy = app_and_school
    with serve(app) as address:
        yield address


@pytest.fixture(scope="module")
def window_of(
    chromium: Browser, url: str, app_and_school: tuple[Flask, BusySchool]
) -> Iterator[Callable[[Who], Window]]:
    """Everybody's own window; adults sign in once."""
    _app, busy = app_and_school
    adults = {
        Who.PARENT: busy.world.school.guardian,
        Who.SCHOOL: busy.world.school.psychologist,
        Who.CENTRE: busy.specialist,
    }
    windows: dict[Who, Window] = {}

    def window(who: Who) -> Window:
        if who not in windows:
            windows[who] = Window(chromium, url)
            if who in adults:
                windows[who].page.goto(f"{url}/ru/login")
                people.sign_in(windows[who].page, adults[who])
        if who not in adults:
            windows[who].forget()
        return windows[who]

    yield window
    for opened in windows.values():
        opened.page.context.close()


@pytest.mark.parametrize("lang", ["kk", "ru"])
@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.name)
def test_page(
    visit: Visit,
    lang: str,
    window_of: Callable[[Who], Window],
    url: str,
    app_and_school: tuple[Flask, BusySchool],
):
    window = window_of(visit.who)
    visit.go(Here(window.page, url, lang, app_and_school[1]))
    answered = next(iter(window.requests.values())).response()
    assert answered is not None
    assert answered.status == visit.status, answered.url
    faults = window.faults(lang, visit.weight)
    assert not faults, "\n".join([window.page.url, *faults])


def test_every_page_is_on_the_list(app_and_school: tuple[Flask, BusySchool]):
    app, _busy = app_and_school
    known = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    listed = {visit.endpoint for visit in VISITS if not visit.endpoint.startswith("errors.")}
    none = set(NOT_PAGES)
    for room in ROOMS:
        listed |= {name.partition(" ")[0] for name, *_ in room.PAGES}
        none |= set(getattr(room, "NOT_PAGES", ()))
    assert listed | none == known
    assert not listed & none


def test_the_list_says_which_page_it_looks_at(app_and_school: tuple[Flask, BusySchool]):
    """Two visits of one name would be one line of the report."""
    names = [visit.name for visit in VISITS]
    assert sorted(set(names)) == sorted(names)


def test_a_bad_page_is_seen_to_be_bad(chromium: Browser, tmp_path: Path):
    bad = tmp_path / "bad.html"
    bad.write_text(BAD_PAGE)
    window = Window(chromium, "http://127.0.0.1")
    window.page.goto(bad.as_uri())
    # Each language is judged at one width.
    both = [one for lang in ("kk", "ru") for one in window.faults(lang, Weight.LIGHT)]
    faults = "\n".join(both)
    for fault in (
        "0 h1", "lang is ''", "wider than the window", "asks http://198.51.100.1/x.png",
        "English: pale words", "phone: document-title", "phone: html-has-lang", "phone: image-alt",
        "phone: label", "desk: color-contrast", "desk: target-size",
    ):  # fmt: skip
        assert fault in faults, fault
    window.page.context.close()


def test_a_heavy_page_is_seen_to_be_heavy():
    allowed = Sizes(6 * KB, 10 * KB, 4 * KB, 30 * KB, 4)
    assert not allowed.over(Weight.LIGHT)
    for one in fields(allowed):
        heavier = replace(allowed, **{one.name: getattr(allowed, one.name) + 1})
        assert [fault.partition(":")[0] for fault in heavier.over(Weight.LIGHT)] == [one.name]
