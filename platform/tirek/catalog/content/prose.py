"""A text as its reader meets it: paragraphs, sentences, words, numbers; markup left out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tirek.catalog.content.blocks import Line
from tirek.catalog.content.cards import WrittenCard
from tirek.catalog.content.files import Text, WrittenCourse, WrittenLesson
from tirek.catalog.content.render import IMAGE

MARKER = re.compile(r"\s*([0-9]+\.|[-*]) +")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
WORD = re.compile(r"\w+(?:[-\u2019]\w+)*")
# A sentence ends at its mark, and takes the closing quote with it.
SENTENCE_END = re.compile(r"(?<=[.!?…])[»”)]*\s+")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# How the months' names begin, in their order; only a month after a day is a date: "наурыз" alone
# is also a feast, "қазан" a cauldron.
MONTHS = {
    "kk": "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
    "ru": "январ феврал март апрел ма[йя] июн июл август сентябр октябр ноябр декабр",
}
DAYS = {
    lang: [re.compile(rf"\b([0-9]{{1,2}}) {month}") for month in months.split()]
    for lang, months in MONTHS.items()
}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph, list item or heading, and the line it starts on."""

    line: int
    text: str

    @property
    def shown(self) -> str:
        """What is left when a link shows only its words."""
        return LINK.sub(r"\1", IMAGE.sub(r"\1", self.text)).replace("**", "")


def paragraphs(lines: Iterable[Line]) -> Iterator[Paragraph]:
    """Yield the paragraphs; a blank line or a list marker starts a new one."""
    start, words = 0, list[str]()
    for line in lines:
        marker = MARKER.match(line.text)
        if words and (marker or not line.text.strip()):
            yield Paragraph(start, " ".join(words))
            words = []
        if line.text.strip():
            start = start if words else line.number
            words.append(line.text[marker.end() if marker else 0 :].strip())
    if words:
        yield Paragraph(start, " ".join(words))


def heading(line: Line) -> Paragraph:
    """Return a title or a card's heading."""
    return Paragraph(line.number, line.text)


def card_prose(card: WrittenCard) -> tuple[Paragraph, ...]:
    """Return what the card says under its heading, choices included."""
    lines = [part for choice in card.choices for part in (choice.label, choice.explanation)]
    return (*paragraphs(card.body), *(Paragraph(line.number, line.text) for line in lines))


def headings(text: Text) -> tuple[Paragraph, ...]:
    """Return the title and every heading under it."""
    if isinstance(text, WrittenLesson):
        return tuple(heading(line) for line in (text.title, *(card.title for card in text.cards)))
    if isinstance(text, WrittenCourse):
        return (heading(text.title),)
    titles = (part.title for part in text.parts if part.title)
    return tuple(heading(line) for line in (text.title, *titles))


def prose(text: Text) -> tuple[Paragraph, ...]:
    """Return everything that stands under the headings."""
    if isinstance(text, WrittenLesson):
        return tuple(paragraph for card in text.cards for paragraph in card_prose(card))
    if isinstance(text, WrittenCourse):
        return (*paragraphs(text.summary.body), *paragraphs(text.audience.body))
    return tuple(paragraph for part in text.parts for paragraph in paragraphs(part.body))


def words(said: Iterable[Paragraph]) -> list[str]:
    """Return the words, numbers included."""
    return [word for paragraph in said for word in WORD.findall(paragraph.shown)]


def numbers(said: Iterable[Paragraph]) -> list[str]:
    """Return the numbers in rising order, as they are written."""
    return sorted(number for paragraph in said for number in NUMBER.findall(paragraph.shown))


def dates(said: Iterable[Paragraph], lang: str) -> list[str]:
    """Return the days of a month in rising order: «1 қыркүйек» and «1 сентября» are "1.9"."""
    shown = " ".join(paragraph.shown.lower() for paragraph in said)
    months = enumerate(DAYS[lang], start=1)
    return sorted(f"{day[1]}.{number}" for number, month in months for day in month.finditer(shown))


def sentences(paragraph: Paragraph) -> list[str]:
    """Return the sentences of one paragraph."""
    return [part for part in SENTENCE_END.split(paragraph.shown) if WORD.search(part)]
