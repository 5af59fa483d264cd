"""`tirek beat`: tells Celery's workers every few seconds to look what is due."""

from argparse import ArgumentParser, Namespace, _SubParsersAction

from tirek.cli.workbench import broker_of, start_logging
from tirek.config import Config
from tirek.tasks.beat import run_beat
from tirek.tasks.celery_app import make_app
from tirek.tasks.workbench import Workbench


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek beat`."""
    parser = subparsers.add_parser("beat", help="the clock of Celery's workers")
    parser.set_defaults(run=run)


def run(_arguments: Namespace) -> int:
    """Send rounds until stopped; two of these at once only make workers look twice."""
    start_logging("beat")
    run_beat(make_app(broker_of(Config.from_env()), _no_workbench))
    return 0


def _no_workbench() -> Workbench:
    raise AssertionError("beat does no work itself")
