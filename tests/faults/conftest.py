"""One site for all tests of this folder; each test takes pupils of its own."""

import os
from collections.abc import Iterator
from random import Random, SystemRandom

import pytest

from tests.faults.service import Database, a_service
from tests.faults.site import Site
from tests.world import a_vault, a_world, the_catalog
from tirek.config import Config
from tirek.domain.scope import Scope
from tirek.storage import migrate
from tirek.storage.session import app_engine, open_session, owner_engine


@pytest.fixture(scope="session")
def is_long() -> bool:
    """Whether somebody has the time for many repetitions."""
    return os.environ.get("TIREK_FAULTS") == "long"


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    """Chance of this test; its seed is printed when the test fails, and with -s."""
    seed = int(os.environ.get("TIREK_FAULTS_SEED") or SystemRandom().randrange(10**9))
    print(f"\n{request.node.name}: TIREK_FAULTS_SEED={seed}")
    return Random(seed)  # noqa: S311 - a seed that can be repeated is the point


@pytest.fixture(scope="session")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("faults")
    config = Config.from_env({"TIREK_VAR": str(folder)})
    database = Database(folder)
    server = database.start()
    engine = app_engine(server.url())
    service = a_service(folder)
    try:
        owner = owner_engine(server.url())
        migrate.upgrade(owner)
        owner.dispose()
        with open_session(engine, Scope.system()) as session:
            world = a_world(session, the_catalog(), a_vault(config.keys), pupils=1, coded=0)
            session.commit()
        yield Site(folder, database, service, engine, world)
    finally:
        service.kill()
        engine.dispose()
        database.start().stop()


@pytest.fixture
def site(_site: Site) -> Site:
    """The site with its database and its service up, whatever the test before did to them."""
    _site.database.start()
    if _site.service.process is None or _site.service.settings_now:
        _site.service.restart()
    return _site
