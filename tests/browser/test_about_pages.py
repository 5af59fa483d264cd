"""Pages about oneself and about calls for a person, in two languages, as the walk looks at them.

TIREK_SHOTS names a folder for pictures of each page, for people to look at.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import Engine, text

from tests.browser import people
from tests.browser.conftest import serve
from tests.browser.looking import Window
from tests.browser.visit import Weight
from tests.builders_about import (
    CALM,
    HOME_DANGER,
    OWN_DANGER,
    a_finished_report,
    a_report,
    answer,
    the_offer,
)
from tests.builders_referral import acting
from tests.conftest import Server
from tests.world import Adult, World, a_vault, a_world, an_adult, the_catalog
from tirek.app import create_app
from tirek.config import Config, Keys
from tirek.domain.people import Role
from tirek.domain.scope import Scope
from tirek.services import help_desk, help_requests, self_reports
from tirek.storage.session import app_engine, open_session, owner_engine

# Endpoint and case, whose it is, and the path.
PAGES = [
    ("parent.about_me", "parent", "/parent/about-me"),
    ("parent.about_start", "other", "/parent/about-me/new/{release}"),
    ("parent.about_start begun", "parent", "/parent/about-me/new/{release}"),
    ("parent.about_page", "parent", "/parent/about-me/{open}/page/1"),
    ("parent.about_page hard", "parent", "/parent/about-me/{open}/page/4"),
    ("parent.about_stop", "parent", "/parent/about-me/{open}/stop"),
    ("parent.about_done", "parent", "/parent/about-me/{calm}/done"),
    ("parent.about_done again", "parent", "/parent/about-me/{danger}/done"),
    ("parent.about_done stopped", "other", "/parent/about-me/{stopped}/done"),
    ("parent.about_delete", "parent", "/parent/about-me/{danger}/delete"),
    ("parent.about_next", "parent", "/parent/about-me/{danger}/next"),
    ("parent.about_next home", "other", "/parent/about-me/{stopped}/next"),
    ("parent.call_me", "other", "/parent/about-me/call"),
    ("parent.call", "parent", "/parent/about-me/calls/{call}"),
    ("psc.help_requests", "centre", "/psc/help-requests"),
    ("psc.help_requests closed", "centre", "/psc/help-requests?show=closed"),
    ("psc.help_requests none", "centre", "/psc/help-requests?show=mine"),
    ("psc.help_request", "centre", "/psc/help-requests/{alarm}"),
    ("psc.help_request accepted", "centre", "/psc/help-requests/{call}"),
    ("psc.help_child", "centre", "/psc/help-requests/{alarm}/children/{child}"),
    ("oversight.help_requests", "above", "/oversight/help-requests"),
]
# What answers a GET, but is no page.
NOT_PAGES = {
    "parent.about_not_for_me_left": "sends back to the picture",
    "psc.help_accept_left": "sends back to the call",
    "psc.help_note_left": "sends back to the call",
    "psc.help_close_left": "sends back to the call",
}
NAMES = {
    "psc_specialist": "Динара Оспан",
    "regional_coordinator": "Болат Сейітов",
    "psc_supervisor": "Ерлан Жұманов",
    "guardian": "Сәуле Ахметова",
}
STRONG = {"q1": "4", "q11": "4", "q21": "4", "q6": "0", "q16": "0", "q5": "0", "q15": "1"}


@dataclass(frozen=True)
class Told:
    """The world with its people by their word above, and the ids that the paths name."""

    world: World
    people: dict[str, Adult]
    ids: dict[str, str]


def _story(engine: Engine, owner: Engine, world: World) -> Told:
    parent, other = world.schools[0].guardian, world.schools[1].guardian
    above = an_adult(world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso)
    world.session.commit()
    with acting(engine, world, parent) as unit:
        release = the_offer(unit).release_id
        calm = a_finished_report(unit, **STRONG)
    with acting(engine, world, parent) as unit:
        danger = a_finished_report(unit, **{**STRONG, OWN_DANGER: "1"})
        (alarm,) = help_requests.of_parent(unit)
        call = help_requests.call_me(unit, "kk", "+7 701 234 56 78", "Кешкі алтыдан кейін")
    with acting(engine, world, parent) as unit:
        begun = a_report(unit)
        answer(unit, begun, **{item: CALM[item] for item in list(CALM)[:12]})
    with acting(engine, world, other) as unit:
        stopped = a_report(unit, student_id=world.schools[1].pupil.id)
        answer(unit, stopped, **{HOME_DANGER: "1"})
        self_reports.stop(unit, self_reports.load(unit, stopped))
    with acting(engine, world, world.home.supervisor) as unit:
        help_desk.accept(unit, call)
        help_desk.write(unit, call, "Алғашқы қоңырау: көтермеді. Кешке қайта шаламын.")
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE help_requests SET due_at = now() - interval '1 hour' WHERE id = :id"),
            {"id": alarm.id},
        )
        for role, name in NAMES.items():
            connection.execute(
                text("UPDATE accounts SET display_name = :name WHERE role = :role"),
                {"name": name, "role": role},
            )
    ids = {
        "release": release,
        "calm": calm,
        "danger": danger,
        "open": begun,
        "stopped": stopped,
        "alarm": alarm.id,
        "call": call,
        "child": world.school.pupil.id,
    }
    adults = {
        "parent": parent,
        "other": other,
        "centre": world.home.specialist,
        "above": above,
    }
    return Told(world, adults, {name: str(one) for name, one in ids.items()})


@pytest.fixture(scope="module")
def site(
    server: Server, template: str, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Told]]:
    name = f"{template}_about_pages"
    url = server.create(name, template)
    engine, owner = app_engine(url), owner_engine(url)
    with open_session(engine, Scope.system()) as session:
        world = a_world(session, the_catalog(), a_vault(keys), schools=2, pupils=1)
        session.commit()
        told = _story(engine, owner, world)
        for row in session:
            session.refresh(row)
        session.expunge_all()
    config = Config(keys=keys, database_url=url, var_dir=tmp_path_factory.mktemp("var"))
    app = create_app(config, url)
    yield app, told
    app.extensions["tirek"].engine.dispose()
    engine.dispose()
    owner.dispose()
    server.drop(name)


@pytest.fixture(scope="module")
def windows(chromium: Browser, site: tuple[Flask, Told]) -> Iterator[dict[str, Window]]:
    app, told = site
    with serve(app) as url:
        opened = {}
        for who, adult in told.people.items():
            opened[who] = Window(chromium, url)
            opened[who].page.goto(f"{url}/ru/login")
            people.sign_in(opened[who].page, adult)
        yield opened
        for window in opened.values():
            window.page.context.close()


@pytest.mark.parametrize("lang", ["kk", "ru"])
@pytest.mark.parametrize(("name", "who", "path"), PAGES, ids=[name for name, *_ in PAGES])
def test_page(
    name: str,
    who: str,
    path: str,
    lang: str,
    windows: dict[str, Window],
    site: tuple[Flask, Told],
) -> None:
    window = windows[who]
    answered = window.page.goto(f"{window.url}/{lang}{path.format(**site[1].ids)}")
    assert answered is not None
    assert answered.status == 200
    _picture(window, f"{name}-{lang}")
    faults = window.faults(lang, Weight.MIDDLE if who in {"parent", "other"} else Weight.HEAVY)
    assert not faults, "\n".join([window.page.url, *faults])


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_what_was_missed_and_a_number_that_is_none(
    lang: str, windows: dict[str, Window], site: tuple[Flask, Told]
) -> None:
    window, ids = windows["parent"], site[1].ids
    window.page.goto(f"{window.url}/{lang}/parent/about-me/{ids['open']}/page/3")
    window.page.click("button[value=next]")
    window.page.wait_for_load_state()
    _picture(window, f"parent.about_page-missing-{lang}")
    assert not window.faults(lang, Weight.MIDDLE)
    window.page.goto(f"{window.url}/{lang}/parent/about-me/{ids['danger']}/next")
    window.page.fill("[name=phone]", "12")
    window.page.click("main form button[type=submit]")
    window.page.wait_for_load_state()
    _picture(window, f"parent.about_next-wrong-{lang}")
    assert not window.faults(lang, Weight.MIDDLE)


def _picture(window: Window, name: str) -> None:
    folder = os.environ.get("TIREK_SHOTS")
    if folder is None:
        return
    window.page.set_viewport_size({"width": 360, "height": 640})
    window.page.screenshot(path=Path(folder) / f"{name.replace(' ', '-')}.png", full_page=True)
    window.page.set_viewport_size({"width": 320, "height": 640})
