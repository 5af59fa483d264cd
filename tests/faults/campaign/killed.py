"""Processes that die, freeze, starve, or are replaced under load: F1, F2, F16, F19, F21."""

import os
import re
import resource
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from urllib.request import urlopen

import psycopg

from tests.faults.campaign.fault import Fault
from tests.faults.campaign.ground import Ground
from tests.faults.campaign.postgres import _children
from tirek.domain.watch import longest_silence

AGE = re.compile(r'^tirek_sweep_age_seconds\{[a-z]+="([^"]+)"\} (\S+)$', re.MULTILINE)
PIDS = Path("/sys/fs/cgroup/pids")


class KillPart(Fault):
    """kill -9 of all processes of a part, at any moment."""

    code = "F1"
    what = "kill -9"
    parts: ClassVar[tuple[str, ...]] = ()

    def inject(self, ground: Ground) -> None:
        """Kill one of them."""
        there = [name for name in ground.cluster.names() if name.partition("-")[0] in self.parts]
        if not there:
            self.detail = "none of them here"
            return
        name = self.random.choice(there)
        self.detail = name
        ground.cluster.kill(name)


class KillWeb(KillPart):
    """A web server with its master."""

    what = "kill -9 web"
    parts = ("web",)


class KillWorker(KillPart):
    """A Celery worker with its pool."""

    what = "kill -9 worker"
    parts = ("worker",)


class KillRelay(KillPart):
    """The relay."""

    what = "kill -9 relay"
    parts = ("relay",)


class KillBeat(KillPart):
    """Beat."""

    what = "kill -9 beat"
    parts = ("beat",)


class KillNginx(KillPart):
    """What stands before the webs."""

    what = "kill -9 nginx"
    parts = ("nginx",)


class KillChildren(Fault):
    """kill -9 of web workers and of pool processes under masters that live on, several times."""

    code = "F1"
    what = "kill -9 children of web and worker"

    def inject(self, ground: Ground) -> None:
        """Kill a child of each, three times."""
        killed = 0
        for _ in range(3):
            for name in ground.cluster.names():
                pid = ground.cluster.pid(name)
                if name.partition("-")[0] in {"web", "worker"} and pid is not None:
                    children = _children(pid)
                    if children:
                        with suppress(ProcessLookupError):
                            os.kill(self.random.choice(children), signal.SIGKILL)
                            killed += 1
            time.sleep(self.random.uniform(0.5, 1.5))
        self.detail = f"{killed} killed"


class KillAtCommit(Fault):
    """kill -9 of a web between COMMIT and answer, several times."""

    code = "F2"
    what = "kill -9 between COMMIT and answer"
    times = 5

    def inject(self, ground: Ground) -> None:
        """Put the failpoint there again and again; each is taken by one request."""
        taken = 0
        for _ in range(self.times):
            ground.failpoint.touch()
            deadline = time.monotonic() + 5
            while ground.failpoint.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            taken += not ground.failpoint.exists()
            time.sleep(self.random.uniform(0.2, 0.8))
        self.detail = f"{taken} of {self.times} deaths"
        if not taken:
            self.in_vain = "nobody came past the failpoint"

    def undo(self, ground: Ground) -> None:
        """Nobody else shall die of it."""
        ground.failpoint.unlink(missing_ok=True)


class RollingRestart(Fault):
    """A deployment under load: a migration that must not wait for locks, then part by part."""

    code = "F16"
    what = "rolling restart with a migration"

    def inject(self, ground: Ground) -> None:
        """Add a column with lock_timeout and retries, then restart part by part."""
        tries = _migrate(ground, "ALTER TABLE administrations ADD COLUMN campaign_note text")
        for name in ground.cluster.names():
            if name.partition("-")[0] in {"web", "worker", "beat", "relay"}:
                ground.cluster.restart(name)
        self.detail = f"migration in {tries} tries"

    def undo(self, ground: Ground) -> None:
        """Take the column away."""
        _migrate(ground, "ALTER TABLE administrations DROP COLUMN IF EXISTS campaign_note")


def _migrate(ground: Ground, statement: str) -> int:
    """Try until the lock is had; each try holds others up for a fifth of a second at most."""
    for number in range(1, 200):
        try:
            with ground.owner() as connection:
                connection.execute("SET lock_timeout = '200ms'")
                connection.execute(statement)  # type: ignore[arg-type]
        except psycopg.OperationalError:
            time.sleep(1.0)
        else:
            return number
    raise AssertionError(statement)


