"""A server that is lost with its disk, what a backup host holds of it, and the one that follows."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.faults.service import _children
from tirek.storage import embedded
from tirek.storage.embedded import _ENVIRONMENT, EmbeddedServer, _launcher, _wheel_bin_dir

SLOT = "tirek_backup"
FOLLOW_SECONDS = 30
RECOVERED_SECONDS = 120


def bin_dir() -> Path:
    """PG_BIN, else the programs of the wheel; backup and servers must be of one version."""
    named = os.environ.get("PG_BIN")
    return Path(named) if named else _wheel_bin_dir()


@dataclass
class BackupHost:
    """Another machine: base backups, and the write-ahead log as it is written."""

    folder: Path
    server: EmbeddedServer
    receiver: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.launcher = _launcher(bin_dir())
        self.launcher.make_folder(self.folder)

    @property
    def base(self) -> Path:
        return self.folder / "base"

    @property
    def wal(self) -> Path:
        return self.folder / "wal"

    def follow(self) -> None:
        """Take the log from the server in the moment in which it is written there."""
        self.launcher.make_folder(self.wal)
        self._run("pg_receivewal", "-D", self.wal, "--slot", SLOT, "--create-slot")
        with (self.folder / "receivewal.log").open("ab") as log:
            self.receiver = subprocess.Popen(
                [
                    *self.launcher.prefix,
                    self.launcher.bin_dir / "pg_receivewal",
                    *self._address(),
                    "-D",
                    self.wal,
                    *("--slot", SLOT, "--synchronous", "--no-loop"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_ENVIRONMENT,
                user=self.launcher.user,
            )

        deadline = time.monotonic() + FOLLOW_SECONDS
        while not self._is_following():
            assert time.monotonic() < deadline, (self.folder / "receivewal.log").read_text()
            time.sleep(0.05)

    def _is_following(self) -> bool:
        with _connect(self.server) as connection:
            row = connection.execute("SELECT count(*) FROM pg_stat_replication").fetchone()
        return row == (1,)

    def back_up(self) -> None:
        """Copy the running server and check the copy against its own list of hashes."""
        hashes = ("--checkpoint", "fast", "--manifest-checksums", "SHA256")
        self._run("pg_basebackup", "-D", self.base, "-X", "stream", *hashes)
        code, said = self.launcher.run("pg_verifybackup", self.base)
        assert code == 0, said

    def ends(self) -> None:
        """The receiver notices that its server is gone."""
        if self.receiver is not None:
            with suppress(subprocess.TimeoutExpired):
                self.receiver.wait(10)
            self.receiver.kill()
            self.receiver.wait()
            self.receiver = None

    def restore(self, var_dir: Path) -> EmbeddedServer:
        """A new server in a new folder, with everything that came; it takes writes on return."""
        self.launcher.make_folder(var_dir)
        data = var_dir / "pg"
        shutil.copytree(self.base, data, symlinks=True)
        self.launcher.make_folder(data)
        with (data / "postgresql.auto.conf").open("a") as settings:
            # The last piece is still called .partial: nobody finished it.
            settings.write(
                f"restore_command = 'cp {self.wal}/%f %p || cp {self.wal}/%f.partial %p'\n"
            )
            settings.write("synchronous_standby_names = ''\n")
        (data / "recovery.signal").touch()
        self._give(data)
        server = embedded.start(var_dir, durable=True, bin_dir=bin_dir())
        deadline = time.monotonic() + RECOVERED_SECONDS
        while _is_in_recovery(server):
            assert time.monotonic() < deadline, (data / "server.log").read_text()[-2000:]
            time.sleep(0.02)
        return server

    def _give(self, data: Path) -> None:
        """Where the server runs as another account, its files are that account's."""
        if self.launcher.user is not None:
            for path in (data, *data.rglob("*")):
                shutil.chown(path, self.launcher.user)

    def _run(self, program: str, *arguments: str | Path) -> None:
        code, said = self.launcher.run(program, *self._address(), *arguments)
        assert code == 0, said

    def _address(self) -> tuple[str, ...]:
        return ("-h", str(self.server.socket_dir), "-p", "5432", "-U", embedded.USER)


def make_every_commit_wait(server: EmbeddedServer) -> None:
    """No COMMIT is answered before the backup host has it: nothing at all is lost with a disk."""
    with _connect(server) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'pg_receivewal'")
        connection.execute("SELECT pg_reload_conf()")


def lose(server: EmbeddedServer) -> float:
    """Power and disk go in the same instant; returns the moment, by the monotonic clock."""
    pid = int((server.data_dir / "postmaster.pid").read_text().splitlines()[0])
    pids = [pid, *_children(pid)]
    moment = time.monotonic()
    for each in pids:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    while any(_lives(each) for each in pids):
        time.sleep(0.01)
    shutil.rmtree(server.data_dir)
    return moment


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def version(server: EmbeddedServer) -> str:
    """The server's own name for itself."""
    with _connect(server) as connection:
        (said,) = connection.execute("SHOW server_version").fetchone() or ("?",)
    return str(said)


def _is_in_recovery(server: EmbeddedServer) -> bool:
    with suppress(psycopg.OperationalError), _connect(server) as connection:
        return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
    return True


def _connect(server: EmbeddedServer) -> "psycopg.Connection[tuple[object, ...]]":
    url = make_url(server.url()).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(), autocommit=True, connect_timeout=5)


def _lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
