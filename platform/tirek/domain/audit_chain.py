"""The hash chain over audit entries: what of an entry is hashed, and how links follow each other.

    hash(0) = SHA-256("tirek audit " + school year)
    hash(n) = SHA-256(hash(n - 1) + line(n))

A line is UTF-8 JSON without white space: the entry's fields in the order of `FIELDS`, letters
outside ASCII as they are. Anybody who has entries and links can check them with these two lines and
nothing of ours.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

# As text in the database's own words; `created_at` in UTC with six digits after the second.
FIELDS = (
    "school_year",
    "id",
    "txid",
    "created_at",
    "action",
    "entity",
    "entity_id",
    "outcome",
    "account_id",
    "role",
    "student_id",
    "school_id",
)
HEAD_VERSION = "tirek audit head 1"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def line(values: Sequence[str | int | None]) -> bytes:
    """The bytes that stand for an entry; `values` are those of `FIELDS`."""
    return _encode(values).encode()


def genesis(school_year: int) -> bytes:
    """What the first entry of a school year is linked to."""
    return sha256(f"tirek audit {school_year}".encode()).digest()


def link(prev_hash: bytes, values: Sequence[str | int | None]) -> bytes:
    """The hash of an entry that follows `prev_hash`."""
    return sha256(prev_hash + line(values)).digest()


def head_line(school_year: int, seq: int, chain_hash: bytes, taken_at: datetime) -> bytes:
    """The bytes that are signed when a chain of `seq` links ends in `chain_hash`."""
    return _encode([HEAD_VERSION, school_year, seq, chain_hash.hex(), stamp(taken_at)]).encode()


def stamp(moment: datetime) -> str:
    """A moment as entries and heads write it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
