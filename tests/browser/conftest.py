"""A real Chromium against a real server on a database of its own."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.walk import Ground, serve
from tests.conftest import Server
from tests.world import World, a_vault, a_world, the_catalog
from tirek.app import create_app
from tirek.config import Config, Keys
from tirek.domain.scope import Scope
from tirek.storage.session import app_engine, open_session
from tirek.web.transaction import EXTENSION, Plant

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 360, "height": 740}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser; a story is told in two of four ways.

    Whether there is JavaScript has nothing to do with the language: Kazakh with it and Russian
    without it see all that Kazakh without and Russian with would. TIREK_BROWSER=all runs the four.
    """
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    if os.environ.get("TIREK_BROWSER") != "all":
        left = [item for item in ours if _is_the_other_way(item)]
        gone = {id(item) for item in left}
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if id(item) not in gone]


def _is_the_other_way(item: pytest.Item) -> bool:
    params = item.callspec.params if hasattr(item, "callspec") else {}
    ways = {"lang": "kk", "javascript": "js"}
    return params.keys() >= ways.keys() and sum(params[one] == ways[one] for one in ways) == 1


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all stories; each story gets a context of its own."""
    path = os.environ.get("TIREK_CHROMIUM")
    if not path:
        if os.environ.get("TIREK_REQUIRE_BROWSER") == "1":
            pytest.fail("no Chromium: TIREK_CHROMIUM is not set")
        pytest.skip("no Chromium: `make test` finds or installs one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Site:
    """A running site and the people on it."""

    url: str
    world: World

    def at(self, path: str) -> str:
        return self.url + path


@pytest.fixture(scope="session")
def built(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, built once: half a second that each story would pay again."""
    config = Config(keys=keys, var_dir=tmp_path_factory.mktemp("site"))
    return create_app(config, "postgresql+psycopg://nobody@/nowhere", the_catalog())


@pytest.fixture
def site(built: Flask, database_url: str, keys: Keys) -> Iterator[Site]:
    """The application on a real socket, with two regions, a school and coded pupils."""
    engine = app_engine(database_url)
    plant: Plant = built.extensions[EXTENSION]
    with open_session(engine, Scope.system()) as session:
        world = a_world(session, the_catalog(), a_vault(keys), pupils=4, coded=4)
        session.commit()
        built.extensions[EXTENSION] = replace(plant, engine=engine)
        with serve(built) as url:
            yield Site(url, world)
    built.extensions[EXTENSION] = plant
    engine.dispose()


@pytest.fixture(scope="session")
def ground(
    server: Server,
    furnished: str,
    keys: Keys,
    chromium: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> Ground:
    """What every walk over pages stands on."""
    return Ground(server, furnished, keys, chromium, tmp_path_factory)


@pytest.fixture(params=["js", "nojs"])
def javascript(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "js")


@pytest.fixture(params=["kk", "ru"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Open a page in a context of its own: another device, another person.

    Fails the test at the end when a page asked for anything outside the site or broke its policy.
    """
    contexts: list[BrowserContext] = []
    foreign: list[str] = []
    broken: list[str] = []

    def opened(
        url: str, *, javascript: bool = True, viewport: dict[str, int] | None = None
    ) -> Page:
        context = chromium.new_context(
            java_script_enabled=javascript,
            viewport=viewport or PHONE,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        own = url.split("/")[2]
        page.on("request", lambda sent: foreign.append(sent.url) if own not in sent.url else None)
        page.on(
            "console",
            lambda said: broken.append(said.text) if "Content Security" in said.text else None,
        )
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not foreign
    assert not broken
