"""`tirek worker`: takes from Celery's queues what beat or a relay told it about."""

from argparse import ArgumentParser, Namespace, _SubParsersAction
from socket import gethostname

from tirek.catalog.library import load_catalog
from tirek.cli import relay
from tirek.cli.parser import CommandError
from tirek.cli.workbench import broker_of, build_workbench, start_logging
from tirek.config import Config
from tirek.tasks import settings
from tirek.tasks.celery_app import make_app, run_worker
from tirek.tasks.settings import QUEUES


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek worker`."""
    parser = subparsers.add_parser("worker", help="deliver what Celery's queues name")
    parser.add_argument("--queues", default=",".join(QUEUES), help="which (default: all)")
    parser.add_argument("--concurrency", type=int, default=2, help="pool processes (default: 2)")
    parser.add_argument("--name", default=gethostname(), help="in heartbeats (default: the host)")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Work until SIGTERM, which lets running tasks finish; a lost broker is waited for."""
    start_logging("worker")
    queues = _queues(arguments.queues)
    if arguments.concurrency < 1:
        raise CommandError("--concurrency must be at least 1.")
    config = Config.from_env()
    catalog = load_catalog(config.root)
    # A wrong setting ends this here, and not each pool process at its first message.
    relay.build(config, catalog)
    app = make_app(
        broker_of(config),
        lambda: build_workbench(config, catalog, lambda: relay.build(config, catalog)),
    )
    twice = settings.refusal(app.conf)
    if twice is not None:
        raise CommandError(twice)
    return run_worker(app, arguments.name, queues, arguments.concurrency)


def _queues(named: str) -> list[str]:
    queues = [name.strip() for name in named.split(",") if name.strip()]
    unknown = sorted(set(queues) - set(QUEUES))
    if unknown or not queues:
        raise CommandError(
            f"There is no queue {', '.join(unknown) or 'to work on'}; known: {', '.join(QUEUES)}."
        )
    return queues
