"""A psychologist's pages of talks, in two languages, as the walk over every page looks at them.

TIREK_SHOTS names a folder for pictures of each page, for people to look at.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine, text, update

from tests.browser import people
from tests.browser.conftest import serve
from tests.browser.looking import Window
from tests.browser.visit import Weight
from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_parent, a_slot, said, some_slots
from tests.conftest import Server
from tests.world import Adult, World, a_vault, a_world, the_catalog
from tirek.app import create_app
from tirek.config import CallSettings, Config, Keys
from tirek.domain.consultations import BookingState, Medium, Topic
from tirek.domain.scope import Scope
from tirek.services import talk_desk, talks, waiting
from tirek.storage.models import Booking, Slot
from tirek.storage.session import app_engine, open_session, owner_engine

# Endpoint and case, and the path below /school/talks.
SCHOOL_PAGES = [
    ("school.talks", "?week={day}"),
    ("school.talks empty", "?week=2026-01-05"),
    ("school.talk_terms", "/terms"),
    ("school.talk_times", "/times"),
    ("school.talk_time", "/times/{free}"),
    ("school.talk_time reserved", "/times/{reserved}"),
    ("school.talk_book", "/times/{reserved}/book"),
    ("school.talks_past", "/past"),
    ("school.talks_waiting", "/waiting"),
    ("school.talk", "/{ahead}"),
    ("school.talk call", "/{call}"),
    ("school.talk early", "/{early}"),
    ("school.talk missed", "/{missed}"),
    ("school.talk_change", "/{ahead}/change"),
]
CENTRE_PAGES = [
    ("psc.talk_hosts", "/hosts"),
    ("psc.talk_host", "/hosts/{host}?week={day}"),
    ("psc.talk_terms new", "/terms"),
]
# The same templates as at school.
SAME = ("talks", "talk_times", "talk_time", "talk_book", "talks_past", "talks_waiting")
SAME_AS_SCHOOL = {f"psc.{one}": "the page of schools" for one in (*SAME, "talk", "talk_change")}
# What answers a GET, but is no page.
LEFT = ("talk_feed", "talk_feed_stop", "talk_reserve", "talk_withdraw", "talk_mark")
NOT_PAGES = {
    "public.talk_feed": "for calendar programs",
    **{f"{area}.{one}_left": "sends back" for area in ("school", "psc") for one in LEFT},
    **SAME_AS_SCHOOL,
}
PAGES = SCHOOL_PAGES + CENTRE_PAGES
NAMES = {
    "psychologist": "Айгүл Бекова",
    "psc_specialist": "Динара Оспан",
    "psc_supervisor": "Ерлан Жұманов",
    "guardian": "Сәуле Ахметова",
}
WORDS = "Мектепке барғысы келмейді, таңертең іші ауырады. Қалай сөйлескен дұрыс?"


@dataclass(frozen=True)
class Told:
    """The world, and the ids that the paths name."""

    world: World
    ids: dict[str, str]


def _story(engine: Engine, owner: Engine, world: World) -> Told:
    unit, parent = world.unit(), world.school.guardian
    host = a_host(unit, world.school.psychologist)
    centre = a_host(unit, world.home.specialist)
    some_slots(unit, centre, 3, a_day(2, 9))
    slots = some_slots(unit, host, 6, a_day(2, 9))
    reserved = a_slot(unit, host, a_day(2, 15), is_reserved=True)
    other = a_parent(unit, world.school.pupil.student, world.school.psychologist.account)
    world.session.commit()
    over = _book(engine, world, slots[3:5], Medium.IN_PERSON, Medium.IN_PERSON)
    now = datetime.now(UTC)
    for number, missed in enumerate(over, start=1):
        _begins(owner, missed, now - timedelta(days=number), 30)
    ahead, call, early = _book(engine, world, slots[:3], Medium.PHONE, Medium.VIDEO, Medium.AUDIO)
    _begins(owner, call, now - timedelta(minutes=5), 120)
    with acting(engine, world, parent) as one:
        talks.ask_phone(one, ahead)
    with acting(engine, world, other) as one:
        waiting.wait(one, world.school.id)
    with owner.begin() as connection:
        for role, name in NAMES.items():
            named = text("UPDATE accounts SET display_name = :name WHERE role = :role")
            connection.execute(named, {"name": name, "role": role})
    for one_over in over:
        with acting(engine, world, world.school.psychologist) as one:
            talk_desk.mark(one, one_over, BookingState.NO_SHOW)
    ids = {"ahead": ahead, "call": call, "early": early, "missed": over[0]}
    ids |= {"free": slots[5], "reserved": reserved, "host": centre.account_id}
    return Told(world, {name: str(one) for name, one in ids.items()} | {"day": f"{a_day(2):%F}"})


def _book(engine: Engine, world: World, slots: list[UUID], *media: Medium) -> list[UUID]:
    with acting(engine, world, world.school.guardian) as unit:
        return [
            talks.book(unit, slot, said(medium, topic=Topic.FAMILY, words=WORDS))
            for slot, medium in zip(slots, media, strict=True)
        ]


def _begins(owner: Engine, booking: UUID, begins: datetime, minutes: int) -> None:
    """Move a talk and its time to where no parent could book one."""
    lasts = {"starts_at": begins, "ends_at": begins + timedelta(minutes=minutes)}
    with owner.begin() as connection:
        move = update(Booking).where(Booking.id == booking).values(**lasts)
        slot = connection.execute(move.returning(Booking.slot_id)).scalar_one()
        connection.execute(update(Slot).where(Slot.id == slot).values(**lasts))


@pytest.fixture(scope="module")
def site(
    server: Server, template: str, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Told]]:
    name = f"{template}_talk_desk"
    url = server.create(name, template)
    engine, owner = app_engine(url), owner_engine(url)
    with open_session(engine, Scope.system()) as session:
        world = a_world(session, the_catalog(), a_vault(keys), pupils=1)
        session.commit()
        told = _story(engine, owner, world)
        for row in session:
            session.refresh(row)
        session.expunge_all()
    app = create_app(
        Config(
            keys=keys,
            database_url=url,
            var_dir=tmp_path_factory.mktemp("var"),
            calls=CallSettings("https://call.example.kz", "tirek", "s" * 32),
        ),
        url,
    )
    with serve(app) as address:
        yield address, told
    app.extensions["tirek"].engine.dispose()
    engine.dispose()
    owner.dispose()
    server.drop(name)


@pytest.fixture(scope="module")
def window_of(chromium: Browser, site: tuple[str, Told]) -> Iterator[Callable[[str], Window]]:
    """Each person's own window; they sign in once."""
    url, told = site
    adults: dict[str, Adult] = {
        "school": told.world.school.psychologist,
        "psc": told.world.home.supervisor,
    }
    windows: dict[str, Window] = {}

    def window(area: str) -> Window:
        if area not in windows:
            windows[area] = Window(chromium, url)
            windows[area].page.goto(f"{url}/ru/login")
            people.sign_in(windows[area].page, adults[area])
        return windows[area]

    yield window
    for opened in windows.values():
        opened.page.context.close()


