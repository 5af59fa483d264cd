"""Typed reading of a mapping: every field is asked for once, and what is left over is an error."""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Self, TypeVar

from tirek.catalog.errors import CatalogError
from tirek.catalog.yaml_subset import (
    Document,
    MappingNode,
    Node,
    Plain,
    ScalarNode,
    SequenceNode,
)

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class Fields:
    """One mapping of a file, read field by field; leaving the `with` block refuses unknown ones."""

    def __init__(self, path: Path, node: Node) -> None:
        """Raise CatalogError unless the node is a mapping."""
        if not isinstance(node, MappingNode):
            raise CatalogError(path, node.line, "expected named fields")
        self.path = path
        self.mapping = node
        self.asked: set[str] = set()

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return the fields of a whole file."""
        return cls(document.path, document.root)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        unknown = [name for name in self.mapping.entries if name not in self.asked]
        if kind is None and unknown:
            raise self.error(unknown[0], f"unknown field {unknown[0]!r}")

    def error(self, name: str, reason: str) -> CatalogError:
        """Return an error at the field's line, or at the mapping's where the field is absent."""
        line = self.mapping.key_lines.get(name, self.mapping.line)
        return CatalogError(self.path, line, reason)

    def has(self, name: str) -> bool:
        """Whether the field is there."""
        self.asked.add(name)
        return name in self.mapping.entries

    def node(self, name: str) -> Node:
        """Return the field's node; a missing field is an error."""
        if not self.has(name):
            raise self.error(name, f"field {name!r} is missing")
        return self.mapping.entries[name]

    def text(self, name: str) -> str:
        """Return a text that is not empty."""
        value = self._scalar(name)
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, f"{name!r} must be a text")
        return value

    def nullable_text(self, name: str) -> str | None:
        """Return a text, or None where the file says null."""
        return None if self._scalar(name) is None else self.text(name)

    def maybe_text(self, name: str) -> str | None:
        """Return a text, or None where the field is absent or null."""
        return self.nullable_text(name) if self.has(name) else None

    def maybe_scalar(self, name: str) -> Plain:
        """Return any single value as it stands, None where the field is absent."""
        return self._scalar(name) if self.has(name) else None

    def integer(self, name: str) -> int:
        """Return a whole number."""
        value = self._scalar(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(name, f"{name!r} must be a whole number")
        return value

    def maybe_integer(self, name: str) -> int | None:
        """Return a whole number, or None where the field is absent or null."""
        return None if not self.has(name) or self._scalar(name) is None else self.integer(name)

    def number(self, name: str) -> Fraction:
        """Return an exact number."""
        return _number(self.path, self.node(name), name)

    def exact(self, name: str) -> Fraction:
        """Return an exact number, also one written as a quoted fraction: "72/7"."""
        value = self._scalar(name)
        if not isinstance(value, str):
            return self.number(name)
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            raise self.error(name, f"{name!r} must be a number or a fraction") from None

    def maybe_number(self, name: str) -> Fraction | None:
        """Return an exact number, or None where the field is absent or null."""
        return None if not self.has(name) or self._scalar(name) is None else self.number(name)

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        value = self._scalar(name)
        if not isinstance(value, bool):
            raise self.error(name, f"{name!r} must be true or false")
        return value

    def maybe_true(self, name: str) -> bool:
        """Return the truth value, false where the field is absent."""
        return self.has(name) and self.boolean(name)

    def choice(self, name: str, kind: type[E]) -> E:
        """Return a member of a closed list of words."""
        value = self._scalar(name)
        if value not in set(kind):
            raise self.error(name, f"{name!r} must be one of: {', '.join(kind)}")
        return kind(str(value))

    def choice_or(self, name: str, default: E) -> E:
        """Return a member of the default's closed list, the default where the field is absent."""
        return self.choice(name, type(default)) if self.has(name) else default

    def maybe_choice(self, name: str, kind: type[E]) -> E | None:
        """Return a member of a closed list, or None where the field is absent or null."""
        return None if not self.has(name) or self._scalar(name) is None else self.choice(name, kind)

    def fields(self, name: str) -> "Fields":
        """Return the fields of a mapping inside this one."""
        return Fields(self.path, self.node(name))

    def each(self, name: str, read: Callable[["Fields"], T]) -> tuple[T, ...]:
        """Return every mapping of a list, read one by one."""
        return tuple(self._read(node, read) for node in self._sequence(name))

    def some(self, name: str, found: tuple[T, ...]) -> tuple[T, ...]:
        """Return what was found; nothing at all is an error."""
        if not found:
            raise self.error(name, f"{name!r} must not be empty")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self._text(node, name) for node in self._sequence(name))

    def maybe_texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, empty where the field is absent."""
        return self.texts(name) if self.has(name) else ()

    def numbers(self, name: str) -> tuple[Fraction, ...]:
        """Return a list of exact numbers."""
        return tuple(_number(self.path, node, name) for node in self._sequence(name))

    def named(self, name: str, read: Callable[[Node], T]) -> dict[str, T]:
        """Return a mapping whose names are data, each value read by `read`."""
        node = self.node(name)
        if not isinstance(node, MappingNode):
            raise self.error(name, f"{name!r} must be named values")
        return {key: read(value) for key, value in node.entries.items()}

    def named_texts(self, name: str) -> dict[str, str]:
        """Return a mapping of texts whose names are data."""
        return self.named(name, lambda node: self._text(node, name))

    def named_numbers(self, name: str) -> dict[str, Fraction]:
        """Return a mapping of exact numbers whose names are data."""
        return self.named(name, lambda node: _number(self.path, node, name))

    def _scalar(self, name: str) -> Plain:
        node = self.node(name)
        if not isinstance(node, ScalarNode):
            raise self.error(name, f"{name!r} must be a single value")
        return node.value

    def _sequence(self, name: str) -> tuple[Node, ...]:
        node = self.node(name)
        if not isinstance(node, SequenceNode):
            raise self.error(name, f"{name!r} must be a list")
        return node.items

    def _read(self, node: Node, read: Callable[["Fields"], T]) -> T:
        with Fields(self.path, node) as fields:
            return read(fields)

    def _text(self, node: Node, name: str) -> str:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            raise CatalogError(self.path, node.line, f"{name!r} must hold texts (quote numbers)")
        return node.value


def _number(path: Path, node: Node, name: str) -> Fraction:
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise CatalogError(path, node.line, f"{name!r} must be a number")
    return Fraction(value)
