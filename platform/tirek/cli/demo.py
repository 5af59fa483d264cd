"""`tirek demo`: a whole country of invented data, its logins, and the server."""

import fcntl
import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from os.path import relpath
from pathlib import Path

import pyotp
from sqlalchemy import Engine, inspect

from tirek.catalog.demo import load_demo
from tirek.catalog.library import Catalog, load_catalog
from tirek.cli import demo_page
from tirek.cli.database import database_url, sentences
from tirek.cli.migrate import bring_up_to_date
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.services import demo
from tirek.services.demo_size import Size, Workshop
from tirek.services.unit import Unit
from tirek.storage import migrate
from tirek.storage.session import app_engine, open_session, owner_engine
from tirek.storage.vault import Vault


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek demo`."""
    parser = subparsers.add_parser("demo", help="invented data to try everything with")
    parser.add_argument("--reset", action="store_true", help="throw the demo away, make it anew")
    parser.add_argument("--no-serve", action="store_true", help="only build the data")
    parser.add_argument("--seed", type=int, default=1, help="other invented data (default: 1)")
    parser.add_argument("--totp", metavar="EMAIL", help="print the one-time code of a demo login")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Build what is missing, print the logins, serve; or print one one-time code."""
    config = Config.from_env()
    if arguments.totp:
        sys.stdout.write(_one_time_code(config, arguments.totp) + "\n")
        return 0
    catalog = load_catalog(config.root)
    url = database_url(config)
    build_if_missing(config, url, catalog, seed=arguments.seed, reset=arguments.reset)
    sys.stdout.write(demo_page.screen(_listing(config), relpath(_file(config))) + "\n")
    sys.stdout.flush()
    if not arguments.no_serve:
        # The web framework is loaded only by whoever serves.
        from tirek.cli.serve import serve  # noqa: PLC0415

        serve(config, url, catalog)
    return 0


WHOLE = Size()


def build_if_missing(
    config: Config,
    url: str,
    catalog: Catalog,
    *,
    seed: int = 1,
    reset: bool = False,
    size: Size = WHOLE,
) -> None:
    """Have the tables, and demo data with its listing in var/demo.json."""
    with sentences(), _alone(config), _owner(url) as owner:
        unfinished = _mark(config).exists()
        if (reset or unfinished) and _may_throw_away(config, owner):
            migrate.throw_away(owner)
            # Heads of the trail that was thrown away would testify against the new one.
            config.audit_heads.unlink(missing_ok=True)
        bring_up_to_date(url, catalog)
        if not _has_schools(owner):
            _build(config, url, owner, catalog, (seed, size))
        elif not _file(config).exists():
            raise CommandError(
                f"The database holds schools but {_file(config)} is missing:"
                " `tirek demo --reset` throws a demo away and makes it anew."
            )


def _build(
    config: Config, url: str, owner: Engine, catalog: Catalog, wish: tuple[int, Size]
) -> None:
    seed, size = wish
    pupils = size.schools * sum(size.classes)
    sys.stdout.write(f"Inventing {pupils} pupils of {size.schools} schools: about a minute.\n")
    sys.stdout.flush()
    _mark(config).touch()
    engine = app_engine(url)
    vault = Vault(config.keys.keks, config.keys.kek_current, config.keys.code_pepper)

    @contextmanager
    def begin() -> Iterator[Unit]:
        with open_session(engine, Scope.system()) as session, session.begin():
            yield Unit(session, catalog, vault, SYSTEM)

    words = load_demo(config.root / "demo")
    workshop = Workshop(begin, words, size, seed, datetime.now(UTC))
    try:
        made = demo.build(workshop, owner)
    finally:
        engine.dispose()
    demo_page.write(_file(config), demo_page.listing(made, config.base_url, workshop))
    _mark(config).unlink()


def _may_throw_away(config: Config, owner: Engine) -> bool:
    """Whether there is something; raise when it is not the demo's alone.

    An embedded database is this checkout's own; a named one may be somebody's work.
    """
    if not inspect(owner).has_table("schools"):
        return False
    with open_session(owner, Scope.system()) as session:
        if config.database_url is not None and demo.holds_others(session):
            raise CommandError(
                "The named database holds accounts that are not the demo's: nothing was changed."
            )
    return True


def _has_schools(owner: Engine) -> bool:
    with open_session(owner, Scope.system()) as session:
        return demo.is_there(session)


def _one_time_code(config: Config, email: str) -> str:
    for login in _listing(config)["staff"]:
        if login["email"] == email and login["totp_secret"]:
            return pyotp.TOTP(login["totp_secret"]).now()
    raise CommandError(f"No login of the demo with a one-time code is called {email}.")


def _listing(config: Config) -> demo_page.Listing:
    try:
        listing: demo_page.Listing = json.loads(_file(config).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandError("There is no demo yet: run `tirek demo`.") from None
    # The address may have changed since: it belongs to the process, not to the data.
    listing["base_url"] = config.base_url
    return listing


def _file(config: Config) -> Path:
    return config.var_dir / "demo.json"


def _mark(config: Config) -> Path:
    """Stands while a demo is being made, so that a half one is not taken for a whole."""
    return config.var_dir / "demo.unfinished"


@contextmanager
def _alone(config: Config) -> Iterator[None]:
    """Let one process at a time make the demo of a folder."""
    config.var_dir.mkdir(parents=True, exist_ok=True)
    with (config.var_dir / "demo.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _owner(url: str) -> Iterator[Engine]:
    engine = owner_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()
