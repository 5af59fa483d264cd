"""Alembic's entry: it is given a connection and the tables, and asks nothing of the environment."""

from typing import Any

from alembic import context

from tirek.storage.migrate import is_ours
from tirek.storage.models import Region

connection: Any = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Region.metadata,
    include_object=is_ours,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
