"""`tirek serve`: the web workers, and a relay beside them that ends with them."""

import errno
import logging
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace, _SubParsersAction
from contextlib import suppress
from os import getpid
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]

from tirek.app import create_app
from tirek.catalog.library import Catalog, load_catalog
from tirek.cli.database import database_url
from tirek.cli.migrate import bring_up_to_date
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.web.i18n import TranslationsMissingError

# After kill -9 of a master its workers notice within a second or two and let go of the port.
PORT_SECONDS = 5.0
GRACEFUL_SECONDS = 30
RELAY_SECONDS = 10
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes its own private files there

log = logging.getLogger(__name__)


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek serve`."""
    parser = subparsers.add_parser("serve", help="the web server with its relay")
    parser.add_argument(
        "--no-relay", action="store_true", help="the web alone: `tirek relay` runs apart"
    )
    parser.add_argument(
        "--no-migrate",
        action="store_true",
        help="take the database as it is: `tirek migrate` ran before",
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Start the database if need be, migrate, and serve until stopped."""
    config = Config.from_env()
    # A wrong file ends this before a database is started.
    catalog = load_catalog(config.root)
    url = database_url(config)
    if not arguments.no_migrate:
        bring_up_to_date(url, catalog)
    serve(config, url, catalog, has_relay=not arguments.no_relay)
    return 0


def serve(config: Config, url: str, catalog: Catalog, *, has_relay: bool = True) -> None:
    """Serve an up-to-date database; returns never, gunicorn ends the process itself."""
    _wait_for_port(config.host, config.port)
    relay = RelayChild(is_wanted=has_relay)
    Server(
        _app(config, url, catalog),
        {
            "bind": f"[{config.host}]:{config.port}"
            if ":" in config.host
            else f"{config.host}:{config.port}",
            "worker_class": "gthread",
            "workers": config.web_workers,
            "threads": config.web_threads,
            "preload_app": True,
            "graceful_timeout": GRACEFUL_SECONDS,
            # Heartbeats of workers must not wait for a disk.
            "worker_tmp_dir": str(MEMORY) if MEMORY.is_dir() else None,
            # Requests are not logged: their addresses are nobody's business.
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": lambda arbiter: _ready(arbiter, config, relay),
            "on_exit": lambda _arbiter: relay.stop(),
        },
        relay,
    ).run()


class Server(BaseApplication):  # type: ignore[misc] # gunicorn ships no types
    """Our application under gunicorn, with settings from nowhere else."""

    def __init__(self, app: Flask, settings: dict[str, Any], relay: "RelayChild") -> None:
        self._app = app
        self._settings = settings
        self._relay = relay
        super().__init__()

    def load_config(self) -> None:
        """Take the settings as they are."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application, built before the first fork."""
        return self._app

    def run(self) -> None:
        """Serve until stopped."""
        Master(self, self._relay).run()


class Master(Arbiter):  # type: ignore[misc]
    """Gunicorn's master, which looks after the relay as it does after the workers.

    Not a thread of its own: a worker forked while such a thread starts a process inherits the pipe
    on which that thread waits, and it waits for ever.
    """

    def __init__(self, server: Server, relay: "RelayChild") -> None:
        self._relay = relay
        super().__init__(server)

    def manage_workers(self) -> None:
        """Do what is done at least once a second: replace what has died."""
        super().manage_workers()
        self._relay.keep()


class RelayChild:
    """The relay as a process of its own, started again whenever it dies."""

    def __init__(self, *, is_wanted: bool = True) -> None:
        self._is_wanted = is_wanted
        self._child: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = SHORTEST_PAUSE

    def start(self) -> None:
        """Start the relay, if there is to be one; it ends by itself when this process is gone."""
        if not self._is_wanted:
            return
        command = [sys.executable, "-m", "tirek.cli", "relay", "--parent", str(getpid())]
        self._child = subprocess.Popen(command)  # noqa: S603 - our own program and arguments
        self._started = time.monotonic()

    def keep(self) -> None:
        """Start it again if it died; the more often it dies at once, the later."""
        if self._child is None or self._child.poll() is None:
            return
        lived = time.monotonic() - self._started
        if lived > LONGEST_PAUSE:
            self._pause = SHORTEST_PAUSE
        if lived > self._pause:
            log.warning("the relay ended and is started again")
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            self.start()

    def stop(self) -> None:
        """Let the relay finish what it is about, then end."""
        if self._child is not None:
            self._child.terminate()
            # One that still talks to a slow server ends when this process is gone.
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(RELAY_SECONDS)


def _app(config: Config, url: str, catalog: Catalog) -> Flask:
    try:
        return create_app(config, url, catalog)
    except TranslationsMissingError as error:
        raise CommandError(str(error)) from error


def _ready(arbiter: Arbiter, config: Config, relay: RelayChild) -> None:
    relay.start()
    sys.stdout.write(f"Tirek: {config.base_url} (process {arbiter.pid})\n")
    sys.stdout.flush()


def _wait_for_port(host: str, port: int) -> None:
    """Wait while a former server lets go; raise when somebody else holds the port."""
    deadline = time.monotonic() + PORT_SECONDS
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    raise CommandError(
                        f"Port {port} on {host} cannot be had: {error.strerror}; set TIREK_PORT."
                    ) from error
            else:
                return
        time.sleep(0.2)
