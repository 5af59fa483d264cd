"""What a process that does things later has at hand: database, gateways, catalog, keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from tirek.catalog.library import Catalog
from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.services import heartbeats
from tirek.services.relay import Due, find_due
from tirek.services.unit import Unit
from tirek.storage.session import open_session
from tirek.storage.vault import Vault
from tirek.tasks.audit import AuditSealer
from tirek.tasks.relay import Relay


@dataclass(frozen=True, slots=True)
class Workbench:
    """One for each process; its engine must not be shared over a fork."""

    relay: Relay
    catalog: Catalog
    vault: Vault
    sealer: AuditSealer

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One piece of work of the system itself: one transaction over all rows."""
        with self._session() as session:
            yield Unit(session, self.catalog, self.vault, SYSTEM)

    def due(self, limit: int, *, is_stuck_too: bool = False) -> list[Due]:
        """Messages that wait to be taken."""
        with self._session() as session:
            return find_due(session, limit, is_stuck_too=is_stuck_too)

    def heartbeat(self, *names: str, count: int = 0) -> None:
        """Write down that these loops have just worked."""
        with self._session() as session:
            for name in names:
                heartbeats.record(session, name, count)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with open_session(self.relay.engine, Scope.system()) as session, session.begin():
            yield session
