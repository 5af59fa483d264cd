"""All of Tirek on one machine, each part a process that can be killed, paused and started again."""

import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tirek.cli.cluster.child import Child
from tirek.cli.cluster.database import ClusterDatabase
from tirek.cli.cluster.leftovers import end_leftovers, note
from tirek.cli.cluster.ready import answers, wait_for
from tirek.cli.cluster.servers import (
    HOST,
    free_port,
    nginx_program,
    redis_program,
    write_nginx_settings,
    write_redis_settings,
)
from tirek.cli.parser import CommandError
from tirek.config import ROOT

KEEP_SECONDS = 0.2
READY_SECONDS = 90.0
# A worker that waits for Redis is as far as it can come.
WORKER_IS_UP = (" ready.", "waiting for it")
# Told to stop in this order; those of one group at the same time.
STOP_ORDER = (("nginx",), ("web", "beat", "relay", "worker"), ("redis",))

# Its name, its command, and what it alone is told.
Part = tuple[str, list[str], dict[str, str]]


@dataclass
class Cluster:
    """PostgreSQL, Redis, webs, workers, beat and relays behind nginx, from one folder.

    `env` is given to every process; `env_for(name)` is one process's own, from its next start.
    With DATABASE_URL in `env` that database is used, and `TIREK_KEYS_FILE` must be there too.
    """

    var_dir: Path
    port: int = 0
    with_redis: bool = True
    webs: int = 2
    workers: int = 2
    # True is one; more are for proving that they do no harm.
    beat: int = True
    relays: int = 1
    # False: whoever dies stays dead, so a test decides itself.
    supervise: bool = True
    with_nginx: bool = True
    env: Mapping[str, str] = field(default_factory=dict)
    web_ports: list[int] = field(default_factory=list)
    redis_port: int = 0

    def __post_init__(self) -> None:
        """Choose what was left open; nothing is started yet."""
        self.var_dir = self.var_dir.resolve()
        self.folder = self.var_dir / "cluster"
        self.port = self.port or free_port()
        self.redis_port = self.redis_port or free_port()
        if not self.web_ports:
            self.web_ports = [free_port() for _ in range(self.webs)]
            if self.webs and not self.with_nginx:
                # The first web stands where people come.
                self.web_ports[:1] = [self.port]
        self.database = ClusterDatabase(self.var_dir, {**os.environ, **self.env})
        self._children: dict[str, Child] = {}
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._keeper: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Where people reach it: nginx, else the first web."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start everything and wait until it answers; raise `CommandError` with a log's end."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        end_leftovers(self.folder)
        self._children = {child.name: child for child in self._plan()}
        self.database.start()
        self._migrate()
        if self.with_redis:
            self.restart("redis")
        for child in self._children.values():
            child.start()
        self._note()
        for name in self.names():
            self._wait_until_ready(name)
        if self.supervise:
            self._ended.clear()
            self._keeper = threading.Thread(target=self._keep, daemon=True)
            self._keeper.start()

    def stop(self) -> None:
        """Let everything finish what it is about, and end; PostgreSQL if it was started here."""
        self._ended.set()
        if self._keeper is not None:
            self._keeper.join()
        with self._lock:
            for kinds in STOP_ORDER:
                group = [one for one in self._children.values() if _kind(one.name) in kinds]
                for child in group:
                    child.ask_to_stop()
                for child in group:
                    child.stop()
            self._note()
        self.database.stop()

    def names(self) -> list[str]:
        """The names of all processes, PostgreSQL left out."""
        return list(self._children)

    def pid(self, name: str) -> int | None:
        """The first process of a part; None while it is dead."""
        if name == "postgres":
            return self.database.pid()
        return self._children[name].pid()

    def log(self, name: str) -> Path:
        """Where a part writes what it has to say."""
        return self._children[name].log

    def starts(self, name: str) -> int:
        """How often a part was started."""
        return self._children[name].starts

    def kill(
        self, name: str, sig: signal.Signals = signal.SIGKILL, *, stays_down: bool = False
    ) -> None:
        """Send a signal that ends the whole group of a part; supervised, it comes back by itself.

        `stays_down`: until `restart`.
        """
        with self._lock:
            child = self._children[name]
            child.is_wanted = child.is_wanted and not stays_down
            child.kill(sig)

    def pause(self, name: str) -> None:
        """Stop the group of a part in its tracks: it lives, holds its connections, says nothing."""
        if name == "postgres":
            self.database.signal_all(signal.SIGSTOP)
        else:
            self._children[name].send(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a paused part go on."""
        if name == "postgres":
            self.database.signal_all(signal.SIGCONT)
        else:
            self._children[name].send(signal.SIGCONT)

    def restart(self, name: str, *, wait: bool = True) -> None:
        """Ask a part to end, start it with today's `env_for`, and wait until it answers."""
        with self._lock:
            self._children[name].stop()
            self._children[name].start()
            self._note()
        if wait:
            self._wait_until_ready(name)

    def env_for(self, name: str) -> dict[str, str]:
        """What is laid over the environment of one part from its next start; change it in place."""
        return self._children[name].overrides

    def environment(self) -> dict[str, str]:
        """What every process is told: for a command that is to see the same cluster."""
        return self._env()

    def redis_url(self) -> str:
        """The broker's address, with the password."""
        secret = (self.folder / "redis" / "password").read_text()
        return f"redis://:{quote(secret)}@{HOST}:{self.redis_port}/0"

    def redis_cli(self, *arguments: str) -> object:
        """Say one command to Redis and return its answer."""
        from tirek.tasks.broker import say  # noqa: PLC0415 - not every cluster has a broker

        return say(self.redis_url(), *arguments)

    def kill_postgres(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """End PostgreSQL without a goodbye; nobody starts it again but `restart_postgres`."""
        self.database.kill(sig)

    def restart_postgres(self, *, immediate: bool = True) -> None:
        """Start PostgreSQL anew, after an immediate end (recovery from WAL) or an orderly one."""
        if self.database.pid() is not None:
            self.database.kill(signal.SIGQUIT if immediate else signal.SIGINT)
        self.database.start()

    def _plan(self) -> list[Child]:
        parts: list[Part] = []
        broker = {"REDIS_URL": self._prepare_redis(parts)} if self.with_redis else {}
        for number, port in enumerate(self.web_ports, 1):
            # The web never speaks with Redis, so it does not learn where it is.
            own = {"TIREK_PORT": str(port)}
            parts.append((f"web-{number}", _tirek("serve", "--no-relay", "--no-migrate"), own))
        for number in range(1, self.workers * self.with_redis + 1):
            command = _tirek("worker", "--name", f"worker-{number}", "--concurrency", "2")
            parts.append((f"worker-{number}", command, broker))
        parts += _several("beat", self.beat * self.with_redis, _tirek("beat"), broker)
        parts += _several("relay-1", self.relays, _tirek("relay"), broker)
        if self.with_nginx:
            settings = write_nginx_settings(
                self.folder / "nginx", ROOT / "deploy" / "nginx", self.port, self.web_ports
            )
            parts.append(("nginx", [nginx_program(), "-c", str(settings)], {}))
        return [
            Child(name, command, self.folder / f"{name}.log", self._env() | own)
            for name, command, own in parts
        ]

    def _prepare_redis(self, parts: list[Part]) -> str:
        folder = self.folder / "redis"
        write_redis_settings(folder, ROOT / "deploy" / "redis.conf", self.redis_port)
        parts.append(("redis", [redis_program(), str(folder / "redis.conf")], {}))
        return self.redis_url()

    def _env(self) -> dict[str, str]:
        ours = {
            "PYTHONPATH": str(ROOT / "platform"),
            "TIREK_VAR": str(self.var_dir),
            "TIREK_BASE_URL": self.address,
            "TIREK_HOST": HOST,
            "TIREK_WORKERS": "1",
            "TIREK_TRUSTED_PROXIES": str(int(self.with_nginx)),
        }
        inherited = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
        # The address is named, so that no process starts a database that was killed on purpose.
        return ours | inherited | dict(self.env) | self.database.env()

    def _migrate(self) -> None:
        once = Child("migrate", _tirek("migrate"), self.folder / "migrate.log", self._env())
        once.start()
        if once.wait(READY_SECONDS) != 0:
            raise CommandError(f"The database could not be migrated: {_end_of(once.log)}")

    def _wait_until_ready(self, name: str) -> None:
        kind, child = _kind(name), self._children[name]
        ports = {f"web-{number}": port for number, port in enumerate(self.web_ports, 1)}
        is_ready = {
            "redis": lambda: answers(HOST, self.redis_port),
            "web": lambda: answers(HOST, ports[name], "/healthz"),
            "nginx": lambda: answers(HOST, self.port, "/healthz"),
            "worker": lambda: any(word in child.said() for word in WORKER_IS_UP),
            "relay": lambda: "at work" in child.said(),
        }.get(kind, child.is_alive)
        if not wait_for(is_ready, READY_SECONDS, while_true=lambda: child.is_wanted):
            raise CommandError(f"{name} does not come up: {_end_of(child.log)}")

    def _keep(self) -> None:
        while not self._ended.wait(KEEP_SECONDS):
            with self._lock:
                if sum(child.keep() for child in self._children.values()):
                    self._note()

    def _note(self) -> None:
        note(self.folder, [child.pid() for child in self._children.values()])


def _several(first: str, number: int, command: list[str], env: dict[str, str]) -> list[Part]:
    """The same part several times; all but the first are told apart by their number."""
    kind = _kind(first)
    names = [first, *(f"{kind}-{each}" for each in range(2, number + 1))]
    return [(name, command, env) for name in names[:number]]


def _kind(name: str) -> str:
    return name.partition("-")[0]


def _tirek(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tirek.cli", *arguments]


def _end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return " ".join(lines[-8:]) or f"see {log}"
