"""YAML as far as it says the same as JSON, with the line of every value.

No anchors, aliases, tags or second documents; no key twice; a plain scalar is an integer, a
decimal, true, false, null or text, and whatever some YAML reader would take for something else
(`no`, `012`, `2026-11-22`, an empty value) must be quoted. Text is Unicode NFC.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from unicodedata import normalize

import yaml

from tirek.catalog.errors import CatalogError

Plain = str | int | Decimal | bool | None

INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
# Numbers, truth values or nothing to one YAML or another; PyYAML's own table knows the rest.
SURPRISING = re.compile(r"[-+.]?[0-9][0-9_]*\.?[0-9_]*([eE][-+]?[0-9]+)?|[yYnN]")
# More digits than an IEEE double keeps would change on the way through JSON (RFC 8785).
MAX_DIGITS = 15
# From here downwards RFC 8785 writes an exponent, which no instrument needs.
SMALLEST = Decimal("1e-6")
# No file of ours comes near; what is sent in may be nested to break its reader.
MAX_DEPTH = 32
WORDS: dict[str, Plain] = {"true": True, "false": False, "null": None}
YAML_TABLE = yaml.resolver.Resolver()
TEXT_TAG = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value."""

    line: int
    value: Plain


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list of nodes."""

    line: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Named nodes; `key_lines` says where each name stands."""

    line: int
    entries: Mapping[str, "Node"]
    key_lines: Mapping[str, int]


Node = ScalarNode | SequenceNode | MappingNode
Data = Plain | list["Data"] | dict[str, "Data"]


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file."""

    path: Path
    root: Node

    def line(self, *keys: str | int) -> int:
        """Return the line on which the value under these keys stands, as near as they lead."""
        node, line = self.root, self.root.line
        for key in keys:
            match node:
                case MappingNode(_, entries, key_lines) if isinstance(key, str) and key in entries:
                    node, line = entries[key], key_lines[key]
                case SequenceNode(_, items) if isinstance(key, int) and key < len(items):
                    node, line = items[key], items[key].line
                case _:
                    break
        return line

    @property
    def data(self) -> Data:
        """The values alone, as JSON would hold them."""
        return plain(self.root)


def read(path: Path) -> Document:
    """Return the file as nodes; raise CatalogError at the first line that is not in the subset."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CatalogError(path, 1, "the file is missing") from None
    except UnicodeDecodeError as error:
        line = _line_at(error.object, error.start)
        raise CatalogError(path, line, "the file is not UTF-8") from None
    return Document(path, parse(path, text))


def parse(path: Path, text: str) -> Node:
    """Return the text's single document; `path` is only named in errors."""
    try:
        events = list(_events(path, text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise CatalogError(path, line, f"not YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        # libyaml counts bytes of UTF-8.
        line = _line_at(text.encode(), error.position)
        raise CatalogError(path, line, f"not YAML: {error.reason}") from None
    return _Builder(path, iter(events)).document()


def _events(path: Path, text: str) -> Iterator[yaml.Event]:
    """The parser's events; raise CatalogError at the first that is nested too deep."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise CatalogError(path, _line(event), f"nested more than {MAX_DEPTH} deep")
        yield event


def plain(node: Node) -> Data:
    """Return the node's values without their lines."""
    match node:
        case ScalarNode(_, value):
            return value
        case SequenceNode(_, items):
            return [plain(item) for item in items]
        case MappingNode(_, entries):
            return {key: plain(value) for key, value in entries.items()}


class _Builder:
    """Turns the parser's events into nodes, refusing what is outside the subset."""

    def __init__(self, path: Path, events: Iterator[yaml.Event]) -> None:
        self.path = path
        self.events = (event for event in events if not isinstance(event, yaml.StreamStartEvent))

    def document(self) -> Node:
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            raise CatalogError(self.path, 1, "the file is empty")
        if isinstance(start, yaml.DocumentStartEvent) and (start.version or start.tags):
            raise self._error(start, "directives are not allowed")
        node = self._node(next(self.events))
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._error(after, "a second document is not allowed")
        return node

    def _node(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._error(event, "anchors and aliases are not allowed")
        if getattr(event, "tag", None):
            raise self._error(event, "tags are not allowed")
        if isinstance(event, yaml.SequenceStartEvent):
            return SequenceNode(_line(event), tuple(self._items()))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event)
        if isinstance(event, yaml.ScalarEvent):
            return ScalarNode(_line(event), self._value(event))
        raise self._error(event, "not a value")

    def _items(self) -> Iterator[Node]:
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self._node(event)

    def _mapping(self, start: yaml.Event) -> MappingNode:
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in entries:
                raise self._error(event, f"key {key!r} stands here a second time")
            lines[key] = _line(event)
            entries[key] = self._node(next(self.events))
        return MappingNode(_line(start), entries, lines)

    def _key(self, event: yaml.Event) -> str:
        # As a key, `n` or `y` can only be a name.
        if isinstance(event, yaml.ScalarEvent) and event.value in set("yYnN"):
            return str(event.value)
        node = self._node(event)
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            raise self._error(event, "a key must be text: put it in quotes")
        return node.value

    def _value(self, event: yaml.ScalarEvent) -> Plain:
        text = normalize("NFC", event.value)
        if event.style:
            return text
        if text in WORDS:
            return WORDS[text]
        if INTEGER.fullmatch(text) or DECIMAL.fullmatch(text):
            return self._number(event, text)
        if not text:
            reason = "an empty value is read differently by different readers: quote it or say null"
            raise self._error(event, reason)
        if SURPRISING.fullmatch(text) or _tag(text) != TEXT_TAG:
            raise self._error(event, f"{text!r} is read differently by different readers: quote it")
        return text

    def _number(self, event: yaml.Event, text: str) -> int | Decimal:
        if len(re.sub(r"\D", "", text).lstrip("0")) > MAX_DIGITS:
            raise self._error(event, f"{text} has more than {MAX_DIGITS} digits: quote it")
        if "." not in text:
            return int(text)
        number = Decimal(text)
        if 0 < abs(number) < SMALLEST:
            raise self._error(event, f"{text} is too near to 0: the least is 0.000001")
        return number

    def _error(self, event: yaml.Event, reason: str) -> CatalogError:
        return CatalogError(self.path, _line(event), reason)


def _tag(text: str) -> object:
    return YAML_TABLE.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]


def _line_at(content: bytes, position: int) -> int:
    return content[:position].count(b"\n") + 1


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1
