"""Pages of instruments, drafts and releases, in two languages, as the walk looks at them.

TIREK_SHOTS names a folder for pictures of each page, for people to look at.
"""

import os
from collections.abc import Iterator
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
from tests.builders_library import (
    HARMLESS,
    LOWER,
    PATCHED,
    PHQ,
    a_draft,
    a_methodologist,
    lowered,
    reading,
    some_files,
)
from tests.conftest import Server
from tests.world import Adult, World, a_vault, a_world, the_catalog
from tirek.app import create_app
from tirek.config import Config, Keys
from tirek.domain.life import CommentEnd
from tirek.domain.scope import Scope
from tirek.services import pilots, release_signing, replays, wording_review
from tirek.services.release_signing import Seen, Statement
from tirek.storage.models import Account, InstrumentRelease, Replay
from tirek.storage.session import app_engine, open_session, owner_engine

DRAFT, RELEASE = "/oversight/instrument-drafts/{draft}", "/oversight/instrument-releases/{release}"
WRONG = "/oversight/instrument-drafts/{wrong}"
# Endpoint and case, its path below the language.
PAGES = [
    ("oversight.instruments", "/oversight/instruments"),
    ("oversight.instruments none", "/oversight/instruments?q=zzz"),
    ("oversight.instrument", "/oversight/instruments/phq-a?check=1"),
    ("oversight.instrument_preview", "/oversight/instruments/phq-a/preview"),
    ("oversight.instrument_wording", "/oversight/instruments/phq-a/wording"),
    ("oversight.instrument_drafts", "/oversight/instrument-drafts"),
    ("oversight.instrument_draft", DRAFT),
    ("oversight.instrument_draft wrong", WRONG),
    ("oversight.instrument_draft signed", "/oversight/instrument-drafts/{signed}"),
    ("oversight.instrument_draft_sign", f"{DRAFT}/sign"),
    ("oversight.instrument_draft_changes", f"{DRAFT}/changes"),
    ("oversight.instrument_draft_preview", f"{DRAFT}/preview"),
    ("oversight.instrument_draft_wording", f"{DRAFT}/wording?show=open"),
    ("oversight.instrument_replay", f"{DRAFT}/replays/{{done}}"),
    ("oversight.instrument_replay waiting", f"{WRONG}/replays/{{waiting}}"),
    ("oversight.instrument_release", RELEASE),
    ("oversight.instrument_release_sign", f"{RELEASE}/sign"),
    ("oversight.instrument_release_pilot", f"{RELEASE}/pilot"),
    ("oversight.instrument_pilot_stop", f"{RELEASE}/pilot/{{pilot}}/stop"),
    ("oversight.instrument_release_retire", f"{RELEASE}/retire"),
]  # fmt: skip
# What answers a GET, but is no page.
NOT_PAGES = {
    "oversight.instrument_remarks_file": "a table",
    "oversight.instrument_draft_remarks_file": "a table",
    "oversight.instrument_draft_bundle": "a folder",
    "oversight.instrument_remark_end": "sends back to the texts",
    "oversight.instrument_draft_remark_end": "sends back to the texts",
    "oversight.instrument_draft_replay": "sends back to the draft",
    "oversight.instrument_draft_withdraw": "sends back to the draft",
    "oversight.instrument_replay_cancel": "sends back to the replay",
    "oversight.instrument_release_approve": "sends back to the release",
}
STATEMENT = Statement(frozenset({Seen.PREVIEW, Seen.CASES}), "Екі тілде де оқып шықтым.")
RESULT = {
    "total": 1480,
    "unreadable": 2,
    "levels": [
        {"before": "medium", "after": "medium", "count": 96},
        {"before": "none", "after": "medium", "count": 41},
        {"before": "none", "after": "none", "count": 1343},
    ],
    "flags": [
        {
            "flag": "totalMedium",
            "level": "medium",
            "gained": 41,
            "lost": 0,
            "groups": [
                {"dimension": "language", "group": "kk", "gained": 24, "lost": 0},
                {"dimension": "language", "group": "ru", "gained": 17, "lost": 0},
                {"dimension": "sex", "group": "f", "gained": 29, "lost": 0},
                {"dimension": "sex", "group": "m", "gained": 12, "lost": 0},
                {"dimension": "age", "group": "11-13", "gained": None, "lost": 0},
                {"dimension": "age", "group": "14-15", "gained": 33, "lost": 0},
                {"dimension": "region", "group": "KZ-71", "gained": None, "lost": 0},
                {"dimension": "region", "group": "KZ-11", "gained": None, "lost": 0},
            ],
        }
    ],
}


