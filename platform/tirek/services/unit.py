"""What one piece of work is given: its transaction, the catalog, the keys, and who acts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tirek.catalog.library import Catalog
from tirek.domain.people import Actor
from tirek.storage.vault import Vault

_NOW = select(func.now())


@dataclass(frozen=True, slots=True)
class Unit:
    """One request or one task: services add to `session`, the caller commits once."""

    session: Session
    catalog: Catalog
    vault: Vault
    actor: Actor

    def now(self) -> datetime:
        """The database's clock at the start of this transaction, aware UTC."""
        return self.session.scalars(_NOW).one()
