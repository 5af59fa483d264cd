"""`tirek users add`: an account for somebody who works with Tirek."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction

from tirek.catalog.library import load_catalog
from tirek.cli.database import database_url, sentences
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.domain.errors import NotFoundError
from tirek.domain.people import SYSTEM, Role
from tirek.domain.scope import Scope
from tirek.services.staffing import Handover, PlaceMissingError, Post, hire
from tirek.services.unit import Unit
from tirek.storage.session import app_engine, open_session
from tirek.storage.vault import Vault

ROLES = tuple(role.value for role in Role if role is not Role.STUDENT)


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek users` and its verb."""
    verbs = subparsers.add_parser("users", help="accounts of adults").add_subparsers(
        metavar="VERB", required=True
    )
    add = verbs.add_parser("add", help="add an account; prints its password and secret once")
    add.add_argument("--email", required=True)
    add.add_argument("--role", required=True, choices=ROLES, metavar="ROLE", help=", ".join(ROLES))
    add.add_argument("--name", required=True, help="as colleagues will read it")
    place = add.add_mutually_exclusive_group()
    place.add_argument("--school", help="the school's public code, or its id")
    place.add_argument("--psc", help="the PSC's id, or the ISO code of its region")
    place.add_argument("--region", help="the region's ISO code, for a regional coordinator")
    add.set_defaults(run=run_add)


def run_add(arguments: Namespace) -> int:
    """Add the account and print what must be handed over."""
    config = Config.from_env()
    post = Post(arguments.school, arguments.psc, arguments.region)
    role = Role(arguments.role)
    engine = app_engine(database_url(config), pool_size=1)
    vault = Vault(config.keys.keks, config.keys.kek_current, config.keys.code_pepper)
    try:
        with sentences(), open_session(engine, Scope.system()) as session, session.begin():
            unit = Unit(session, load_catalog(config.root), vault, SYSTEM)
            handover = hire(unit, arguments.email, role, arguments.name, post)
    except PlaceMissingError as error:
        raise CommandError(f"{error}: say so with --school, --psc or --region.") from error
    except NotFoundError as error:
        raise CommandError(f"There is {error}.") from error
    finally:
        engine.dispose()
    _print(handover)
    return 0


def _print(handover: Handover) -> None:
    lines = [f"email        {handover.account.email}", f"password     {handover.password}"]
    if handover.totp_secret:
        lines.append(f"TOTP secret  {handover.totp_secret}")
    lines.append("Hand this over by a safe way: it is shown this once.")
    sys.stdout.write("\n".join(lines) + "\n")
