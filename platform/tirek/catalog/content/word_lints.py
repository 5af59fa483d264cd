"""The words themselves: plain, kind, in the right letters, without numbers to call."""

import re
from collections.abc import Iterator
from unicodedata import name

from tirek.catalog.content.files import Text, WrittenCourse, WrittenLesson
from tirek.catalog.content.glossary import Glossary
from tirek.catalog.content.prose import (
    WORD,
    Paragraph,
    card_prose,
    heading,
    paragraphs,
    sentences,
    words,
)
from tirek.catalog.errors import Finding

LONGEST_SENTENCE = 20
AVERAGE_SENTENCE = 12
# Short numbers that are phones in Kazakhstan, and anything long enough to be dialled.
PHONE = re.compile(r"(?<![\d.,:])(?:10[1-9]|11\d|150)(?![\d.,:]\d|\d)|\+?\d(?:[ ()-]*\d){5,}")
LINK = re.compile(r"https?://([^/\s)]*)|\]\(([^)]*)\)|www\.")
LATIN = re.compile(r"[A-Za-z]")
KAZAKH_LETTERS = "әғқңөұүһі"
# Letters of the Kazakh alphabet and the Russian ones people type in their place.
RUSSIAN_LETTERS = str.maketrans(KAZAKH_LETTERS, "агкноуухи")
# A shorter text may do without any of the nine.
ENOUGH_WORDS = 10
SHORTEST_TERM = 4
CAPITALS = 6


def word_findings(text: Text, glossary: Glossary) -> Iterator[Finding]:
    """Yield what is wrong with the words of one text."""
    headings, prose = _headings(text), _prose(text)
    for paragraph in (*headings, *prose):
        for lint, reason in _faults(paragraph, text.writing.lang, glossary):
            yield Finding(lint, text.path, paragraph.line, reason)
    yield from _lengths(text, prose)
    if isinstance(text, WrittenLesson) and text.writing.lang == "kk":
        yield from _foreign(text)


def _headings(text: Text) -> tuple[Paragraph, ...]:
    cards = text.cards if isinstance(text, WrittenLesson) else ()
    return tuple(heading(line) for line in (text.title, *(card.title for card in cards)))


def _prose(text: Text) -> tuple[Paragraph, ...]:
    if isinstance(text, WrittenCourse):
        return (*paragraphs(text.summary.body), *paragraphs(text.audience.body))
    return tuple(paragraph for card in text.cards for paragraph in card_prose(card))


def _faults(paragraph: Paragraph, lang: str, glossary: Glossary) -> Iterator[tuple[str, str]]:
    shown = paragraph.shown
    letters = [letter for letter in shown if letter.isalpha()]
    if len(letters) >= CAPITALS and all(letter.isupper() for letter in letters):
        yield "capitals", "a line in capitals shouts"
    for match in PHONE.finditer(shown):
        yield "phone", f"{match[0]!r} looks like a phone number: help cards show the right ones"
    yield from _links(paragraph.text, glossary)
    yield from _letters(shown, lang, glossary)
    yield from _forbidden(shown, lang, glossary)


def _links(text: str, glossary: Glossary) -> Iterator[tuple[str, str]]:
    for match in LINK.finditer(text):
        target = match[2] or match[0]
        host = re.match(r"https://([^/]+)", target)
        if host is None or host[1] not in glossary.links:
            yield "link", f"{target} is not on the glossary's list of links"


def _letters(shown: str, lang: str, glossary: Glossary) -> Iterator[tuple[str, str]]:
    misspelt = _misspelt(glossary) if lang == "kk" else {}
    for word in WORD.findall(shown):
        if LATIN.search(word) and re.search(r"[^\W\dA-Za-z]", word):
            alien = next(letter for letter in word if LATIN.match(letter))
            yield "look-alike", f"{word!r} has a {name(alien).lower()} among other letters"
        elif LATIN.search(word) and word.lower() not in glossary.latin:
            yield "look-alike", f"{word!r} is in Latin letters; if it must be, list it in latin"
        elif lang == "ru" and set(word.lower()) & set(KAZAKH_LETTERS):
            yield "look-alike", f"{word!r} has a Kazakh letter in a Russian text"
        for wrong, right in misspelt.items():
            if word.lower().startswith(wrong):
                yield "spelling", f"{word!r} is {right!r} in Russian letters"


def _misspelt(glossary: Glossary) -> dict[str, str]:
    terms = (part for term in glossary.terms for part in term.words["kk"].split())
    pairs = {term.translate(RUSSIAN_LETTERS): term for term in terms}
    return {wrong: right for wrong, right in pairs.items() if _tells(wrong, right)}


def _tells(wrong: str, right: str) -> bool:
    return wrong != right and len(wrong) >= SHORTEST_TERM


def _forbidden(shown: str, lang: str, glossary: Glossary) -> Iterator[tuple[str, str]]:
    for rule in glossary.forbidden:
        match = rule.pattern.search(shown) if rule.lang == lang else None
        if match:
            yield "forbidden", f"{match[0]!r}: say instead: {rule.instead}"


def _lengths(text: Text, prose: tuple[Paragraph, ...]) -> Iterator[Finding]:
    lengths = []
    for paragraph in prose:
        for sentence in sentences(paragraph):
            count = len(WORD.findall(sentence))
            lengths.append(count)
            if count > LONGEST_SENTENCE:
                reason = f"a sentence of {count} words, more than {LONGEST_SENTENCE}"
                yield Finding("sentence", text.path, paragraph.line, reason)
    if lengths and sum(lengths) > AVERAGE_SENTENCE * len(lengths):
        average = sum(lengths) / len(lengths)
        reason = f"sentences have {average:.1f} words on average, more than {AVERAGE_SENTENCE}"
        yield Finding("sentence", text.path, text.title.number, reason)


def _foreign(lesson: WrittenLesson) -> Iterator[Finding]:
    for card in lesson.cards:
        said = words([heading(card.title), *card_prose(card)])
        if len(said) >= ENOUGH_WORDS and not set("".join(said).lower()) & set(KAZAKH_LETTERS):
            yield Finding("foreign", lesson.path, card.line, "not one Kazakh letter: not Kazakh")
