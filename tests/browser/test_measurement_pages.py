"""Pages about measurement and outcomes, in two languages, as the walk looks at them.

TIREK_SHOTS names a folder for pictures of each page, for people to look at.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import Engine, select, update

from tests.browser import people
from tests.browser.conftest import serve
from tests.browser.looking import DESK, PHONE, Window
from tests.browser.visit import Weight
from tests.builders_judged import count, judge
from tests.builders_measured import answer_all
from tests.builders_referral import a_pupil_answers, accept, the_leg
from tests.conftest import Server
from tests.world import Adult, World, a_vault, a_world, an_adult, the_catalog
from tirek.app import create_app
from tirek.config import Config, Keys
from tirek.domain.people import Role
from tirek.domain.scope import Scope
from tirek.storage.models import Account, MeasurementAlarm, MeasurementDraft
from tirek.storage.session import app_engine, open_session, owner_engine

AUTHOR, SCHOOL, CENTRE = "author", "school", "centre"
ONE = "/oversight/measurement/gad-7"
# Endpoint and case, who opens it, its path below the language.
PAGES = [
    ("oversight.measurement", AUTHOR, "/oversight/measurement"),
    ("oversight.measurement none", AUTHOR, "/oversight/measurement?q=zzz"),
    ("oversight.measured_one", AUTHOR, f"{ONE}?scale=total"),
    ("oversight.measured_one few", AUTHOR, f"{ONE}?scale=total&lang=ru"),
    ("oversight.measured_one none", AUTHOR, "/oversight/measurement/smfq"),
    ("oversight.measurement_alarm", AUTHOR, "/oversight/measurement/alarms/{alarm}"),
    ("oversight.measurement_draft", AUTHOR, "/oversight/measurement/drafts/{draft}"),
    ("psc.found", CENTRE, "/psc/referrals/{centre}/found"),
    ("school.case_found", SCHOOL, "/school/cases/{school}/found"),
    ("school.result_found", SCHOOL, "/school/results/{year}/{sheet}/found"),
]
# What answers a GET, but is no page.
NOT_PAGES = {
    "oversight.measurement_csv": "a table",
    "oversight.measurement_json": "a file",
    "oversight.measurement_code_book": "a table",
    "oversight.measurement_draft_file": "a file",
}
GRAVE = {f"q{number}": "0" for number in range(1, 14)} | {"q9": "1"}
WORRY = {f"q{number}": "2" for number in range(1, 8)}


@dataclass(frozen=True)
class Told:
    """Who opens the pages, and the ids that the paths name."""

    adults: dict[str, Adult]
    ids: dict[str, str]


def _story(engine: Engine, world: World) -> Told:
    author = an_adult(world.unit(), Role.METHODOLOGIST)
    first, second = world.school.pupils[:2]
    for adult, name in (
        (author, "Айгүл Сейітова"),
        (world.school.psychologist, "Айгүл Бекова"),
        (world.home.specialist, "Динара Оспан"),
    ):
        world.session.execute(
            update(Account).where(Account.id == adult.account.id).values(display_name=name)
        )
    world.session.commit()
    a_pupil_answers(engine, world, GRAVE, pupil=first, to_the_end=True)
    key = a_pupil_answers(engine, world, WORRY, pupil=second, instrument="gad-7", to_the_end=True)
    leg = the_leg(world.session, first)
    accept(engine, world, world.home.specialist, leg)
    crowd = answer_all(world, world.school, "gad-7", "kk", 160)
    judge(world, crowd)
    alarm = MeasurementAlarm(
        instrument_id="gad-7",
        structure_hash=world.catalog.instruments["gad-7"].hashes.structure,
        scale="total",
        language="kk",
        kind="negative_item_rest",
        item="q3",
        figures={"item_rest": -0.41, "low": -0.52, "high": -0.29, "n": 161},
        first_night=leg.created_at.date(),
        last_night=leg.created_at.date(),
    )
    world.session.add(alarm)
    count(engine, world)
    draft = world.session.scalars(select(MeasurementDraft)).first()
    assert draft is not None
    ids = {
        "alarm": alarm.id,
        "draft": draft.id,
        "centre": leg.id,
        "school": the_leg(world.session, second).id,
        "year": key.school_year,
        "sheet": key.id,
    }
    adults = {
        AUTHOR: author,
        SCHOOL: world.school.psychologist,
        CENTRE: world.home.specialist,
    }
    return Told(adults, {name: str(one) for name, one in ids.items()})


@pytest.fixture(scope="module")
def site(
    server: Server, template: str, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Told]]:
    name = f"{template}_measurement_pages"
    url = server.create(name, template)
    engine, owner = app_engine(url), owner_engine(url)
    with open_session(engine, Scope.system()) as session:
        world = a_world(session, the_catalog(), a_vault(keys), pupils=2, coded=2)
        session.commit()
        told = _story(engine, world)
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
def window_of(chromium: Browser, site: tuple[Flask, Told]) -> Iterator[Callable[[str], Window]]:
    app, told = site
    with serve(app) as url:
        open_windows: dict[str, Window] = {}

        def of(who: str) -> Window:
            if who not in open_windows:
                opened = Window(chromium, url)
                opened.page.goto(f"{url}/ru/login")
                people.sign_in(opened.page, told.adults[who])
                open_windows[who] = opened
            return open_windows[who]

        yield of
        for opened in open_windows.values():
            opened.page.context.close()


@pytest.mark.parametrize("lang", ["kk", "ru"])
@pytest.mark.parametrize(("name", "who", "path"), PAGES, ids=[name for name, *_ in PAGES])
def test_page(
    name: str,
    who: str,
    path: str,
    lang: str,
    window_of: Callable[[str], Window],
    site: tuple[Flask, Told],
) -> None:
    window = window_of(who)
    answer = window.page.goto(f"{window.url}/{lang}{path.format(**site[1].ids)}")
    assert answer is not None
    assert answer.status == 200
    for size, word in ((PHONE, "phone"), (DESK, "desk")):
        _picture(window, f"{name}-{lang}-{word}", size)
    faults = window.faults(lang, Weight.HEAVY)
    assert not faults, "\n".join([window.page.url, *faults])


def _picture(window: Window, name: str, size: dict[str, int]) -> None:
    folder = os.environ.get("TIREK_SHOTS")
    if folder is None:
        return
    window.page.set_viewport_size(size)  # type: ignore[arg-type]
    window.page.screenshot(path=Path(folder) / f"{name.replace(' ', '-')}.png", full_page=True)
    window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
