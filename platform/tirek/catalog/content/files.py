"""One file of a course, or one memo, in one language, as its author wrote it."""

import re
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from unicodedata import normalize

from tirek.catalog.content.blocks import Block, Line, Sheet, read_sheet
from tirek.catalog.content.cards import STEP, WrittenCard, read_cards
from tirek.catalog.content.front import (
    LessonFront,
    Writing,
    read_lesson_front,
    read_page_front,
    split_front,
)
from tirek.catalog.content.render import rendered
from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields

LESSON_NAME = re.compile(r"([0-9]{2})-([a-z0-9-]+)\.md")


@dataclass(frozen=True, slots=True)
class WrittenLesson:
    """A lesson file; `keys` still knows the line of every front matter field."""

    path: Path
    number: int
    front: LessonFront
    keys: Fields
    title: Line
    cards: tuple[WrittenCard, ...]
    digest: str

    @property
    def writing(self) -> Writing:
        """The state of this text."""
        return self.front.writing


@dataclass(frozen=True, slots=True)
class WrittenCourse:
    """A course's own page in one language."""

    path: Path
    writing: Writing
    keys: Fields
    title: Line
    summary: Block
    audience: Block
    summary_html: str
    audience_html: str
    digest: str


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under one `## ` heading of a memo; the part above the first has no heading."""

    title: Line | None
    body: tuple[Line, ...]
    html: str

    @property
    def steps(self) -> int:
        """How many numbered steps the part has."""
        return sum(1 for line in self.body if STEP.match(line.text))


@dataclass(frozen=True, slots=True)
class WrittenMemo:
    """A memo of the library in one language."""

    path: Path
    id: str
    writing: Writing
    keys: Fields
    title: Line
    parts: tuple[Part, ...]
    digest: str


Text = WrittenCourse | WrittenLesson | WrittenMemo


def read_lesson(path: Path) -> WrittenLesson:
    """Return the lesson; raise CatalogError at its first fault."""
    name = LESSON_NAME.fullmatch(path.name)
    if name is None:
        raise CatalogError(path, 1, "a lesson file is called <nn>-<lesson-id>.md")
    keys, lines = _opened(path)
    front = read_lesson_front(keys)
    _expect(keys, "id", front.id, name[2])
    _expect(keys, "course", front.course, path.parent.name)
    _expect_place(path, keys, front.writing)
    sheet = read_sheet(path, lines)
    cards = read_cards(path, sheet.blocks)
    return WrittenLesson(path, int(name[1]), front, keys, sheet.title, cards, digest(lines))


def read_course_page(path: Path) -> WrittenCourse:
    """Return the course's own page; raise CatalogError at its first fault."""
    keys, lines = _opened(path)
    course, writing = read_page_front(keys, "course")
    _expect(keys, "course", course, path.parent.name)
    _expect_place(path, keys, writing)
    sheet = read_sheet(path, lines)
    summary, audience = _course_blocks(path, sheet)
    return WrittenCourse(
        path=path,
        writing=writing,
        keys=keys,
        title=sheet.title,
        summary=summary,
        audience=audience,
        summary_html=rendered(path, summary.body),
        audience_html=rendered(path, audience.body),
        digest=digest(lines),
    )


def read_memo(path: Path) -> WrittenMemo:
    """Return the memo; raise CatalogError at its first fault."""
    keys, lines = _opened(path)
    memo_id, writing = read_page_front(keys, "id")
    _expect(keys, "id", memo_id, path.stem)
    _expect_place(path, keys, writing)
    said = [line for line in lines if line.text.strip()]
    if not said or not said[0].text.startswith("# "):
        raise CatalogError(path, lines[0].number, "the text must start with '# ' and the title")
    title = Line(said[0].number, said[0].text[2:].strip())
    below = tuple(line for line in lines if line.number > title.number)
    return WrittenMemo(path, memo_id, writing, keys, title, _parts(path, below), digest(lines))


def is_outdated(text: Text, source: Text) -> bool:
    """Whether a translation was made from another state of its source than today's."""
    return text.writing.is_translation and text.writing.source_hash != source.digest


def digest(lines: tuple[Line, ...]) -> str:
    """Return the sha256 of the text under the front matter; blank lines do not count."""
    kept = (line.text.rstrip() for line in lines if line.text.strip())
    return sha256(normalize("NFC", "\n".join(kept)).encode()).hexdigest()


def _opened(path: Path) -> tuple[Fields, tuple[Line, ...]]:
    try:
        return split_front(path, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogError(path, 1, "the file is missing") from None
    except UnicodeDecodeError:
        raise CatalogError(path, 1, "the file is not UTF-8") from None


def _parts(path: Path, lines: tuple[Line, ...]) -> tuple[Part, ...]:
    heads = [at for at, line in enumerate(lines) if line.text.startswith("## ")]
    edges = [0, *heads, len(lines)]
    parts = (lines[start:end] for start, end in pairwise(edges))
    return tuple(_part(path, part) for part in parts if any(line.text.strip() for line in part))


def _part(path: Path, lines: tuple[Line, ...]) -> Part:
    if not lines[0].text.startswith("## "):
        return Part(None, lines, rendered(path, lines))
    title = Line(lines[0].number, lines[0].text[3:].strip())
    if not any(line.text.strip() for line in lines[1:]):
        raise CatalogError(path, title.number, "nothing stands under this heading")
    return Part(title, lines[1:], rendered(path, lines[1:]))


def _expect_place(path: Path, keys: Fields, writing: Writing) -> None:
    _expect(keys, "lang", writing.lang, path.parent.parent.name)
    if not writing.is_translation and writing.source_hash is not None:
        raise keys.error("source_hash", "an original has no source: null")


def _expect(keys: Fields, name: str, written: str, expected: str) -> None:
    if written != expected:
        raise keys.error(name, f"{name!r} is {written!r}, but the file lies under {expected!r}")


def _course_blocks(path: Path, sheet: Sheet) -> tuple[Block, Block]:
    if [block.name for block in sheet.blocks] != ["summary", "audience"]:
        line = sheet.blocks[0].line if sheet.blocks else sheet.title.number
        raise CatalogError(path, line, "a course page has ':::summary', then ':::audience'")
    summary, audience = sheet.blocks
    return summary, audience
