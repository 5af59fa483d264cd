"""`tirek migrate`: today's tables and releases in the database."""

import sys
import tempfile
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.util import CommandError as AlembicError
from sqlalchemy import Engine, text

from tirek.catalog.library import Catalog, load_catalog
from tirek.cli.database import database_url, sentences
from tirek.config import Config
from tirek.domain.scope import Scope
from tirek.services import audit_chain
from tirek.services.instruments import register_releases
from tirek.services.places import ensure_regions
from tirek.storage import embedded, migrate
from tirek.storage.session import open_session, owner_engine

CURRENT, DIFFERENT = 0, 1
# Any number will do, as long as every process that migrates takes the same one.
LOCK = 7_480_231


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek migrate`."""
    parser = subparsers.add_parser("migrate", help="bring the database to today's tables")
    parser.add_argument(
        "--check",
        action="store_true",
        help="only say whether models and migrations agree, on a throw-away database",
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Migrate and register releases, or only compare models with migrations."""
    config = Config.from_env()
    if arguments.check:
        return _check(config)
    new = bring_up_to_date(database_url(config), load_catalog(config.root))
    sys.stdout.write(f"The database is up to date; new instrument releases: {new}.\n")
    return CURRENT


def bring_up_to_date(url: str, catalog: Catalog) -> int:
    """Have today's tables, the regions and the releases; say how many releases were new."""
    with sentences(), _owner(url) as engine, _alone(engine):
        migrate.upgrade(engine)
        with open_session(engine, Scope.system()) as session, session.begin():
            # Data that came by pg_dump goes on being sealed where its chain ended.
            audit_chain.rebase(session)
            ensure_regions(session)
            return register_releases(session, catalog)


def _check(config: Config) -> int:
    """Compare on a throw-away server: a check changes no database that somebody uses."""
    with sentences(), tempfile.TemporaryDirectory(prefix="tirek-check-") as folder:
        # As root, PostgreSQL may have to run as another account, which must get through to it.
        Path(folder).chmod(0o711)
        server = embedded.start(Path(folder), durable=False, bin_dir=config.pg_bin)
        try:
            with _owner(server.url()) as engine:
                migrate.upgrade(engine)
                migrate.check(engine)
        except AlembicError as error:
            sys.stderr.write(f"{error}\n")
            return DIFFERENT
        finally:
            server.stop()
    return CURRENT


@contextmanager
def _owner(url: str) -> Iterator[Engine]:
    engine = owner_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Let processes that start together migrate one after another."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": LOCK})
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": LOCK})
            connection.commit()
