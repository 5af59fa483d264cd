"""The front matter of a course text: who wrote it, who signed it, what the lesson is about."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from tirek.catalog.content.blocks import IDENTIFIER, Line
from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import ScalarNode, parse
from tirek.domain.education import (
    LessonFacts,
    Reader,
    Review,
    Sensitivity,
    Signature,
    Strand,
    TextStatus,
)

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

# Differences are reported at the second language's file: it is the one made from the first.
LANGUAGES = ("ru", "kk")
FENCE = "---"
GROWN_UP = 18
SIGNATURE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) (\S.*)")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Writing:
    """The state of one text in one language; `source_hash` pins what it was translated from."""

    rev: int
    lang: str
    source_lang: str
    source_hash: str | None
    outdated_since: date | None
    status: TextStatus
    review: Review

    @property
    def is_translation(self) -> bool:
        """Whether the text was written from another language's text."""
        return self.lang != self.source_lang


@dataclass(frozen=True, slots=True)
class Recording:
    """An audio file, who reads, and the digest of the text that was read aloud."""

    file: str
    seconds: int
    voice: str
    text_hash: str


@dataclass(frozen=True, slots=True)
class LessonFront:
    """Everything above a lesson's text."""

    id: str
    course: str
    writing: Writing
    facts: LessonFacts
    recording: Recording | None


def split_front(path: Path, text: str) -> tuple[Fields, tuple[Line, ...]]:
    """Return the fields between the two `---` lines, and the numbered lines under them."""
    lines = text.split("\n")
    if lines[0] != FENCE or FENCE not in lines[1:]:
        raise CatalogError(path, 1, "the file must start with front matter between '---' lines")
    end = lines.index(FENCE, 1)
    # the empty first line stands for the fence, so that YAML's line numbers are the file's
    front = Fields(path, parse(path, "\n".join(["", *lines[1:end]])))
    below = enumerate(lines[end + 1 :], start=end + 2)
    return front, tuple(Line(number, line) for number, line in below)


def read_lesson_front(fields: Fields) -> LessonFront:
    """Return a lesson's front matter; an unknown or missing field is an error at its line."""
    with fields:
        return LessonFront(
            identifier(fields, "id"),
            identifier(fields, "course"),
            _writing(fields),
            _facts(fields),
            _recording(fields),
        )


def read_page_front(fields: Fields, name: str) -> tuple[str, Writing]:
    """Return the front matter of a course's own page or of a memo: its id, under `name`, first."""
    with fields:
        return identifier(fields, name), _writing(fields)


def identifier(fields: Fields, name: str) -> str:
    """Return an id: lower-case Latin words joined by hyphens."""
    value = fields.text(name)
    if not IDENTIFIER.fullmatch(value):
        raise fields.error(name, f"{value!r} is not an id: use lower-case words-with-hyphens")
    return value


def ages(fields: Fields, name: str) -> tuple[int, int]:
    """Return the youngest and the oldest age, whole years."""
    match fields.numbers(name):
        case (Fraction(denominator=1) as young, Fraction(denominator=1) as old) if (
            0 <= young <= old <= GROWN_UP
        ):
            return int(young), int(old)
    raise fields.error(name, f"{name!r} must be [youngest, oldest] between 0 and {GROWN_UP}")


def day(fields: Fields, name: str) -> date | None:
    """Return a day written as "2026-11-22", or None where the field is absent or null."""
    written = fields.maybe_text(name)
    return None if written is None else _parsed(fields, name, written, date.fromisoformat)


def _writing(fields: Fields) -> Writing:
    return Writing(
        rev=_positive(fields, "rev"),
        lang=_language(fields, "lang"),
        source_lang=_language(fields, "source_lang"),
        source_hash=_hash(fields, "source_hash"),
        outdated_since=day(fields, "outdated_since"),
        status=fields.choice("status", TextStatus),
        review=_review(fields.fields("review")),
    )


def _facts(fields: Fields) -> LessonFacts:
    return LessonFacts(
        ages=ages(fields, "ages"),
        readers=_members(fields, "audience", Reader),
        strand=fields.choice("strand", Strand),
        skills=fields.texts("skills"),
        sensitivity=fields.choice("sensitive", Sensitivity),
        minutes=_positive(fields, "minutes"),
        sources=fields.texts("sources"),
        is_printable=fields.boolean("print"),
    )


def _review(fields: Fields) -> Review:
    with fields:
        return Review(
            content=_signature(fields, "content"),
            language=_signature(fields, "language"),
            child_safety=_signature(fields, "child_safety"),
            due=day(fields, "due"),
        )


def _signature(fields: Fields, name: str) -> Signature | None:
    written = fields.nullable_text(name)
    if written is None:
        return None
    match = SIGNATURE.fullmatch(written)
    if match is None:
        raise fields.error(name, f'{name!r} must be null or "2026-11-22 who"')
    return Signature(_parsed(fields, name, match[1], date.fromisoformat), match[2])


def _recording(fields: Fields) -> Recording | None:
    node = fields.node("audio")
    if isinstance(node, ScalarNode) and node.value is None:
        return None
    with fields.fields("audio") as inner:
        return Recording(
            file=inner.text("file"),
            seconds=_positive(inner, "seconds"),
            voice=inner.text("voice"),
            text_hash=inner.text("text_hash"),
        )


def _language(fields: Fields, name: str) -> str:
    lang = fields.text(name)
    if lang not in LANGUAGES:
        raise fields.error(name, f"{name!r} must be one of: {', '.join(LANGUAGES)}")
    return lang


def _positive(fields: Fields, name: str) -> int:
    number = fields.integer(name)
    if number < 1:
        raise fields.error(name, f"{name!r} must be at least 1")
    return number


def _hash(fields: Fields, name: str) -> str | None:
    written = fields.nullable_text(name)
    if written is not None and not SHA256.fullmatch(written):
        raise fields.error(name, f"{name!r} is written by `tirek content stamp`, never by hand")
    return written


def _members(fields: Fields, name: str, kind: type[E]) -> tuple[E, ...]:
    return tuple(_parsed(fields, name, word, kind) for word in fields.texts(name))


def _parsed(fields: Fields, name: str, written: str, parse_word: Callable[[str], T]) -> T:
    try:
        return parse_word(written)
    except ValueError:
        raise fields.error(name, f"{name!r} cannot be {written!r}") from None
