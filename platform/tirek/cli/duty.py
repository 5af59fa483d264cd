"""`tirek duty`: who stands on the ladder's upper rungs, and which of its steps call nobody."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable
from uuid import UUID

from tirek.catalog.library import load_catalog
from tirek.cli.database import database_url, sentences
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.domain.errors import NotFoundError
from tirek.domain.ladder import Post
from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.services import accounts, duty_places, school_contacts
from tirek.services.oversight import Area
from tirek.services.unit import Unit
from tirek.storage.session import app_engine, open_session
from tirek.storage.vault import Vault

COMPLETE, HOLLOW = 0, 1


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek duty` and its verbs."""
    verbs = subparsers.add_parser("duty", help="the ladder's upper rungs").add_subparsers(
        metavar="VERB", required=True
    )
    show = verbs.add_parser("show", help="print who stands there; exit 1 when a step calls nobody")
    show.set_defaults(run=run_show)
    add = verbs.add_parser("add", help="put somebody there")
    add.add_argument("--email", required=True, help="of the account")
    add.add_argument("--region", help="the region's ISO code; without it the national duty")
    add.set_defaults(run=run_add)
    remove = verbs.add_parser("remove", help="take somebody off")
    remove.add_argument("id", type=UUID, help="as `tirek duty show` prints it")
    remove.set_defaults(run=run_remove)


def run_show(_arguments: Namespace) -> int:
    """Print the rungs, then what is empty, and how many schools nobody could call."""
    lines: list[str] = []

    def look(unit: Unit) -> bool:
        for one in duty_places.in_area(unit, Area()):
            where = one.region.name_ru if one.region else "the whole country"
            lines.append(f"{one.id}  {one.post}  {where}  {one.rank}  {one.name}")
        empty = duty_places.empty_rungs(unit, Area())
        lines.extend(
            f"calls nobody: {one.level}: {', '.join(one.posts)} (schools: {one.schools})"
            for one in empty
        )
        if silent := school_contacts.missing(unit, Area()):
            lines.append(f"without a telephone (/admin/schools): {silent} schools")
        return bool(empty)

    is_hollow = _with_unit(look)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return HOLLOW if is_hollow else COMPLETE


def run_add(arguments: Namespace) -> int:
    """Put the account of an address on a rung, behind those who stand there."""
    post = Post.LAST_RESPONDER if arguments.region else Post.NATIONAL_DUTY

    def add(unit: Unit) -> bool:
        account_id = accounts.id_of(unit, arguments.email)
        duty_places.add(unit, Area(), post, arguments.region, account_id)
        return True

    _with_unit(add)
    return COMPLETE


def run_remove(arguments: Namespace) -> int:
    """Take somebody off a rung."""

    def remove(unit: Unit) -> bool:
        duty_places.remove(unit, Area(), arguments.id)
        return True

    _with_unit(remove)
    return COMPLETE


def _with_unit(work: Callable[[Unit], bool]) -> bool:
    config = Config.from_env()
    engine = app_engine(database_url(config), pool_size=1)
    vault = Vault(config.keys.keks, config.keys.kek_current, config.keys.code_pepper)
    try:
        with sentences(), open_session(engine, Scope.system()) as session, session.begin():
            return work(Unit(session, load_catalog(config.root), vault, SYSTEM))
    except NotFoundError as error:
        raise CommandError(f"There is {error}.") from error
    finally:
        engine.dispose()
