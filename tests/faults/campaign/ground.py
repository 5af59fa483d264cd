"""What one run stands on: its own PostgreSQL, Redis, processes, mail server and folder."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.faults.campaign.postgres import Postgres
from tests.faults.campaign.template import Template
from tests.faults.service import a_port, status_of
from tirek.cli.cluster import Cluster
from tirek.config import ROOT

# A fault that needs one of these gets a ground that was prepared for it.
CLOCKS, PROXY, SMALL_DISK, DATABASE_CLOCK = "clocks", "proxy", "small disk", "database clock"
# Besides what PostgreSQL keeps in advance, this much fits.
SMALL_DISK_BYTES = 200 * 1024 * 1024
SMALL_MOUNT, UNMOUNT = ("/bin/mount", "-t", "tmpfs", "-o"), ("/bin/umount",)
READY_SECONDS = 30


def faketime() -> Path | None:
    """The library that moves a process's clock; None where it is not installed."""
    found = find_spec("libfaketime")
    if found is None or found.origin is None:
        return None
    library = Path(found.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
    return library if library.exists() else None


@dataclass
class Ground:
    """Everything of one run; `needs` says which faults it must be prepared for."""

    folder: Path
    template: Template
    needs: frozenset[str] = frozenset()
    with_redis: bool = True
    postgres: Postgres = field(init=False)
    cluster: Cluster = field(init=False)
    # Processes besides the cluster's: the mail server, the proxy, what faults start.
    others: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    # What faults have done that the oracle must know: pupils whose referral somebody has accepted,
    # centres from which referrals may have gone to a neighbour, rows that nobody can deliver.
    worked_on: set[str] = field(default_factory=set)
    moved_centers: set[str] = field(default_factory=set)
    poisoned: int = 0

    def __post_init__(self) -> None:
        """Choose ports and addresses in an empty folder; nothing is started yet."""
        shutil.rmtree(self.folder, ignore_errors=True)
        environment = self._clock("postgres") if DATABASE_CLOCK in self.needs else {}
        self.postgres = Postgres(self.folder, environment)
        self.mail_port = a_port()
        self.cluster = Cluster(
            self.folder,
            with_redis=self.with_redis,
            env={
                "DATABASE_URL": self.postgres.url(),
                "TIREK_KEYS_FILE": str(self.folder / "keys.json"),
                "SMTP_URL": f"smtp://127.0.0.1:{self.mail_port}",
                "TIREK_FAILPOINT": str(self.failpoint),
            },
        )

    @property
    def failpoint(self) -> Path:
        """A web that finds this file after a COMMIT removes it and dies."""
        return self.folder / "failpoint"

    @property
    def port(self) -> int:
        """Where pupils come to."""
        return self.cluster.port

    @property
    def mail_log(self) -> Path:
        """What the mail server took."""
        return self.folder / "mail.jsonl"

    def start(self) -> None:
        """Start everything and wait until it answers."""
        self.template.copy_to(self.folder)
        if SMALL_DISK in self.needs:
            self._move_wal_to_a_small_disk()
        self.postgres.start()
        with self.owner() as connection:
            # They opened their page a moment ago, whenever the template was made.
            connection.execute(
                "UPDATE web_sessions SET seen_at = now(), expires_at = now() + interval '8 hours'"
            )
            connection.execute("VACUUM ANALYZE")
        self._run("mail", "tests.faults.campaign.smtp", str(self.mail_port), str(self.mail_log))
        self.cluster.start()
        self._prepare()

    def stop(self) -> None:
        """End everything; what is left in the folder are logs and data."""
        self.cluster.stop()
        for process in self.others.values():
            process.kill()
            process.wait()
        self.postgres.stop()
        if SMALL_DISK in self.needs:
            subprocess.run([*UNMOUNT, self.small_disk], check=False)

    @contextmanager
    def owner(self) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        """A connection that sees every row."""
        with self.postgres.connect() as connection:
            yield connection

    def number(self, query: str) -> int | None:
        """One number of the database; None while it does not answer."""
        with suppress(psycopg.Error), self.owner() as connection:
            row = connection.execute(query).fetchone()  # type: ignore[arg-type]
            return None if row is None else int(str(row[0]))
        return None

    def is_serving(self) -> bool:
        """Whether a pupil would be answered now."""
        return status_of(self.port, "/readyz", timeout=5) == 200

    def run_besides(self, name: str, *arguments: str) -> None:
        """Start one more process of the product, under the cluster's environment."""
        env = self.cluster._env()  # noqa: SLF001 - what its own processes get
        if self.with_redis:
            env["REDIS_URL"] = self.cluster.redis_url()
        with (self.folder / f"{name}.log").open("ab") as log:
            self.others[name] = subprocess.Popen(
                [sys.executable, "-m", "tirek.cli", *arguments],
                cwd="/",
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def clock_file(self, name: str) -> Path:
        """What this file says is how far a process's clock is off: "+2h"."""
        return self.folder / f"clock-{name}"

    @property
    def small_disk(self) -> Path:
        """Where the write-ahead log lies when its disk is to run full."""
        return self.folder / "wal-disk"

    def _prepare(self) -> None:
        if CLOCKS in self.needs:
            for name in self.cluster.names():
                if name.partition("-")[0] in {"web", "worker", "beat", "relay"}:
                    self.cluster.env_for(name).update(self._clock(name))
                    self.cluster.restart(name)
        if PROXY in self.needs:
            self._put_proxy_before("web-1")

    def _clock(self, name: str) -> dict[str, str]:
        library = faketime()
        assert library is not None, "libfaketime is not installed"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clock_file(name).write_text("+0\n")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.clock_file(name)),
            "FAKETIME_CACHE_DURATION": "1",
            # A clock that is set does not change what the monotonic one says.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def _put_proxy_before(self, name: str) -> None:
        before = self.folder / "proxy"
        before.mkdir()
        socket = ".s.PGSQL.5432"
        self._run(
            "proxy",
            "tests.faults.campaign.proxy",
            str(before / socket),
            str(self.postgres.socket / socket),
            str(self.folder / "lose-answers"),
        )
        self.cluster.env_for(name)["DATABASE_URL"] = self.postgres.url(through=before)
        self.cluster.restart(name)

    def _move_wal_to_a_small_disk(self) -> None:
        self.small_disk.mkdir()
        size = f"size={SMALL_DISK_BYTES}"
        subprocess.run([*SMALL_MOUNT, size, "none", self.small_disk], check=True)
        wal = self.folder / "pg" / "pg_wal"
        there = self.small_disk / "pg_wal"
        shutil.copytree(wal, there)
        shutil.rmtree(wal)
        wal.symlink_to(there)
        self.postgres.settings |= {"max_wal_size": "96MB", "min_wal_size": "32MB"}

    def _run(self, name: str, module: str, *arguments: str) -> None:
        env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.others[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd="/",
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
