"""One process of the cluster: started, watched, and ended together with all it started itself."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

# As in deploy/systemd: at once after a death, slower for one that dies over and over.
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
HEALTHY_SECONDS = 5.0
STOP_SECONDS = 20.0


@dataclass
class Child:
    """A process in a group and a session of its own, with a log of its own."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str]
    # Laid over `env` at the next start: a failpoint, another clock.
    overrides: dict[str, str] = field(default_factory=dict)
    starts: int = 0
    # False: ended on purpose, so nobody starts it again.
    is_wanted: bool = False
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _seen_dead: float = -1.0
    _pause: float = SHORTEST_PAUSE
    _said_before: int = 0

    def start(self) -> None:
        """Start it, unless it runs."""
        self.is_wanted = True
        if self.is_alive():
            return
        with self.log.open("ab") as log:
            self._said_before = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own programs and arguments
                self.command,
                cwd="/",
                env={**self.env, **self.overrides},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started = time.monotonic()
        self.starts += 1

    def is_alive(self) -> bool:
        """Whether its first process lives."""
        return self._process is not None and self._process.poll() is None

    def pid(self) -> int | None:
        """The number of its first process, which is that of its group too."""
        return self._process.pid if self._process is not None and self.is_alive() else None

    def said(self) -> str:
        """What it has written since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._said_before)
            return log.read().decode(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to every process of the group at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self, number: signal.Signals) -> None:
        """Send what ends the group, and wait for the end of the first process."""
        self.send(number)
        if self._process is not None:
            self._process.wait(STOP_SECONDS)

    def ask_to_stop(self) -> None:
        """Tell the first process alone to finish what it is about; it tells its own."""
        self.is_wanted = False
        if self._process is not None and self.is_alive():
            self._process.terminate()
            # One that is paused would never read it.
            self.send(signal.SIGCONT)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask it to stop; end what has not ended by then, and whatever it left behind."""
        self.ask_to_stop()
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            self.kill(signal.SIGKILL)

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; return its exit code, or None when it goes on."""
        self.is_wanted = False
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds) if self._process is not None else None
        return None

    def keep(self) -> bool:
        """Start it again if it died; the more often it dies at once, the later."""
        if not self.is_wanted or self.is_alive():
            return False
        if time.monotonic() < self._died() + self._pause:
            return False
        self.start()
        return True

    def _died(self) -> float:
        """When its death was seen first; sets how long the next start waits."""
        if self._seen_dead < self._started:
            self._seen_dead = time.monotonic()
            # Its own children may have outlived it: a port they hold is the next one's.
            self.send(signal.SIGKILL)
            is_healthy = self._seen_dead - self._started > HEALTHY_SECONDS
            self._pause = SHORTEST_PAUSE if is_healthy else min(self._pause * 2, LONGEST_PAUSE)
        return self._seen_dead
