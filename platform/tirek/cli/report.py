"""`tirek report courses`: how far parents come and what changes, as sums for researchers."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction

from tirek.catalog.library import load_catalog
from tirek.cli.database import database_url, sentences
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.services import course_figures, effect, research_export
from tirek.services.unit import Unit
from tirek.storage.models import Region
from tirek.storage.session import app_engine, open_session
from tirek.storage.vault import Vault


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek report` and its verb."""
    verbs = subparsers.add_parser("report", help="sums over people, nobody in them").add_subparsers(
        metavar="VERB", required=True
    )
    courses = verbs.add_parser("courses", help="print the courses' figures as CSV")
    courses.add_argument("--region", metavar="ISO", help="one region alone, such as KZ-19")
    courses.set_defaults(run=run_courses)


def run_courses(arguments: Namespace) -> int:
    """Print the table; refused for an unknown region."""
    config = Config.from_env()
    engine = app_engine(database_url(config), pool_size=1)
    vault = Vault(config.keys.keks, config.keys.kek_current, config.keys.code_pepper)
    try:
        with sentences(), open_session(engine, Scope.system()) as session, session.begin():
            if arguments.region and session.get(Region, arguments.region) is None:
                raise CommandError(f"There is no region {arguments.region!r}.")
            unit = Unit(session, load_catalog(config.root), vault, SYSTEM)
            shown = unit.catalog.courses.values()
            page = research_export.write(
                course_figures.funnels(unit, shown, arguments.region),
                effect.effects(unit, shown, arguments.region),
            )
    finally:
        engine.dispose()
    sys.stdout.write(page)
    return 0
