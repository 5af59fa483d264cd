"""Bring a database to today's tables, and say whether it is there."""

import re
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, Engine, text

SCRIPTS = Path(__file__).parent / "migrations"
# Partitions belong to their parent table; the models do not name them one by one.
_PARTITION = re.compile(r"_y\d{4}$")
_OWN_TABLES = """
SELECT CAST(CAST(oid AS regclass) AS text) FROM pg_class
WHERE relnamespace = CAST('public' AS regnamespace) AND relkind IN ('r', 'p')
    AND relname <> 'alembic_version'
"""


def is_ours(
    item: Any,
    name: str | None,
    type_: str,
    _reflected: bool,  # noqa: FBT001 - alembic's signature
    _compare_to: object,
) -> bool:
    """Leave partitions, and keys that point at one, out when models and database are compared."""
    if type_ == "table":
        return not (name is not None and _PARTITION.search(name))
    if type_ == "foreign_key_constraint":
        target = item.elements[0].target_fullname.rpartition(".")[0]
        return not _PARTITION.search(target)
    return True


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run all migrations up to `revision`, in one transaction."""
    _run(engine, lambda config: command.upgrade(config, revision))


def downgrade(engine: Engine, revision: str) -> None:
    """Undo migrations down to `revision`."""
    _run(engine, lambda config: command.downgrade(config, revision))


def throw_away(engine: Engine) -> None:
    """Empty every table, whatever its rules say, and undo all migrations: for invented data only.

    Undoing them keeps rows where it can, and refuses what older tables could not have held.
    """
    with engine.begin() as connection:
        tables = connection.scalars(text(_OWN_TABLES)).all()
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        connection.execute(text(f"TRUNCATE {', '.join(tables)}"))
    downgrade(engine, "base")


def check(engine: Engine) -> None:
    """Raise alembic's `CommandError` when models and migrations differ."""
    _run(engine, command.check)


def revise(engine: Engine, message: str, revision: str) -> None:
    """Write a new migration from what the models have and the database lacks."""
    _run(
        engine,
        lambda config: command.revision(
            config, message=message, autogenerate=True, rev_id=revision
        ),
    )


def _run(engine: Engine, step: Any) -> None:
    with engine.begin() as connection:
        step(_config(connection))


def _config(connection: Connection) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
