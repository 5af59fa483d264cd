"""The workbench of a process, from its settings; shared by worker, beat and relay."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from tirek.catalog.library import Catalog
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.services.audit_heads import Signer
from tirek.storage.vault import Vault
from tirek.tasks.audit import AuditSealer
from tirek.tasks.broker import BrokerRefusedError, wait_and_check
from tirek.tasks.relay import Relay
from tirek.tasks.workbench import Workbench


def build_workbench(
    config: Config, catalog: Catalog, build_relay: Callable[[], Relay]
) -> Workbench:
    """Everything that a task may need."""
    vault = Vault(config.keys.keks, config.keys.kek_current, config.keys.code_pepper)
    relay = build_relay()
    sealer = AuditSealer(relay.engine, Signer(config.keys.audit_key), config.audit_heads)
    return Workbench(relay, catalog, vault, sealer)


def broker_of(config: Config) -> str:
    """The broker's address, once it answers and may be used; a dangerous one is refused.

    Ends the process in good order when it is told to stop while it waits.
    """
    if config.redis_url is None:
        raise CommandError(
            "REDIS_URL is not set: `tirek relay` alone delivers everything without Redis."
        )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        answers = wait_and_check(config.redis_url, stop, logging.getLogger("broker").warning)
    except BrokerRefusedError as error:
        raise CommandError(str(error)) from error
    if not answers:
        raise SystemExit(0)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    return config.redis_url


def start_logging(name: str) -> None:
    """One line for each thing worth knowing, on stderr."""
    logging.basicConfig(format=f"{name}: %(levelname)s: %(message)s", level=logging.INFO)
    # Celery tells of each task that comes and goes; the tables do so already.
    for chatty in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if os.geteuid() == 0:
        sys.stderr.write(f"{name} runs as root and should not: see deploy/systemd.\n")
