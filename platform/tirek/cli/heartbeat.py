"""`tirek heartbeat`: whether everything that should work does; asked from outside, by a timer."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction

from tirek.cli.database import database_url, sentences
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.domain.scope import Scope
from tirek.services import heartbeats
from tirek.storage.session import app_engine, open_session, owner_engine

WELL, ALARM = 0, 1
# A message that is due is taken within seconds; a gateway may take a minute or two.
LATE_SECONDS = 300.0


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek heartbeat`."""
    parser = subparsers.add_parser("heartbeat", help="whether relays, workers and beat do work")
    parser.add_argument(
        "--retire", metavar="NAME", help="forget a loop that was taken out of service"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print one line for each thing that is wrong, and return 1; silence and 0 when all is well."""
    url = database_url(Config.from_env())
    if arguments.retire:
        return _retire(url, arguments.retire)
    engine = app_engine(url, pool_size=1)
    try:
        with sentences(), open_session(engine, Scope.system()) as session:
            loops = heartbeats.loops(session)
            late = heartbeats.late_messages(session, LATE_SECONDS)
    finally:
        engine.dispose()
    wrong = [
        f"{loop.name} has done nothing for {loop.seconds:.0f} seconds."
        for loop in loops
        if loop.is_silent
    ]
    if not loops:
        wrong.append("No relay, worker or beat has ever worked on this database.")
    if late:
        wrong.append(f"{late} messages have been due for more than five minutes.")
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    return ALARM if wrong else WELL


def _retire(url: str, name: str) -> int:
    engine = owner_engine(url)
    try:
        with sentences(), open_session(engine, Scope.system()) as session, session.begin():
            if not heartbeats.retire(session, name):
                raise CommandError(f"No loop is called {name}.")
    finally:
        engine.dispose()
    return WELL
