"""One file of a course in one language, read but not yet rendered."""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from unicodedata import normalize

from tirek.catalog.content.blocks import Block, Line, Sheet, read_sheet
from tirek.catalog.content.cards import WrittenCard, read_cards
from tirek.catalog.content.front import (
    LessonFront,
    Writing,
    read_course_front,
    read_lesson_front,
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


Text = WrittenCourse | WrittenLesson


def read_lesson(path: Path) -> WrittenLesson:
    """Return the lesson; raise CatalogError at its first fault."""
    name = LESSON_NAME.fullmatch(path.name)
    if name is None:
        raise CatalogError(path, 1, "a lesson file is called <nn>-<lesson-id>.md")
    keys, lines = _opened(path)
    front = read_lesson_front(keys)
    _expect(keys, "id", front.id, name[2])
    _expect_place(path, keys, front.writing)
    sheet = read_sheet(path, lines)
    cards = read_cards(path, sheet.blocks)
    return WrittenLesson(path, int(name[1]), front, keys, sheet.title, cards, digest(lines))


def read_course_page(path: Path) -> WrittenCourse:
    """Return the course's own page; raise CatalogError at its first fault."""
    keys, lines = _opened(path)
    writing = read_course_front(keys)
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


def _expect_place(path: Path, keys: Fields, writing: Writing) -> None:
    _expect(keys, "course", writing.course, path.parent.name)
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
