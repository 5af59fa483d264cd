"""What a file from outside may do to us: nothing but be read, or be refused in a sentence."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NoReturn

# The largest questionnaire we know of (MDS 3.0 in lforms) takes 1.1 MB.
MAX_BYTES = 8_000_000
MAX_DEPTH = 60
MAX_DIGITS = 40


class ExchangeError(Exception):
    """A foreign file cannot be read, or ours cannot be written; says where and why."""

    def __init__(self, place: str, reason: str) -> None:
        """Keep the place and the reason apart, for those who print or test them."""
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a file says and the import did not take as it stands."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def read_text(content: bytes) -> str:
    """Return the file's text; raise ExchangeError when it is too large or not UTF-8."""
    if len(content) > MAX_BYTES:
        raise ExchangeError("the file", f"is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ExchangeError(f"line {line}", "is not UTF-8") from None


def read_json(content: bytes) -> object:
    """Return the JSON value with exact decimals; raise ExchangeError with the place."""
    text = read_text(content)
    _check_depth(text)
    try:
        value: object = json.loads(
            text, parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_once
        )
    except json.JSONDecodeError as error:
        raise ExchangeError(f"line {error.lineno}", f"is not JSON: {error.msg}") from None
    except ValueError:
        raise ExchangeError("the file", "holds a number of too many digits") from None
    for found in _texts(value):
        if any("\ud800" <= letter <= "\udfff" for letter in found):
            raise ExchangeError("the file", "holds half of a character (a lone surrogate)")
    return value


def read_object(content: bytes, resource_type: str) -> Mapping[str, object]:
    """Return the one FHIR resource of a file; raise ExchangeError when it is something else."""
    value = read_json(content)
    if not isinstance(value, dict):
        raise ExchangeError("the file", f"must hold one {resource_type}")
    found = value.get("resourceType")
    if found != resource_type:
        raise ExchangeError("resourceType", f"must be {resource_type}, not {_short(found)}")
    return value


def objects(value: object, place: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the objects of a list with their places; what is no list of objects is refused."""
    if value is None:
        return
    if not isinstance(value, list):
        raise ExchangeError(place, "must be a list")
    for index, each in enumerate(value):
        here = f"{place}[{index}]"
        if not isinstance(each, dict):
            raise ExchangeError(here, "must be an object")
        yield here, each


def text_of(value: object, place: str) -> str:
    """Return a text that is not empty, or raise ExchangeError."""
    if not isinstance(value, str) or not value.strip():
        raise ExchangeError(place, "must be a text")
    return value


def extensions(element: Mapping[str, object], *urls: str) -> Iterator[Mapping[str, object]]:
    """Yield the extensions of an element that bear one of these names; others are passed over."""
    found = element.get("extension")
    for each in found if isinstance(found, list) else []:
        if isinstance(each, dict) and each.get("url") in urls:
            yield each


def value_of(element: Mapping[str, object]) -> tuple[str, object] | None:
    """Return the name and the content of an element's value[x], None where it has none."""
    for name, value in element.items():
        if name.startswith("value") and name != "value":
            return name, value
    return None


def _short(value: object) -> str:
    return repr(value)[:60]


def _decimal(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ExchangeError("the file", f"{text[:MAX_DIGITS]} is no number") from None
    if len(found.as_tuple().digits) > MAX_DIGITS or abs(found.adjusted()) > MAX_DIGITS:
        raise ExchangeError("the file", "holds a number of too many digits")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ExchangeError("the file", f"{name} is no JSON number")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name that stands twice in an object: which one counts would be chance."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ExchangeError("the file", f"{_short(twice)} stands twice in one object")
    return found


def _check_depth(text: str) -> None:
    """Refuse what is nested too deep before a parser walks into it."""
    depth, in_text, escaped = 0, False, False
    for letter in text:
        if in_text:
            in_text = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            in_text = True
        elif letter in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ExchangeError("the file", f"is nested deeper than {MAX_DEPTH} levels")
        elif letter in "]}":
            depth -= 1


def _texts(value: object) -> Iterator[str]:
    """Yield every text inside a value, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
