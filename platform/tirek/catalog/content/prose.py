"""A text as its reader meets it: paragraphs, sentences, words, numbers; markup left out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tirek.catalog.content.blocks import Line
from tirek.catalog.content.cards import WrittenCard

MARKER = re.compile(r"\s*([0-9]+\.|[-*]) +")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
WORD = re.compile(r"\w+(?:[-\u2019]\w+)*")
# A sentence ends at its mark, and takes the closing quote with it.
SENTENCE_END = re.compile(r"(?<=[.!?…])[»”)]*\s+")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph, list item or heading, and the line it starts on."""

    line: int
    text: str

    @property
    def shown(self) -> str:
        """What is left when a link shows only its words."""
        return LINK.sub(r"\1", self.text).replace("**", "")


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


def words(prose: Iterable[Paragraph]) -> list[str]:
    """Return the words, numbers included."""
    return [word for paragraph in prose for word in WORD.findall(paragraph.shown)]


def numbers(prose: Iterable[Paragraph]) -> list[str]:
    """Return the numbers in rising order, as they are written."""
    return sorted(number for paragraph in prose for number in NUMBER.findall(paragraph.shown))


def sentences(paragraph: Paragraph) -> list[str]:
    """Return the sentences of one paragraph."""
    return [part for part in SENTENCE_END.split(paragraph.shown) if WORD.search(part)]
