"""A parent's pages of meetings, in two languages, as the walk over every page looks at them.

TIREK_SHOTS names a folder for pictures of each page, for people to look at.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import Engine, text, update

from tests.browser import people
from tests.browser.conftest import FLAGS, serve
from tests.browser.looking import Window
from tests.browser.visit import Weight
from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_parent, a_slot, said, some_slots
from tests.conftest import Server
from tests.world import World, a_vault, a_world, the_catalog
from tirek.app import create_app
from tirek.config import CallSettings, Config, Keys
from tirek.domain.consultations import Medium, Topic
from tirek.domain.scope import Scope
from tirek.services import talk_times, talks, waiting
from tirek.services.parcels import talk_secret
from tirek.storage.models import Booking
from tirek.storage.session import app_engine, open_session, owner_engine

# Endpoint and case, and the path below /parent/talks.
PAGES = [
    ("parent.talks", ""),
    ("parent.talk_times", "/times"),
    ("parent.talk_times none", "/times?day=2020-01-01"),
    ("parent.talk_times move", "/times?instead={ahead}"),
    ("parent.talk_details", "/{kept}/details"),
    ("parent.talk", "/{ahead}"),
    ("parent.talk call", "/{call}"),
    ("parent.talk cancelled", "/{cancelled}"),
    ("parent.cancel_talk", "/{ahead}/cancel"),
    ("parent.phone_instead", "/{ahead}/phone"),
    ("parent.join_talk", "/{call}/join"),
    ("parent.join_talk early", "/{early}/join"),
    ("parent.waiting", "/waiting"),
    ("parent.talk_link", "/{strange}/{secret}"),
]
# What answers a GET, but is no page.
NOT_PAGES = {
    "parent.take_time": "sends back to the list of times",
    "parent.move_talk": "sends back to the list of times",
    "parent.talk_file": "a file for a calendar",
}
# A microphone that beeps every second.
FAKE_DEVICE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
NAMES = {"psychologist": "Айгүл Бекова", "psc_specialist": "Динара Оспан"}


@dataclass(frozen=True)
class Told:
    """The world, and the ids that the paths name."""

    world: World
    ids: dict[str, str]
    # A time for each language that somebody else takes meanwhile.
    taken: dict[str, UUID]


def _story(engine: Engine, owner: Engine, world: World) -> Told:
    unit, parent = world.unit(), world.school.guardian
    hosts = [a_host(unit, who) for who in (world.school.psychologist, world.home.specialist)]
    slots = [slot for host in hosts for slot in some_slots(unit, host, 5, a_day(2, 9))]
    other = a_parent(unit, world.school.pupil.student, world.school.psychologist.account)
    taken = {lang: a_slot(unit, hosts[0], a_day(3, n)) for n, lang in ((9, "kk"), (10, "ru"))}
    world.session.commit()
    words = "Мектепке барғысы келмейді, таңертең іші ауырады. Қалай сөйлескен дұрыс?"
    with acting(engine, world, parent) as one:
        ahead = talks.book(one, slots[0], said(topic=Topic.FAMILY, words=words))
        call = talks.book(one, slots[1], said(Medium.VIDEO))
        early = talks.book(one, slots[2], said(Medium.AUDIO, phone=None))
        cancelled = talks.book(one, slots[3], said(Medium.PHONE))
        talks.cancel(one, cancelled)
    with acting(engine, world, other) as one:
        strange = talks.book(one, slots[4], said())
    with acting(engine, world, parent) as one:
        kept = talks.hold(one, slots[9], "kk")
        waiting.wait(one, talk_times.near_houses(one)[0].id)
    begins = datetime.now(UTC) - timedelta(minutes=5)
    with owner.begin() as connection:
        connection.execute(
            update(Booking)
            .where(Booking.id == call)
            .values(starts_at=begins, ends_at=begins + timedelta(hours=2))
        )
        # The walk takes longer than ten minutes.
        connection.execute(
            update(Booking).where(Booking.id == kept).values(held_until=begins + timedelta(hours=2))
        )
        for role, name in NAMES.items():
            connection.execute(
                text("UPDATE accounts SET display_name = :name WHERE role = :role"),
                {"name": name, "role": role},
            )
    secret = talk_secret(world.vault, strange)
    ids = {
        "ahead": ahead,
        "call": call,
        "early": early,
        "cancelled": cancelled,
        "kept": kept,
        "strange": strange,
    }
    named = {name: str(one) for name, one in ids.items()}
    return Told(world, {**named, "secret": secret, "other": str(other.account.id)}, taken)


@pytest.fixture(scope="module")
def site(
    server: Server, template: str, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Told]]:
    name = f"{template}_talk_pages"
    url = server.create(name, template)
    engine, owner = app_engine(url), owner_engine(url)
    with open_session(engine, Scope.system()) as session:
        world = a_world(session, the_catalog(), a_vault(keys), pupils=1)
        session.commit()
        told = _story(engine, owner, world)
        for row in session:
            session.refresh(row)
        session.expunge_all()
    config = Config(
        keys=keys,
        database_url=url,
        var_dir=tmp_path_factory.mktemp("var"),
        calls=CallSettings("https://call.example.kz", "tirek", "s" * 32),
    )
    app = create_app(config, url)
    yield app, told
    app.extensions["tirek"].engine.dispose()
    engine.dispose()
    owner.dispose()
    server.drop(name)


@pytest.fixture(scope="module")
def window(chromium: Browser, site: tuple[Flask, Told]) -> Iterator[Window]:
    app, told = site
    with serve(app) as url:
        opened = Window(chromium, url)
        opened.page.goto(f"{url}/ru/login")
        people.sign_in(opened.page, told.world.school.guardian)
        yield opened
        opened.page.context.close()


@pytest.mark.parametrize("lang", ["kk", "ru"])
@pytest.mark.parametrize(("name", "path"), PAGES, ids=[name for name, _ in PAGES])
def test_page(name: str, path: str, lang: str, window: Window, site: tuple[Flask, Told]) -> None:
    below = path.format(**site[1].ids)
    answer = window.page.goto(f"{window.url}/{lang}/parent/talks{below}")
    assert answer is not None
    assert answer.status == 200
    _picture(window, f"{name}-{lang}")
    faults = window.faults(lang, Weight.MIDDLE)
    assert not faults, "\n".join([window.page.url, *faults])


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_the_page_of_a_time_that_is_gone(
    lang: str, window: Window, site: tuple[Flask, Told]
) -> None:
    app, told = site
    engine, psychologist = app.extensions["tirek"].engine, told.world.school.psychologist
    window.page.goto(f"{window.url}/{lang}/parent/talks/times?page=1&day={a_day(3).date()}")
    # Another parent takes the time while this one looks at it.
    with acting(engine, told.world, psychologist) as unit:
        talks.book(unit, told.taken[lang], said(), UUID(told.ids["other"]))
    window.page.locator(f"form[action$='{told.taken[lang]}'] button").click()
    window.page.wait_for_load_state()
    _picture(window, f"parent.talk-gone-{lang}")
    faults = window.faults(lang, Weight.MIDDLE)
    assert not faults, "\n".join([window.page.url, *faults])


def _picture(window: Window, name: str) -> None:
    folder = os.environ.get("TIREK_SHOTS")
    if folder is None:
        return
    window.page.set_viewport_size({"width": 360, "height": 640})
    window.page.screenshot(path=Path(folder) / f"{name.replace(' ', '-')}.png", full_page=True)
    window.page.set_viewport_size({"width": 320, "height": 640})


@pytest.mark.parametrize(("device", "words"), [(FAKE_DEVICE, "heard"), ([], "refused")])
def test_the_microphone_is_checked_before_the_call(
    device: list[str], words: str, chromium: Browser, site: tuple[Flask, Told]
) -> None:
    app, told = site
    path = os.environ["TIREK_CHROMIUM"]
    browser = chromium.browser_type.launch(executable_path=path, args=[*FLAGS, *device])
    with serve(app) as url:
        page = browser.new_page()
        page.goto(f"{url}/kk/login")
        people.sign_in(page, told.world.school.guardian)
        page.goto(f"{url}/kk/parent/talks/{told.ids['call']}/join")
        box = page.locator("[data-device-check]")
        box.locator("button").click()
        expect(box.locator("[data-said]")).to_have_text(box.get_attribute(f"data-{words}") or "")
        browser.close()
