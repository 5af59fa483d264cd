"""Seals audit entries and lays signed heads of their chains down; two of these may run at once."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tirek.domain.scope import Scope
from tirek.services import audit_chain, audit_heads
from tirek.services.audit_heads import Head, HeadError, Signer, heads
from tirek.storage.session import open_session

# A relay has messages to deliver in between: what has gathered beyond this is for the next sweep.
BATCHES = 10

log = logging.getLogger(__name__)


@dataclass(slots=True)
class AuditSealer:
    """One sealer: its database, its key, and the file that other hosts fetch."""

    engine: Engine
    signer: Signer
    heads_file: Path
    batch: int = audit_chain.BATCH
    # Heads that another host's sealer took are laid down here too.
    _published: datetime | None = field(default=None, init=False)

    def sweep(self, *, is_due_now: bool = False) -> int:
        """Seal what has settled, sign what is due, and say how many entries were sealed."""
        sealed = 0
        for _ in range(BATCHES):
            with self._session() as session:
                linked = audit_chain.seal(session, self.batch)
            sealed += linked
            if linked < self.batch:
                break
        with self._session() as session:
            taken = audit_heads.take(session, self.signer, is_due_now=is_due_now)
            newest = audit_heads.newest(session)
        for head in taken:
            # The log goes elsewhere too, so it is a second place where a head is kept.
            log.info("audit head %s", head.line())
        if newest != self._published:
            try:
                self.publish()
            except (OSError, HeadError) as error:
                # Sealing goes on; the heads stay in the database and are tried again.
                log.error("%s: heads cannot be laid down: %s", self.heads_file, error)  # noqa: TRY400
            else:
                self._published = newest
        return sealed

    def publish(self) -> int:
        """Add to the file every head that it does not hold yet, and say how many."""
        with _alone(self.heads_file) as file:
            newest = max((head.taken_at for head in file.heads), default=None)
            with self._session() as session:
                found = [head for head in heads(session, newest) if head not in file.heads]
            file.append(found)
        return len(found)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """One transaction over all rows, given back to the pool at its end."""
        with open_session(self.engine, Scope.system()) as session, session.begin():
            yield session


@dataclass(frozen=True, slots=True)
class _HeadsFile:
    """The open file, and what whole lines it held."""

    descriptor: int
    heads: list[Head]

    def append(self, heads: list[Head]) -> None:
        if heads:
            lines = "".join(f"{head.line()}\n" for head in heads)
            os.write(self.descriptor, lines.encode())
            os.fsync(self.descriptor)


@contextmanager
def _alone(path: Path) -> Iterator[_HeadsFile]:
    """Let one process of a host at a time lengthen the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        said = path.read_bytes()
        whole = said.rfind(b"\n") + 1
        # What a crash left of a line was never a head; it is written again, whole.
        os.ftruncate(descriptor, whole)
        yield _HeadsFile(descriptor, audit_heads.read_all(said[:whole].decode().splitlines()))
    finally:
        os.close(descriptor)
