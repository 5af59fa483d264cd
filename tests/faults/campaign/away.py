"""Redis and PostgreSQL that die, hang, fill up, or lie: F3 to F6, F10, F11."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import ClassVar

import psycopg
from redis.exceptions import RedisError

from tests.faults.campaign.fault import Fault
from tests.faults.campaign.ground import (
    DATABASE_CLOCK,
    PROXY,
    SMALL_DISK,
    SMALL_DISK_BYTES,
    SMALL_MOUNT,
    UNMOUNT,
    Ground,
    faketime,
)


class RedisAway(Fault):
    """Redis ends and comes back later."""

    code = "F3"
    what = "Redis stopped"
    is_of_redis = True
    lasts = (8.0, 25.0)
    with_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def inject(self, ground: Ground) -> None:
        """End it."""
        ground.cluster.kill("redis", self.with_signal, stays_down=True)
        self.detail = f"{self.seconds:.0f} s"

    def undo(self, ground: Ground) -> None:
        """Start it."""
        ground.cluster.restart("redis")


class RedisKilled(RedisAway):
    """Redis dies without a goodbye."""

    what = "Redis kill -9"
    with_signal = signal.SIGKILL


class RedisForgets(Fault):
    """Everything in Redis is gone, three times."""

    code = "F3"
    what = "Redis FLUSHALL"
    is_of_redis = True

    def inject(self, ground: Ground) -> None:
        """Empty it."""
        for _ in range(3):
            with suppress(RedisError):
                ground.cluster.redis_cli("FLUSHALL")
            time.sleep(self.random.uniform(0.5, 2.0))


class RedisRefuses(Fault):
    """Redis wants another password, from those too who are connected."""

    code = "F3"
    what = "Redis wrong password"
    is_of_redis = True
    lasts = (8.0, 20.0)

    def inject(self, ground: Ground) -> None:
        """Change the password and hang up on everybody."""
        self.right = ground.cluster.redis_url()
        secret = (ground.cluster.folder / "redis" / "password").read_text()
        self.wrong = self.right.replace(secret, "another")
        ground.cluster.redis_cli("CONFIG", "SET", "requirepass", "another")
        self.secret = secret
        self._say("CLIENT", "KILL", "TYPE", "normal")
        self.detail = f"{self.seconds:.0f} s"

    def undo(self, ground: Ground) -> None:  # noqa: ARG002
        """Take the old one again."""
        self._say("CONFIG", "SET", "requirepass", self.secret)

    def _say(self, *arguments: str) -> None:
        from tirek.tasks.broker import say  # noqa: PLC0415 - beside the cluster's own password

        with suppress(RedisError):
            say(self.wrong, *arguments)


class RedisHangs(Fault):
    """Redis takes connections and says nothing (`DEBUG SLEEP`, here by SIGSTOP)."""

    code = "F3"
    what = "Redis hangs"
    is_of_redis = True
    lasts = (8.0, 30.0)

    def inject(self, ground: Ground) -> None:
        """Stop it where it stands."""
        ground.cluster.pause("redis")
        self.detail = f"{self.seconds:.0f} s"

    def undo(self, ground: Ground) -> None:
        """Let it go on."""
        ground.cluster.resume("redis")


class RedisFull(Fault):
    """Redis refuses every write: full, and not allowed to forget anything."""

    code = "F4"
    what = "Redis full (noeviction)"
    is_of_redis = True
    lasts = (8.0, 20.0)

    def inject(self, ground: Ground) -> None:
        """Allow it less than it has."""
        ground.cluster.redis_cli("CONFIG", "SET", "maxmemory", "1mb")
        self.detail = f"{self.seconds:.0f} s"

    def undo(self, ground: Ground) -> None:
        """Allow it what deploy/redis.conf says."""
        ground.cluster.redis_cli("CONFIG", "SET", "maxmemory", "256mb")


class RedisEvicts(Fault):
    """The policy under which Redis throws messages away: who starts now must refuse it."""

    code = "F4"
    what = "Redis policy allkeys-lru"
    is_of_redis = True
    lasts = (6.0, 10.0)
    before = 0

    def inject(self, ground: Ground) -> None:
        """Set it, and kill a worker, which then has to start under it."""
        ground.cluster.redis_cli("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        self.before = len(self._log(ground))
        ground.cluster.kill("worker-1")

    def undo(self, ground: Ground) -> None:
        """Set it back; the supervisor's next try succeeds."""
        # A busy machine takes its time to start a process; one that started never says it refused.
        deadline = time.monotonic() + 60
        while "maxmemory-policy" not in self._log(ground)[self.before :]:
            if time.monotonic() > deadline:
                self.complaints.append("a worker did not refuse allkeys-lru")
                break
            time.sleep(0.2)
        ground.cluster.redis_cli("CONFIG", "SET", "maxmemory-policy", "noeviction")

    @staticmethod
    def _log(ground: Ground) -> str:
        return ground.cluster.log("worker-1").read_text(errors="replace")


class PostgresCrash(Fault):
    """The database dies (immediate shutdown or kill -9), and is back a moment later."""

    code = "F5"
    what = "PostgreSQL crash restart"
    times: ClassVar[int] = 1

    def inject(self, ground: Ground) -> None:
        """Kill and start it."""
        said = []
        for _ in range(self.times):
            number = self.random.choice([signal.SIGQUIT, signal.SIGKILL])
            down = self.random.uniform(0.2, 4.0)
            ground.postgres.kill(number)
            time.sleep(down)
            ground.postgres.start()
            said.append(f"{number.name} {down:.1f} s")
            time.sleep(self.random.uniform(1.0, 3.0))
        self.detail = ", ".join(said)


