"""`tirek heartbeat`: whether everything that should work does; asked from outside, by a timer."""

import re
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Sequence

from tirek.cli.database import database_url, sentences
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.domain.scope import Scope
from tirek.domain.watch import Loop
from tirek.gateways.ping import PingError, get
from tirek.services import heartbeats
from tirek.storage.session import app_engine, open_session, owner_engine

WELL, ALARM = 0, 1
# A message that is due is taken within seconds; a gateway may take a minute or two.
LATE_SECONDS = 300.0
AGE = re.compile(r'^tirek_sweep_age_seconds\{name="([^"]+)"\} (\S+)$', re.MULTILINE)
OLDEST = re.compile(r"^tirek_outbox_oldest_due_seconds (\S+)$", re.MULTILINE)


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek heartbeat`."""
    parser = subparsers.add_parser("heartbeat", help="whether relays, workers and beat do work")
    parser.add_argument(
        "--url", help="ask a site from another host; TIREK_METRICS_TOKEN opens its /metrics"
    )
    parser.add_argument(
        "--retire", metavar="NAME", help="forget a loop that was taken out of service"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print one line for each thing that is wrong, and return 1; silence and 0 when all is well."""
    config = Config.from_env()
    if arguments.retire:
        return _retire(database_url(config), arguments.retire)
    wrong = _wrong_at(arguments.url, config) if arguments.url else _wrong_here(config)
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    return ALARM if wrong else WELL


def _wrong_here(config: Config) -> list[str]:
    """What the database says."""
    engine = app_engine(database_url(config), pool_size=1)
    try:
        with sentences(), open_session(engine, Scope.system()) as session:
            loops = heartbeats.loops(session)
            late = heartbeats.late_messages(session, LATE_SECONDS)
    finally:
        engine.dispose()
    wrong = _silent(loops)
    if late:
        wrong.append(f"{late} messages have been due for more than five minutes.")
    return wrong


def _wrong_at(url: str, config: Config) -> list[str]:
    """What a site says about itself: web and database answer, loops work, messages leave."""
    base = url.rstrip("/")
    try:
        get(f"{base}/readyz")
        said = get(f"{base}/metrics", config.metrics_token)
    except PingError as error:
        return [f"The site does not work: {error}."]
    wrong = _silent([Loop(name, float(age), 0) for name, age in AGE.findall(said)])
    oldest = OLDEST.search(said)
    if oldest is None or float(oldest[1]) > LATE_SECONDS:
        wrong.append("Messages have been due for more than five minutes.")
    return wrong


def _silent(loops: Sequence[Loop]) -> list[str]:
    if not loops:
        return ["No relay, worker or beat has ever worked on this database."]
    return [
        f"{loop.name} has done nothing for {loop.seconds:.0f} seconds."
        for loop in loops
        if loop.is_silent
    ]


def _retire(url: str, name: str) -> int:
    engine = owner_engine(url)
    try:
        with sentences(), open_session(engine, Scope.system()) as session, session.begin():
            if not heartbeats.retire(session, name):
                raise CommandError(f"No loop is called {name}.")
    finally:
        engine.dispose()
    return WELL