@dataclass(frozen=True)
class Told:
    """Who opens the pages, and the ids that the paths name."""

    author: Adult
    ids: dict[str, str]


def _story(engine: Engine, world: World) -> Told:
    author, second = a_methodologist(world), a_methodologist(world)
    for adult, name in ((author, "Айгүл Сейітова"), (second, "Динара Оспан")):
        world.session.execute(
            update(Account).where(Account.id == adult.account.id).values(display_name=name)
        )
    world.session.commit()
    lower = a_draft(engine, world, author, lowered())
    small = ("interpretation.yaml", 'version: "1.0.0"', 'version: "1.0.1"')
    wrong = a_draft(engine, world, second, some_files(LOWER, small))
    signed = a_draft(engine, world, author, some_files(HARMLESS, PATCHED))
    phq = world.catalog.instruments[PHQ]
    for adult in (author, second):
        with reading(engine, world, adult) as unit:
            release_signing.sign_draft(unit, signed.id, STATEMENT)
    with reading(engine, world, second) as unit:
        done, waiting = replays.request(unit, lower.id), replays.request(unit, wrong.id)
        unit.session.execute(
            update(Replay)
            .where(Replay.id == done)
            .values(state="done", result=RESULT, total=1482, done=1482)
        )
        unit.session.execute(
            update(Replay).where(Replay.id == waiting).values(state="running", total=1482, done=500)
        )
        one = wording_review.add(unit, phq, "kk", "q1.text", "Сөйлем тым ұзақ, балаға ауыр.")
        wording_review.end(unit, phq, one, CommentEnd.KEPT)
        wording_review.add(unit, phq, "ru", "q1.text", "Слишком длинно для 11 лет.")
        release = unit.session.scalars(
            select(InstrumentRelease).where(InstrumentRelease.instrument_id == PHQ)
        ).one()
        opened, *others = pilots.of_release(unit, release.id)
        for pilot in others[3:]:
            pilots.stop(unit, release.id, pilot.id)
        release_signing.sign_release(unit, release.id, STATEMENT)
    ids = {
        "draft": lower.id,
        "wrong": wrong.id,
        "signed": signed.id,
        "done": done,
        "waiting": waiting,
        "release": release.id,
        "pilot": opened.id,
    }
    return Told(author, {name: str(one) for name, one in ids.items()})


@pytest.fixture(scope="module")
def site(
    server: Server, template: str, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Told]]:
    name = f"{template}_instrument_pages"
    url = server.create(name, template)
    engine, owner = app_engine(url), owner_engine(url)
    with open_session(engine, Scope.system()) as session:
        world = a_world(session, the_catalog(), a_vault(keys), pupils=1, coded=0)
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
def window(chromium: Browser, site: tuple[Flask, Told]) -> Iterator[Window]:
    app, told = site
    with serve(app) as url:
        opened = Window(chromium, url)
        opened.page.goto(f"{url}/ru/login")
        people.sign_in(opened.page, told.author)
        yield opened
        opened.page.context.close()


@pytest.mark.parametrize("lang", ["kk", "ru"])
@pytest.mark.parametrize(("name", "path"), PAGES, ids=[name for name, _ in PAGES])
def test_page(name: str, path: str, lang: str, window: Window, site: tuple[Flask, Told]) -> None:
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
