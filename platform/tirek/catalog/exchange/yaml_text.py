"""Values as YAML text in the subset that the catalog reads: what is written reads back the same."""

import json
import re
from decimal import Decimal

from tirek.catalog.yaml_subset import Data

KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# Names that some YAML reader takes for a truth value or for nothing.
RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"})
# Lists of few plain values stay on one line, as a person would write them.
SHORT = 88


def yaml_text(data: Data) -> str:
    """Return the values as one YAML document with the keys in their order."""
    return "\n".join(_lines(data, "")) + "\n"


def _lines(data: Data, indent: str) -> list[str]:
    if isinstance(data, dict) and data:
        return [line for key, value in data.items() for line in _entry(key, value, indent)]
    if isinstance(data, list) and data:
        return [line for value in data for line in _item(value, indent)]
    return [indent + _flow(data)]


def _entry(key: str, value: Data, indent: str) -> list[str]:
    name = f"{indent}{_key(key)}:"
    if _is_short(value):
        return [f"{name} {_flow(value)}"]
    return [name, *_lines(value, indent + "  ")]


def _item(value: Data, indent: str) -> list[str]:
    if _is_short(value):
        return [f"{indent}- {_flow(value)}"]
    lines = _lines(value, indent + "  ")
    return [f"{indent}- {lines[0].lstrip()}", *lines[1:]]


def _is_short(value: Data) -> bool:
    if not isinstance(value, dict | list) or not value:
        return True
    inner = list(value.values()) if isinstance(value, dict) else value
    is_flat = not any(isinstance(each, dict) and each for each in inner)
    return is_flat and len(_flow(value)) <= SHORT


def _flow(value: Data) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, str):
        return _quoted(value)
    return json.dumps(value)


def _number(value: Decimal) -> str:
    """Return a decimal with its point, so that it stays one."""
    text = f"{value:f}"
    return text if "." in text else f"{text}.0"


def _key(text: str) -> str:
    is_plain = KEY.fullmatch(text) and text.casefold() not in RESERVED
    return text if is_plain else _quoted(text)


def _quoted(text: str) -> str:
    """Return a double-quoted text; what a YAML reader would fold or refuse is escaped."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else _escaped(each) for each in written)


def _escaped(letter: str) -> str:
    code = ord(letter)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
