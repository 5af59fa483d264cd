"""The PostgreSQL of one run: on a copy of the template, durable, and breakable in every way."""

import os
import pwd
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.faults.service import _environment
from tirek.config import Config
from tirek.storage.embedded import (
    _ENVIRONMENT,
    DATABASE,
    USER,
    EmbeddedServer,
    _clear_traces,
    _launcher,
    _socket_dir,
    _wheel_bin_dir,
)

PORT = "5432"
START_SECONDS = 60
MAX_CONNECTIONS = 100
BUSY = "shared memory block"


@dataclass
class Postgres:
    """A server on `folder`/pg; `environment` lets its clock be moved."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def _server(self) -> EmbeddedServer:
        data = self.folder.resolve() / "pg"
        return EmbeddedServer(data, _socket_dir(data))

    @property
    def socket(self) -> Path:
        """The folder in which it listens."""
        return self._server.socket_dir

    def url(self, through: Path | None = None) -> str:
        """The address for the product; `through` is the folder of a proxy's socket."""
        return EmbeddedServer(self._server.data_dir, through or self.socket).url()

    def connect(self, **options: object) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection as owner, beside the product's."""
        return psycopg.connect(
            host=str(self.socket),
            port=PORT,
            user=USER,
            dbname=DATABASE,
            connect_timeout=5,
            autocommit=True,
            **options,  # type: ignore[arg-type]
        )

    def start(self) -> None:
        """Start it and wait until it answers; after a kill its children need a moment to go."""
        if self.process is not None and self.process.poll() is None:
            return
        deadline = time.monotonic() + START_SECONDS
        while not self._start_once():
            assert time.monotonic() < deadline, self.log.read_text(errors="replace")[-2000:]
            time.sleep(0.2)

    def _start_once(self) -> bool:
        server = self._server
        launcher = _launcher(
            Config.from_env(_environment() | {"TIREK_VAR": str(self.folder)}).pg_bin
            or _wheel_bin_dir()
        )
        server.socket_dir.mkdir(mode=0o700, exist_ok=True)
        launcher.make_folder(server.socket_dir)
        if launcher.user is not None and self.process is None:
            _give(server.data_dir, launcher.user)
        _clear_traces(server)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(server.socket_dir),
            "max_connections": str(MAX_CONNECTIONS),
            "max_wal_size": "2GB",
        } | self.settings
        command = [*launcher.prefix, str(launcher.bin_dir / "postgres"), "-D", str(server.data_dir)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd="/",
                env=_ENVIRONMENT | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=launcher.user,
            )
        return self._answers()

    def _answers(self) -> bool:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with suppress(psycopg.OperationalError), self.connect():
                return True
            time.sleep(0.05)
        return False

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "postgres.log"

    def is_up(self) -> bool:
        """Whether somebody who asks now gets an answer."""
        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False

    def kill(self, with_signal: signal.Signals) -> None:
        """SIGQUIT is pg_ctl's immediate mode; SIGKILL leaves it no moment at all."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(with_signal)
            self.process.wait(60)
            self.process = None

    def freeze(self) -> None:
        """Stop every process of the server where it stands."""
        self._to_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them all go on."""
        self._to_all(signal.SIGCONT)

    def _to_all(self, number: signal.Signals) -> None:
        assert self.process is not None
        for pid in [self.process.pid, *_children(self.process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def terminate_backends(self) -> int:
        """End every connection but the one that asks."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            ).fetchall()
        return len(rows)

    def stop(self) -> None:
        """Close every connection, write all down and end."""
        self.kill(signal.SIGINT)


def _give(folder: Path, user: str) -> None:
    """A copy belongs to whoever made it; the server must own its data."""
    account = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(folder.name))
    return found
