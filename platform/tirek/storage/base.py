"""What all tables share: the declarative base, constraint names and column types."""

from datetime import datetime
from enum import StrEnum
from typing import Any, dataclass_transform

from sqlalchemy import BigInteger, CheckConstraint, DateTime, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, mapped_column

# Named constraints let a migration change or drop each one by name.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# The database clock: no web server decides when something happened.
NOW = func.now()


# Tells type checkers what `kw_only=True` below already does at run time for every table.
@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column,))
class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, repr=False):
    """Every table of Tirek; times are aware UTC."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this class attribute
        str: Text(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        int: BigInteger(),
    }


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """A check that `column` holds one of the words of an enum."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
