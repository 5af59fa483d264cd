"""`tirek serve` as a process of its own, and the ways it and its database can die."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from socket import socket

from tirek.config import ROOT, Config
from tirek.storage import embedded

HOST = "127.0.0.1"
START_SECONDS = 60
# Enough for all visitors of a test at once, whichever worker they come to.
THREADS = 80
OURS = ("TIREK_", "DATABASE_URL", "REDIS_URL", "SMTP_URL", "SMS_")


def a_port() -> int:
    """A port that was free a moment ago."""
    with socket() as held:
        held.bind((HOST, 0))
        return int(held.getsockname()[1])


def status_of(port: int, path: str, timeout: float = 10) -> int:
    """The status of one request; 0 when nobody answers."""
    connection = HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@dataclass
class Service:
    """The server's processes: one group, so that all of them can be killed at once."""

    command: list[str]
    log: Path
    settings: dict[str, str]
    port: int = field(default_factory=a_port)
    process: subprocess.Popen[bytes] | None = None
    settings_now: dict[str, str] = field(default_factory=dict)
    kills: int = 0

    def start(self, **settings: str) -> None:
        """Start, with settings for this once, and wait for the first answer."""
        self.settings_now = settings
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [argument.format(port=self.port) for argument in self.command],
                cwd=ROOT,
                env=_environment() | self.settings | {"TIREK_PORT": str(self.port)} | settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while status_of(self.port, "/healthz") != 200:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """End master, workers and relay in the same instant, without a last word."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None
            self.kills += 1

    def stop(self) -> None:
        """End as an operator would; kill what does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def restart(self, **settings: str) -> None:
        self.stop()
        self.start(**settings)

    def relay(self) -> int | None:
        """The relay's process, if it lives."""
        assert self.process is not None
        for pid in _children(self.process.pid):
            with suppress(OSError):
                if b"relay" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    return pid
        return None


def a_service(folder: Path, **settings: str) -> Service:
    """`tirek serve` on the embedded database in a folder."""
    command = [sys.executable, "-m", "tirek.cli", "serve"]
    return Service(command, folder / "web.log", {"TIREK_VAR": str(folder), **settings})


def a_bare_service(folder: Path, **settings: str) -> Service:
    """The same application under a WSGI server of the operator's: it starts without a database."""
    settled = [
        "-k",
        "gthread",
        "--workers",
        "2",
        "--threads",
        str(THREADS),
        "--bind",
        HOST + ":{port}",
    ]
    command = [sys.executable, "-m", "gunicorn", *settled, "tirek.wsgi:application"]
    return Service(command, folder / "bare.log", settings)


@dataclass(frozen=True)
class Database:
    """The embedded server under the service."""

    folder: Path

    def start(self) -> embedded.EmbeddedServer:
        pg_bin = Config.from_env(_environment() | {"TIREK_VAR": str(self.folder)}).pg_bin
        return embedded.start(self.folder, durable=True, bin_dir=pg_bin)

    def kill(self, with_signal: signal.Signals) -> None:
        """SIGQUIT is pg_ctl's immediate mode; SIGKILL leaves it no moment at all."""
        pid = int((self.folder / "pg" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, with_signal)
        while Path(f"/proc/{pid}").exists() and not _is_zombie(pid):
            time.sleep(0.01)


def _environment() -> dict[str, str]:
    """This process's environment without settings of Tirek's, so that no test meets a real one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {"PYTHONPATH": str(ROOT / "platform")}


def _children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(folder.name))
    return found


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