@pytest.mark.parametrize("lang", ["kk", "ru"])
@pytest.mark.parametrize(("name", "path"), PAGES, ids=[name for name, _ in PAGES])
def test_page(
    name: str,
    path: str,
    lang: str,
    window_of: Callable[[str], Window],
    site: tuple[str, Told],
) -> None:
    area = name.partition(".")[0]
    window = window_of(area)
    answer = window.page.goto(f"{window.url}/{lang}/{area}/talks{path.format(**site[1].ids)}")
    assert answer is not None
    assert answer.status == 200
    _picture(window, f"{name}-{lang}")
    faults = window.faults(lang, Weight.HEAVY)
    assert not faults, "\n".join([window.page.url, *faults])


def test_the_call_opens_for_its_psychologist_with_a_pass_and_a_new_window(
    window_of: Callable[[str], Window], site: tuple[str, Told]
) -> None:
    window = window_of("school")
    window.page.goto(f"{window.url}/ru/school/talks/{site[1].ids['call']}")
    link = window.page.locator("main a[target=_blank]")
    assert (link.get_attribute("href") or "").startswith("https://call.example.kz/")
    assert link.get_attribute("rel") == "noopener noreferrer"
    window.page.goto(f"{window.url}/ru/school/talks/{site[1].ids['early']}")
    assert window.page.locator("main a[target=_blank]").count() == 0


def _picture(window: Window, name: str) -> None:
    folder = os.environ.get("TIREK_SHOTS")
    if folder is None:
        return
    window.page.set_viewport_size({"width": 360, "height": 640})
    window.page.screenshot(path=Path(folder) / f"{name.replace(' ', '-')}.png", full_page=True)
    window.page.set_viewport_size({"width": 320, "height": 640})
