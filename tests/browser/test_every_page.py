"""One walk over every page, by everybody who may open it, in Kazakh and in Russian."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.browser import people
from tests.browser.busy_school import PUPILS, BusySchool, fill
from tests.browser.conftest import serve
from tests.browser.looking import Sizes, Window
from tests.browser.pages import NOT_PAGES, VISITS
from tests.browser.test_about_pages import NOT_PAGES as NO_ABOUT_PAGES
from tests.browser.test_about_pages import PAGES as ABOUT_PAGES
from tests.browser.test_group_pages import NOT_PAGES as NO_GROUP_PAGES
from tests.browser.test_group_pages import PAGES as GROUP_PAGES
from tests.browser.test_instrument_pages import NOT_PAGES as NO_INSTRUMENT_PAGES
from tests.browser.test_instrument_pages import PAGES as INSTRUMENT_PAGES
from tests.browser.test_measurement_pages import NOT_PAGES as NO_MEASUREMENT_PAGES
from tests.browser.test_measurement_pages import PAGES as MEASUREMENT_PAGES
from tests.browser.test_pages_above import PAGES as PAGES_ABOVE
from tests.browser.test_talk_desk_pages import NOT_PAGES as NO_DESK_PAGES
from tests.browser.test_talk_desk_pages import PAGES as DESK_PAGES
from tests.browser.test_talk_pages import NOT_PAGES as NO_TALK_PAGES
from tests.browser.test_talk_pages import PAGES as TALK_PAGES
from tests.browser.visit import KB, Here, Visit, Weight, Who
from tests.conftest import Server
from tests.world import Adult, a_vault, a_world, the_catalog
from tirek.app import create_app
from tirek.config import Config, Keys
from tirek.domain.scope import Scope
from tirek.storage.session import app_engine, open_session, owner_engine

BAD_PAGE = """<!DOCTYPE html><html><head><title></title></head><body>
<img src="http://198.51.100.1/x.png"><input><p style="color:#ccc;background:#fff">pale words</p>
<div style="width:900px">wide</div>
<a href="/a" style="font-size:6px">a</a><a href="/b" style="font-size:6px">b</a></body></html>"""


@pytest.fixture(scope="module")
def app_and_school(
    server: Server, template: str, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, BusySchool]]:
    """One database for the whole walk, and the application on it."""
    name = f"{template}_every_page"
    url = server.create(name, template)
    engine, owner = app_engine(url), owner_engine(url)
    with open_session(engine, Scope.system()) as session:
        world = a_world(
            session, the_catalog(), a_vault(keys), schools=2, pupils=PUPILS, coded=PUPILS
        )
        session.commit()
        busy = fill(engine, owner, world)
        # The walk takes longer than any transaction may: what was built is read here, and kept.
        for row in session:
            session.refresh(row)
        session.expunge_all()
    config = Config(keys=keys, database_url=url, var_dir=tmp_path_factory.mktemp("var"))
    app = create_app(config, url)
    yield app, busy
    app.extensions["tirek"].engine.dispose()
    engine.dispose()
    owner.dispose()
    server.drop(name)


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
    adults: dict[Who, Adult] = {
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
    listed |= {
        name.partition(" ")[0]
        for name, *_ in (*PAGES_ABOVE, *TALK_PAGES, *DESK_PAGES, *ABOUT_PAGES)
    }
    none = NOT_PAGES.keys() | NO_TALK_PAGES.keys() | NO_DESK_PAGES.keys() | NO_ABOUT_PAGES.keys()
    listed |= {name.partition(" ")[0] for name, *_ in GROUP_PAGES}
    listed |= {name.partition(" ")[0] for name, *_ in INSTRUMENT_PAGES}
    none |= NO_GROUP_PAGES.keys() | NO_INSTRUMENT_PAGES.keys()
    listed |= {name.partition(" ")[0] for name, *_ in MEASUREMENT_PAGES}
    none |= NO_MEASUREMENT_PAGES.keys()
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
