"""A text cut into what corresponds in the other language: cards of a lesson, parts of a memo."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tirek.catalog.content.blocks import IDENTIFIER
from tirek.catalog.content.cards import WrittenCard
from tirek.catalog.content.files import (
    Part,
    Text,
    WrittenCourse,
    WrittenLesson,
    read_course_page,
    read_lesson,
    read_memo,
)
from tirek.catalog.content.memos import FOLDER
from tirek.catalog.content.plan import PAGE_NAME
from tirek.catalog.content.prose import (
    Paragraph,
    card_prose,
    heading,
    numbers,
    paragraphs,
    prose,
    words,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One card or part; `html` is empty where there is nothing but a title."""

    name: str
    kind: str
    line: int
    title: str
    said: tuple[Paragraph, ...]
    html: str
    steps: int = 0
    choices: int = 0

    @property
    def words(self) -> int:
        """How many words a reader meets here, the heading included."""
        return len(words((Paragraph(self.line, self.title), *self.said)))

    @property
    def numbers(self) -> str:
        """The numbers in rising order."""
        return ", ".join(numbers((Paragraph(self.line, self.title), *self.said))) or "-"


def read_text(path: Path) -> Text:
    """Return a lesson, a course's page or a memo, whichever lies there."""
    if path.parent.name == FOLDER:
        return read_memo(path)
    return read_course_page(path) if path.name == PAGE_NAME else read_lesson(path)


def find_text(root: Path, lang: str, place: str) -> Path | None:
    """Return the file of "course/lesson", "course/_course" or "materials/memo"; None if none."""
    folder, _slash, name = place.partition("/")
    if not IDENTIFIER.fullmatch(folder) or not IDENTIFIER.fullmatch(name.removeprefix("_")):
        return None
    home = root / lang / folder
    found = [home / f"{name}.md", *sorted(home.glob(f"[0-9][0-9]-{name}.md"))]
    return next((path for path in found if path.is_file()), None)


def pieces(text: Text) -> Iterator[Piece]:
    """Yield the title, then everything under it in order."""
    title = heading(text.title)
    yield Piece("title", "title", title.line, title.text, (), "")
    if isinstance(text, WrittenLesson):
        yield from map(_of_card, text.cards)
    elif isinstance(text, WrittenCourse):
        html = f"{text.summary_html}\n{text.audience_html}"
        yield Piece("page", "page", text.summary.line, "", prose(text), html)
    else:
        for number, part in enumerate(text.parts, start=1):
            yield _of_part(number, part, title.line)


def _of_card(card: WrittenCard) -> Piece:
    return Piece(
        name=card.id,
        kind=card.kind,
        line=card.line,
        title=card.title.text,
        said=card_prose(card),
        html=card.shown.html,
        steps=card.steps,
        choices=len(card.choices),
    )


def _of_part(number: int, part: Part, line: int) -> Piece:
    return Piece(
        name=f"part {number}",
        kind="part",
        line=part.title.number if part.title else line + 1,
        title=part.title.text if part.title else "",
        said=tuple(paragraphs(part.body)),
        html=part.html,
        steps=part.steps,
    )