class PostgresCrashes(PostgresCrash):
    """Six times in a row."""

    what = "PostgreSQL crash restart x6"
    times = 6


class PostgresHangs(Fault):
    """The database lives and says nothing."""

    code = "F5"
    what = "PostgreSQL SIGSTOP"
    lasts = (8.0, 20.0)

    def inject(self, ground: Ground) -> None:
        """Stop all of it."""
        ground.postgres.freeze()
        self.detail = f"{self.seconds:.0f} s"

    def undo(self, ground: Ground) -> None:
        """Let it go on."""
        ground.postgres.thaw()


class BackendsTerminated(Fault):
    """Every connection is ended, again and again."""

    code = "F5"
    what = "pg_terminate_backend of all"

    def inject(self, ground: Ground) -> None:
        """End all, five times."""
        ended = 0
        for _ in range(5):
            with suppress(psycopg.Error):
                ended += ground.postgres.terminate_backends()
            time.sleep(self.random.uniform(0.3, 1.0))
        self.detail = f"{ended} ended"


class NoConnectionsLeft(Fault):
    """max_connections is reached, and nobody who was connected still is."""

    code = "F5"
    what = "max_connections reached"
    lasts = (5.0, 10.0)

    def inject(self, ground: Ground) -> None:
        """Take every connection that becomes free."""
        self.held = ExitStack()
        number = 0
        for _ in range(3):
            with suppress(psycopg.Error):
                ground.postgres.terminate_backends()
            with suppress(psycopg.Error):
                while True:
                    self.held.enter_context(ground.postgres.connect())
                    number += 1
        self.detail = f"{number} held, {self.seconds:.0f} s"

    def undo(self, ground: Ground) -> None:  # noqa: ARG002
        """Let them go."""
        with suppress(psycopg.Error):
            self.held.close()


class LostCommit(Fault):
    """The answer to COMMIT is lost on the way: the web cannot know what became of it."""

    code = "F6"
    what = "lost COMMIT answer"
    needs = frozenset({PROXY})
    lasts = (2.0, 5.0)

    def inject(self, ground: Ground) -> None:
        """Cut the line after every COMMIT."""
        (ground.folder / "lose-answers").touch()

    def undo(self, ground: Ground) -> None:
        """Let answers through; say how many were lost."""
        (ground.folder / "lose-answers").unlink(missing_ok=True)
        cuts = ground.folder / "lose-answers.cuts"
        lost = len(cuts.read_text().splitlines()) if cuts.exists() else 0
        self.detail = f"{lost} answers lost so far"
        if not lost:
            self.in_vain = "no answer was lost"


class DatabaseClock(Fault):
    """The database's own clock is set back by ten minutes, or ahead."""

    code = "F10"
    what = "clock step of the database"
    needs = frozenset({DATABASE_CLOCK})
    lasts = (8.0, 15.0)

    @classmethod
    def cannot_run(cls) -> str | None:
        """Clocks are moved by libfaketime."""
        return None if faketime() else "libfaketime is not installed"

    def inject(self, ground: Ground) -> None:
        """Step."""
        step = self.random.choice(["-10m", "-10m", "+30s"])
        ground.clock_file("postgres").write_text(step + "\n")
        self.detail = f"{step} for {self.seconds:.0f} s"

    def undo(self, ground: Ground) -> None:
        """Step back, as NTP would."""
        ground.clock_file("postgres").write_text("+0\n")


class DiskFull(Fault):
    """The disk of the write-ahead log is full: the database stops, and comes back when it can."""

    code = "F11"
    what = "disk full (WAL)"
    needs = frozenset({SMALL_DISK})
    lasts = (5.0, 10.0)

    @classmethod
    def cannot_run(cls) -> str | None:
        """A disk that is small enough must be mounted."""
        if shutil.which("mount") is None or os.geteuid() != 0:
            return "this account may not mount a small disk"
        with tempfile.TemporaryDirectory() as folder:
            tried = subprocess.run(
                [*SMALL_MOUNT, "size=1m", "none", folder],
                check=False,
                capture_output=True,
            )
            if tried.returncode != 0:
                return "this machine lets nobody mount a small disk"
            subprocess.run([*UNMOUNT, folder], check=False)
        return None

    def inject(self, ground: Ground) -> None:
        """Fill what is free, and write until nothing fits."""
        ballast = self._ballast(ground)
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            for _ in range(SMALL_DISK_BYTES // 65_536):
                file.write(b"\0" * 65_536)
        with suppress(psycopg.Error), ground.owner() as connection:
            # The segments it keeps in advance are used up.
            connection.execute("CREATE TABLE IF NOT EXISTS campaign_filler (body text)")
            connection.execute(
                "INSERT INTO campaign_filler SELECT repeat(md5(n::text), 40)"
                " FROM generate_series(1, 200000) n"
            )
        self.was_up = ground.postgres.is_up()
        self.detail = f"{self.seconds:.0f} s; database {'up' if self.was_up else 'down'}"

    def undo(self, ground: Ground) -> None:
        """Make room; a database that has given up is started, as its supervisor would."""
        self._ballast(ground).unlink(missing_ok=True)
        deadline = time.monotonic() + 30
        while not ground.postgres.is_up() and time.monotonic() < deadline:
            process = ground.postgres.process
            if process is None or process.poll() is not None:
                ground.postgres.start()
            time.sleep(0.2)

    @staticmethod
    def _ballast(ground: Ground) -> Path:
        return ground.small_disk / "ballast"
