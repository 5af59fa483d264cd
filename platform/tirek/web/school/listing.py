"""What a list's address asks for: search, filters, order and page, each one of a few words."""

from collections.abc import Collection
from uuid import UUID

from flask import request

LONGEST_SEARCH = 40


def searched() -> str:
    """The piece of a school code that is looked for."""
    return request.args.get("q", "").strip()[:LONGEST_SEARCH]


def one_of(name: str, allowed: Collection[str], default: str) -> str:
    """A filter's or an order's word; anything unknown is the default."""
    asked = request.args.get(name, default)
    return asked if asked in allowed else default


def id_of(name: str) -> UUID | None:
    """An id in the address, None when there is none or it cannot be one."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def page_number() -> int:
    """The page that is asked for, from 1 on."""
    asked = request.args.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() else 1
