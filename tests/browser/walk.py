"""A walk over the pages of one story: a site on a database of its own, a window for each person.

A room of the walk lists its PAGES (endpoint and case, who opens it, the path below the language)
and its NOT_PAGES, tells the story that fills them, and looks at each:

    @pytest.fixture(scope="module")
    def walk(ground: Ground) -> Iterator[Walk]:
        with ground.walk(_story, pupils=2) as walk:
            yield walk

    @each_of(PAGES)
    def test_page(page: Stop, lang: str, walk: Walk) -> None:
        walk.look(page, lang)

TIREK_SHOTS names a folder for pictures of each page, for people to look at.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import Engine, text
from werkzeug.serving import make_server

from tests.browser import people
from tests.browser.looking import DESK, PHONE, Window
from tests.browser.visit import Weight
from tests.conftest import Server
from tests.world import Adult, World, a_vault, a_world, the_catalog
from tirek.app import create_app
from tirek.config import CallSettings, Config, Keys
from tirek.domain.people import Role
from tirek.domain.scope import Scope
from tirek.storage.session import app_engine, open_session, owner_engine

Told_ = TypeVar("Told_")
Stop = tuple[str, str, str]
PICTURES = {"phone": {"width": 360, "height": 740}, "desk": DESK}
# Invented people of here, in the place of names in English letters.
NAMES = {
    Role.METHODOLOGIST: "Айгүл Сейітова",
    Role.PSYCHOLOGIST: "Айгүл Бекова",
    Role.PSC_SPECIALIST: "Динара Оспан",
    Role.PSC_SUPERVISOR: "Ерлан Жұманов",
    Role.REGIONAL_COORDINATOR: "Болат Сейітов",
    Role.NATIONAL_DUTY: "Гүлнар Тасова",
    Role.ADMINISTRATOR: "Дәурен Қалиев",
    Role.GUARDIAN: "Сәуле Ахметова",
}
_NAMED = "UPDATE accounts SET display_name = :name WHERE role = :role AND display_name ~ '^[A-Z]'"


@dataclass(frozen=True)
class Told:
    """The people of a story by the word for them in PAGES, and the ids that the paths name."""

    world: World
    adults: Mapping[str, Adult]
    ids: Mapping[str, object] = field(default_factory=dict)


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """The application on a real socket; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Walk:
    """A site on which a story has been told, and everybody's own window; each signs in once."""

    chromium: Browser
    app: Flask
    url: str
    told: Told
    weights: Mapping[str, Weight]
    windows: dict[str, Window] = field(default_factory=dict)

    def window(self, who: str) -> Window:
        """The window of somebody in the story."""
        if who not in self.windows:
            self.windows[who] = opened = Window(self.chromium, self.url)
            opened.page.goto(f"{self.url}/ru/login")
            people.sign_in(opened.page, self.told.adults[who])
        return self.windows[who]

    def go(self, who: str, path: str) -> Window:
        """Open a page, whose path names ids of the story, and see that it is there."""
        window = self.window(who)
        answer = window.page.goto(self.url + path.format(**self.told.ids))
        assert answer is not None
        assert answer.status == 200, window.page.url
        return window

    def look(self, stop: Stop, lang: str) -> None:
        """Open a page in a language and find nothing wrong with it."""
        name, who, path = stop
        self.go(who, f"/{lang}{path}")
        self.look_again(name, who, lang)

    def look_again(self, name: str, who: str, lang: str) -> None:
        """Find nothing wrong with what stands in somebody's window now."""
        window = self.window(who)
        picture(window, f"{name}-{lang}")
        faults = window.faults(lang, self.weights.get(who, Weight.HEAVY))
        assert not faults, "\n".join([window.page.url, *faults])


@dataclass(frozen=True)
class Ground:
    """What every walk stands on."""

    server: Server
    template: str
    keys: Keys
    chromium: Browser
    folders: pytest.TempPathFactory

    @contextmanager
    def site(
        self,
        story: Callable[[Engine, Engine, World], Told_],
        *,
        calls: CallSettings | None = None,
        **sizes: int,
    ) -> Iterator[tuple[Flask, Told_]]:
        """The application on a database in which a story was told; `sizes` are `a_world`'s."""
        folder = self.folders.mktemp("walk")
        url = self.server.create(f"{self.template}_{folder.name}", self.template)
        engine, owner = app_engine(url), owner_engine(url)
        with open_session(engine, Scope.system()) as session:
            world = a_world(session, the_catalog(), a_vault(self.keys), **sizes)  # type: ignore[arg-type]
            session.commit()
            told = story(engine, owner, world)
            # The walk takes longer than any transaction may: what was built is read here, and kept.
            for row in session:
                session.refresh(row)
            session.expunge_all()
        with owner.begin() as connection:
            for role, name in NAMES.items():
                connection.execute(text(_NAMED), {"name": name, "role": role.value})
        config = Config(keys=self.keys, database_url=url, var_dir=folder, calls=calls)
        app = create_app(config, url, the_catalog())
        yield app, told
        app.extensions["tirek"].engine.dispose()
        engine.dispose()
        owner.dispose()
        self.server.drop(f"{self.template}_{folder.name}")

    @contextmanager
    def walk(
        self,
        story: Callable[[Engine, Engine, World], Told],
        *,
        weights: Mapping[str, Weight] | None = None,
        calls: CallSettings | None = None,
        **sizes: int,
    ) -> Iterator[Walk]:
        """A walk through a story; pages weigh as staff's do where `weights` does not say."""
        with self.site(story, calls=calls, **sizes) as (app, told), serve(app) as url:
            walk = Walk(self.chromium, app, url, told, weights or {})
            yield walk
            for opened in walk.windows.values():
                opened.page.context.close()


def each_of(pages: Sequence[Stop]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test with every page in both languages."""
    of_page = pytest.mark.parametrize("page", pages, ids=[name for name, *_ in pages])
    of_lang = pytest.mark.parametrize("lang", ["kk", "ru"])
    return lambda test: of_lang(of_page(test))


def picture(window: Window, name: str) -> None:
    """Keep a picture at both widths for people, where they asked for it."""
    folder = os.environ.get("TIREK_SHOTS")
    if folder is None:
        return
    for word, size in PICTURES.items():
        window.page.set_viewport_size(size)  # type: ignore[arg-type]
        path = Path(folder) / f"{name.replace(' ', '-')}-{word}.png"
        window.page.screenshot(path=path, full_page=True)
    window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
