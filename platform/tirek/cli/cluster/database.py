"""The cluster's PostgreSQL: an embedded one in its folder, unless DATABASE_URL names another."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from tirek.cli.database import sentences
from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.storage import embedded

GONE_SECONDS = 30.0


class ClusterDatabase:
    """Where the data is; an embedded one can be killed, paused and started again."""

    def __init__(self, var_dir: Path, env: Mapping[str, str]) -> None:
        self._var_dir = var_dir
        self._given = env
        self._server: embedded.EmbeddedServer | None = None
        self._was_started_here = False

    def start(self) -> None:
        """Have it run; does nothing for a database that somebody else looks after."""
        if self._given.get("DATABASE_URL"):
            return
        config = Config.from_env({**self._given, "TIREK_VAR": str(self._var_dir)})
        self._was_started_here |= self.pid() is None
        with sentences():
            self._server = embedded.start(
                self._var_dir, durable=config.durable, bin_dir=config.pg_bin
            )

    def stop(self) -> None:
        """End it in good order if it was started here."""
        if self._server is not None and self._was_started_here:
            self.signal_all(signal.SIGCONT)
            self._server.stop()

    def env(self) -> dict[str, str]:
        """Where processes find it, and the keys that belong to its data."""
        if self._server is None:
            return {}
        keys = self._given.get("TIREK_KEYS_FILE") or str(self._var_dir / "keys.json")
        return {"DATABASE_URL": self._server.url(), "TIREK_KEYS_FILE": keys}

    def url(self) -> str:
        """Its address for SQLAlchemy."""
        return self._server.url() if self._server else self._given["DATABASE_URL"]

    def pid(self) -> int | None:
        """The postmaster; None when it does not run, or is not ours to know."""
        try:
            noted = (self._var_dir / "pg" / "postmaster.pid").read_text().splitlines()[0]
            words = Path(f"/proc/{noted}/cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            return None
        is_ours = words[0].endswith(b"postgres") and os.fsencode(self._var_dir / "pg") in words
        return int(noted) if is_ours else None

    def kill(self, number: signal.Signals) -> None:
        """Send a signal that ends the postmaster, and wait until it is gone."""
        pid = self.pid()
        if pid is None:
            raise CommandError("No PostgreSQL of this cluster runs, so none can be ended.")
        os.kill(pid, number)
        deadline = time.monotonic() + GONE_SECONDS
        while self.pid() == pid:
            if time.monotonic() > deadline:
                raise CommandError(f"PostgreSQL ({pid}) does not end.")
            time.sleep(0.01)

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to the postmaster and to each of its children, which lead own groups."""
        pid = self.pid()
        if pid is not None:
            for each in (pid, *_children(pid)):
                with suppress(ProcessLookupError):
                    os.kill(each, number)


def _children(parent: int) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent:
                    yield int(folder.name)
