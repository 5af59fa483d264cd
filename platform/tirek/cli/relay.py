"""`tirek relay`: the loop that takes messages out of the outbox."""

import logging
import os
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace, _SubParsersAction
from functools import partial

from tirek.catalog.library import Catalog, load_catalog
from tirek.cli.database import database_url
from tirek.cli.parser import CommandError
from tirek.cli.workbench import build_workbench
from tirek.config import Config
from tirek.domain.delivery import Channel
from tirek.gateways import mail, ping, sms
from tirek.gateways.errors import GatewayError
from tirek.gateways.fhir import HttpFhir
from tirek.gateways.http import HttpPoster
from tirek.gateways.mail import MailError
from tirek.gateways.ping import PingError
from tirek.gateways.webhook import HttpWebhook
from tirek.services import heartbeats
from tirek.services.letters import Letters
from tirek.services.parcels import Packer
from tirek.storage.session import app_engine
from tirek.storage.vault import Vault
from tirek.tasks.dispatch import Dispatcher
from tirek.tasks.gateways import Gateways
from tirek.tasks.relay import Job, Relay
from tirek.tasks.rounds import ROUNDS
from tirek.tasks.workbench import Workbench

PARENT_POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
OUTSIDE_SECONDS = 60.0
# One for each channel of the relay, and one for its jobs: no lane keeps one while it waits for an
# answer. A worker of Celery opens only what it needs.
POOL_SIZE = len(Channel) + 1

log = logging.getLogger(__name__)


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek relay`."""
    parser = subparsers.add_parser("relay", help="send what waits in the outbox, until stopped")
    parser.add_argument(
        "--parent", type=int, metavar="PID", help="end as soon as this is not the parent any more"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Relay until SIGTERM or SIGINT; an attempt that is under way is finished first."""
    logging.basicConfig(format="relay: %(levelname)s: %(message)s", level=logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if arguments.parent is not None:
        _end_with(arguments.parent)
    config = Config.from_env()
    catalog = load_catalog(config.root)
    relay = build(config, catalog)
    bench = build_workbench(config, catalog, lambda: relay)
    jobs = [Job(one.name, one.seconds, partial(one.run, bench, by="relay")) for one in ROUNDS]
    jobs.append(Job("heartbeat", HEARTBEAT_SECONDS, partial(bench.heartbeat, "relay.outbox")))
    if config.heartbeat_url is not None:
        watched = partial(_tell_outside, bench, config.heartbeat_url)
        jobs.append(Job("watcher outside", OUTSIDE_SECONDS, watched))
    logging.getLogger(__name__).info("at work")
    relay.run(stop, jobs=jobs, dispatcher=_dispatcher(config))
    relay.engine.dispose()
    return 0


def _tell_outside(bench: Workbench, url: str) -> None:
    """Ask the watcher's address unless a loop is silent: it alarms when we do not ask any more."""
    with bench.unit() as unit:
        faults = [one.name for one in heartbeats.loops(unit.session) if one.is_silent]
    if faults:
        log.error("not telling the watcher outside: silent are %s", ", ".join(faults))
        return
    try:
        ping.get(url)
    except PingError as error:
        log.warning("the watcher outside cannot be told: %s", error)


def _dispatcher(config: Config) -> Dispatcher | None:
    """What hands messages to Celery's workers, where there is a broker."""
    if config.redis_url is None:
        return None
    # Celery is loaded only where there is one.
    from tirek.tasks.celery_app import enqueuer  # noqa: PLC0415

    return Dispatcher(enqueuer(config.redis_url))


def build(config: Config, catalog: Catalog | None = None) -> Relay:
    """The relay of these settings; a wrong address of a server is refused at the start."""
    known = catalog or load_catalog(config.root)
    letters = Letters(known.messages, config.base_url)
    vault = Vault(config.keys.keks, config.keys.kek_current, config.keys.code_pepper)
    packer = Packer(letters, vault, known.protocol)
    return Relay(app_engine(database_url(config), pool_size=POOL_SIZE), _gateways(config), packer)


def _gateways(config: Config) -> Gateways:
    poster = HttpPoster(inner_hosts=config.inner_hosts)
    try:
        return Gateways(
            mail=mail.choose(config.smtp_url, config.mail_from, config.mail_dir),
            sms=sms.choose(
                config.sms_primary_url, config.sms_backup_url, config.sms_sender, config.sms_dir
            ),
            webhook=HttpWebhook(poster),
            fhir=HttpFhir(poster),
        )
    except (MailError, GatewayError) as error:
        raise CommandError(str(error)) from error


def _end_with(parent: int) -> None:
    """End this process at once when its parent is gone: another relay will come with the next.

    Not by the event, because a mail server that keeps silent would hold an orphan for minutes.
    What is cut off here is repeated under its own reference.
    """

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(PARENT_POLL_SECONDS)
        sys.stderr.flush()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
