"""The whole application on a database of the test's own, and browsers in front of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.functional.browser import Browser
from tests.world import World, a_vault, a_world, the_catalog
from tirek.app import create_app
from tirek.config import Config, Keys
from tirek.storage.session import app_engine
from tirek.web.transaction import EXTENSION, Plant


@pytest.fixture(scope="session")
def built(keys: Keys) -> Flask:
    """The application, built once: reading the catalog is most of the work."""
    nowhere = "postgresql+psycopg://nobody@/nowhere"
    return create_app(Config(keys=keys, testing=True), nowhere, the_catalog())


@pytest.fixture
def app(built: Flask, database_url: str) -> Iterator[Flask]:
    """The application on this test's database."""
    plant: Plant = built.extensions[EXTENSION]
    engine = app_engine(database_url)
    built.extensions[EXTENSION] = replace(plant, engine=engine)
    yield built
    built.extensions[EXTENSION] = plant
    engine.dispose()


@pytest.fixture
def world(app: Flask, system: Session, keys: Keys) -> World:
    """Two schools of one PSC's territory with their people, committed."""
    made = a_world(system, app.extensions[EXTENSION].catalog, a_vault(keys), schools=2)
    system.commit()
    return made


@pytest.fixture
def browser(app: Flask) -> Callable[..., Browser]:
    """A new browser, English unless told: its texts are the ones in the code."""

    def new(lang: str = "en") -> Browser:
        return Browser(app.test_client(), lang)

    return new
