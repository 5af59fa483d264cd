"""`tirek drill start`: a test alarm of one centre now, besides those of each month."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from uuid import UUID

from tirek.catalog.library import load_catalog
from tirek.cli.database import database_url, sentences
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.domain.errors import NotFoundError
from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.services import drills
from tirek.services.unit import Unit
from tirek.storage.session import app_engine, open_session
from tirek.storage.vault import Vault


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek drill` and its verb."""
    verbs = subparsers.add_parser("drill", help="test alarms of centres").add_subparsers(
        metavar="VERB", required=True
    )
    start = verbs.add_parser("start", help="ring this month's test alarm of a centre now")
    start.add_argument("--center", required=True, type=UUID, metavar="ID", help="the centre's id")
    start.set_defaults(run=run_start)


def run_start(arguments: Namespace) -> int:
    """Ring it and print its id; refused when this month's has been rung."""
    config = Config.from_env()
    engine = app_engine(database_url(config), pool_size=1)
    vault = Vault(config.keys.keks, config.keys.kek_current, config.keys.code_pepper)
    try:
        with sentences(), open_session(engine, Scope.system()) as session, session.begin():
            unit = Unit(session, load_catalog(config.root), vault, SYSTEM)
            begun = drills.start(unit, arguments.center)
    except NotFoundError as error:
        raise CommandError(f"There is {error}.") from error
    finally:
        engine.dispose()
    sys.stdout.write(f"Rung: {begun}. The relay sends it; the centre answers on its page.\n")
    return 0
