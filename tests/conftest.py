"""A real PostgreSQL for every test that asks for one; each test gets a database of its own.

A copy of the migrated template costs 15 to 20 ms, less than any way of emptying tables that refuse
to be emptied. TIREK_TEST_DATABASE_URL names another server than the embedded one; its account must
be allowed to make databases and roles.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session

from tests.world import furnish, the_catalog
from tirek.config import Config, Keys
from tirek.domain.scope import Scope
from tirek.storage import embedded, migrate
from tirek.storage.session import app_engine, open_session, owner_engine


@dataclass(frozen=True)
class Server:
    """A server on which databases come and go."""

    admin_url: str
    name: str = field(default_factory=lambda: f"tirek_test_{uuid4().hex[:12]}")

    def url(self, database: str) -> str:
        made = make_url(self.admin_url).set(database=database)
        return made.render_as_string(hide_password=False)

    def create(self, database: str, template: str = "template0") -> str:
        query = "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8' LOCALE 'C.UTF-8'"
        self._run(query, database, template)
        return self.url(database)

    def drop(self, database: str) -> None:
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def _run(self, query: str, *names: str) -> None:
        url = self.admin_url.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL(query).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of this test process: the named one, else an embedded one of its own."""
    named = os.environ.get("TIREK_TEST_DATABASE_URL")
    if named:
        yield Server(named)
        return
    folder = tmp_path_factory.mktemp("postgresql")
    if os.geteuid() == 0:
        # PostgreSQL may have to run as another account, which must get through pytest's folders.
        for each in (folder, *folder.parents):
            if each.name.startswith(("postgresql", "popen-", "pytest-")):
                each.chmod(0o711)
    other = os.environ.get("PG_BIN")
    own = embedded.start(folder, durable=False, bin_dir=Path(other) if other else None)
    yield Server(own.url("postgres"))
    own.stop()


@pytest.fixture(scope="session")
def template(server: Server) -> Iterator[str]:
    """A database with all migrations and nothing else; connections to it block copies of it."""
    engine = owner_engine(server.create(server.name))
    migrate.upgrade(engine)
    engine.dispose()
    yield server.name
    server.drop(server.name)


@pytest.fixture(scope="session")
def furnished(server: Server, template: str) -> Iterator[str]:
    """The template with the regions and all releases in it: half of what a world is built of."""
    name = f"{template}_furnished"
    engine = app_engine(server.create(name, template))
    with open_session(engine, Scope.system()) as session:
        furnish(session, the_catalog())
        session.commit()
    engine.dispose()
    yield name
    server.drop(name)


@pytest.fixture
def database_url(server: Server, furnished: str) -> Iterator[str]:
    """The address, as owner, of this test's own database: furnished, without any people."""
    name = f"{furnished}_{uuid4().hex[:12]}"
    yield server.create(name, furnished)
    server.drop(name)


@pytest.fixture
def owner(database_url: str) -> Iterator[Engine]:
    """The engine of the tables' owner: sees everything, but bound by triggers and constraints."""
    engine = owner_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The engine of the role that web and relay act as: without a scope it sees no child."""
    engine = app_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def system(engine: Engine) -> Iterator[Session]:
    """A session that sees every row; what the test does not commit itself is rolled back."""
    with open_session(engine, Scope.system()) as session:
        yield session
        session.rollback()


@pytest.fixture(scope="session")
def keys() -> Keys:
    """Fresh keys."""
    return Keys.parse(Keys.fresh())


@pytest.fixture
def config(database_url: str, keys: Keys, tmp_path: Path) -> Config:
    """The settings of a process on this test's database, with its files in a temporary folder."""
    return Config(keys=keys, database_url=database_url, var_dir=tmp_path, testing=True)