class SqueezeMemory(Fault):
    """No more memory for a web and a worker: every larger request for it fails."""

    code = "F19"
    what = "no memory (RLIMIT_AS)"
    lasts = (6.0, 12.0)
    spare = 4 * 1024 * 1024

    def inject(self, ground: Ground) -> None:
        """Limit living processes to what they have, and a little."""
        self.pids: list[int] = []
        for name in ("web-1", "worker-1"):
            if name in ground.cluster.names() and (pid := ground.cluster.pid(name)) is not None:
                self.pids += [pid, *_children(pid)]
        for pid in self.pids:
            with suppress(OSError, ValueError):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
                size = pages * resource.getpagesize() + self.spare
                resource.prlimit(pid, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
        self.detail = f"{len(self.pids)} processes"

    def undo(self, ground: Ground) -> None:  # noqa: ARG002
        """Give memory back."""
        for pid in self.pids:
            with suppress(OSError):
                unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                resource.prlimit(pid, resource.RLIMIT_AS, unlimited)


class NoForks(Fault):
    """No process may be started: what is killed meanwhile cannot come back."""

    code = "F19"
    what = "fork fails (cgroup pids)"
    lasts = (6.0, 12.0)

    @classmethod
    def cannot_run(cls) -> str | None:
        """Only who may make cgroups of the first version can have it."""
        if not (PIDS / "cgroup.procs").exists() or not os.access(PIDS, os.W_OK):
            return "no pids controller of cgroups v1 that this account may write"
        return None

    def inject(self, ground: Ground) -> None:
        """Put the webs into a group that is full, and kill a child of each."""
        self.group = PIDS / f"tirek-{os.getpid()}-{self.random.randrange(10**6)}"
        self.group.mkdir()
        pids = []
        for name in ground.cluster.names():
            pid = ground.cluster.pid(name)
            if name.startswith("web") and pid is not None:
                pids += [pid, *_children(pid)]
        for pid in pids:
            with suppress(OSError):
                (self.group / "cgroup.procs").write_text(str(pid))
        (self.group / "pids.max").write_text("1")
        for name in ("web-1", "web-2"):
            pid = ground.cluster.pid(name)
            if pid is not None:
                for child in _children(pid):
                    os.kill(child, signal.SIGKILL)
        self.detail = f"{len(pids)} processes, their children killed"

    def undo(self, ground: Ground) -> None:  # noqa: ARG002
        """Let processes be made again."""
        (self.group / "pids.max").write_text("max")
        for pid in (self.group / "cgroup.procs").read_text().split():
            with suppress(OSError):
                (PIDS / "cgroup.procs").write_text(pid)
        with suppress(OSError):
            self.group.rmdir()


class Freeze(Fault):
    """Alive, but idle: a worker or the relay stands still and holds what it holds."""

    code = "F21"
    what = "SIGSTOP a worker and the relay"
    lasts = (10.0, 25.0)

    def inject(self, ground: Ground) -> None:
        """Stop them where they stand."""
        kinds = {"worker": [], "relay": []}  # type: dict[str, list[str]]
        for name in ground.cluster.names():
            kinds.get(name.partition("-")[0], []).append(name)
        self.names = [self.random.choice(names) for names in kinds.values() if names]
        for name in self.names:
            ground.cluster.pause(name)
        self.detail = " and ".join(self.names)

    def undo(self, ground: Ground) -> None:
        """Let them go on."""
        for name in self.names:
            ground.cluster.resume(name)


class Silence(Freeze):
    """Idle for so long that whoever reads /metrics must see it within two minutes."""

    what = "silence is an alarm within 2 min"
    lasts = (124.0, 126.0)

    def undo(self, ground: Ground) -> None:
        """Read what an outside watch would, then let them go on."""
        ages = _ages(ground)
        silent = sorted(name for name, age in ages.items() if age > longest_silence(name))
        # Loops are named after what they do: `relay.outbox`, `worker.worker-1`.
        kinds = tuple(f"{name.partition('-')[0]}." for name in self.names)
        if not any(one.startswith(kinds) for one in silent):
            self.complaints.append(f"nobody would notice {self.detail}: {ages}")
        self.detail += f"; silent: {', '.join(silent)}"
        super().undo(ground)


def _ages(ground: Ground) -> dict[str, float]:
    """Seconds since each loop last worked, as /metrics has them."""
    with urlopen(f"http://127.0.0.1:{ground.cluster.web_ports[0]}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {name: float(age) for name, age in AGE.findall(text)}
