"""Splits a course text into its title and its `:::` blocks, keeping every line's number."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tirek.catalog.errors import CatalogError

FENCE = ":::"
OPENING = re.compile(r":::([a-z]+)(?:\{([^{}]*)\})?")
IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
OPTION = re.compile(r"([a-z]+)=([a-z-]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file and its number, from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between a `:::name{#id key=word}` and its closing `:::`."""

    name: str
    id: str | None
    options: Mapping[str, str]
    line: int
    body: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A text under its front matter: one `# ` title, then nothing but blocks."""

    title: Line
    blocks: tuple[Block, ...]


def read_sheet(path: Path, lines: Iterable[Line]) -> Sheet:
    """Return the title and the blocks; raise CatalogError at a line that is neither."""
    rest = iter(lines)
    title = next((line for line in rest if line.text.strip()), None)
    if title is None:
        raise CatalogError(path, 1, "there is no text under the front matter")
    if not title.text.startswith("# "):
        raise CatalogError(path, title.number, "the text must start with '# ' and the title")
    return Sheet(Line(title.number, title.text[2:].strip()), tuple(_blocks(path, rest)))


def _blocks(path: Path, lines: Iterator[Line]) -> Iterator[Block]:
    for line in lines:
        if not line.text.strip():
            continue
        if not line.text.startswith(FENCE):
            raise CatalogError(path, line.number, "text outside a ':::' block")
        yield _block(path, line, lines)


def _block(path: Path, opening: Line, lines: Iterator[Line]) -> Block:
    match = OPENING.fullmatch(opening.text.rstrip())
    if match is None:
        raise CatalogError(path, opening.number, "a block opens as ':::name{#id}'")
    block_id, options = _attributes(path, opening.number, match[2] or "")
    body = tuple(_body(path, opening, lines))
    return Block(match[1], block_id, options, opening.number, body)


def _body(path: Path, opening: Line, lines: Iterator[Line]) -> Iterator[Line]:
    for line in lines:
        if line.text.rstrip() == FENCE:
            return
        if line.text.startswith(FENCE):
            raise CatalogError(path, line.number, "a block may not open inside another")
        yield line
    raise CatalogError(path, opening.number, "this block is never closed with ':::'")


def _attributes(path: Path, line: int, written: str) -> tuple[str | None, Mapping[str, str]]:
    block_id: str | None = None
    options: dict[str, str] = {}
    for word in written.split():
        option = OPTION.fullmatch(word)
        if option and option[1] not in options:
            options[option[1]] = option[2]
        elif word.startswith("#") and block_id is None and IDENTIFIER.fullmatch(word[1:]):
            block_id = word[1:]
        else:
            raise CatalogError(path, line, f"{word!r} is not '#id' or 'key=word', or stands twice")
    return block_id, options
