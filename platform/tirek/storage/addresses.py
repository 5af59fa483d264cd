"""Addresses of databases, as operators write them."""

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


class AddressError(Exception):
    """DATABASE_URL names no PostgreSQL database."""


def postgresql(url: str) -> str:
    """The same address with our driver; hosting services write postgres:// or postgresql://."""
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    except ArgumentError:
        raise AddressError("DATABASE_URL cannot be read.") from None
    if parsed.get_backend_name() != "postgresql":
        raise AddressError("DATABASE_URL must name a PostgreSQL database; nothing else will do.")
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
