"""Canonical JSON and the hashes that pin answers and scores to what was asked.

RFC 8785: keys sorted by UTF-16 code units, no white space, shortest escapes. Numbers are integers
or plain decimals of at most 15 digits, for which "as written, without trailing zeros" and the
RFC's shortest form are the same text.
"""

import json
from decimal import Decimal
from hashlib import sha256

from tirek.catalog.yaml_subset import SMALLEST, Data


def canonical(data: Data) -> str:
    """Return the one text that stands for these values."""
    match data:
        case dict():
            keys = sorted(data, key=lambda key: key.encode("utf-16-be"))
            return "{" + ",".join(f"{_text(key)}:{canonical(data[key])}" for key in keys) + "}"
        case list():
            return "[" + ",".join(map(canonical, data)) + "]"
        case Decimal():
            return _decimal(data)
        case _:
            return _text(data)


def content_hash(data: Data) -> str:
    """Return the sha256 of the canonical text, in hexadecimal."""
    return sha256(canonical(data).encode()).hexdigest()


def release_hash(parts: list[str]) -> str:
    """Return the sha256 of the sorted part hashes, one a line."""
    return sha256("\n".join(sorted(parts)).encode()).hexdigest()


def _text(value: str | int | bool | None) -> str:  # noqa: FBT001 (a JSON value, not a switch)
    return json.dumps(value, ensure_ascii=False)


def _decimal(value: Decimal) -> str:
    if value == value.to_integral_value():
        return str(int(value))
    if abs(value) < SMALLEST:
        raise ValueError(f"{value} is too small to be written without an exponent")
    return f"{value.normalize():f}"
