"""The words themselves: plain, kind, in the right letters, without numbers to call."""

import re
from collections.abc import Iterator
from unicodedata import name

from tirek.catalog.content.files import Text, WrittenLesson
from tirek.catalog.content.glossary import Glossary
from tirek.catalog.content.prose import (
    WORD,
    Paragraph,
    card_prose,
    heading,
    headings,
    prose,
    sentences,
    words,
)
from tirek.catalog.content.render import IMAGE
from tirek.catalog.content.word_forms import Spelling
from tirek.catalog.errors import Finding

LONGEST_SENTENCE = 20
AVERAGE_SENTENCE = 12
# Short numbers that are phones in Kazakhstan, and anything long enough to be dialled.
PHONE = re.compile(r"(?<![\d.,:])(?:10[1-9]|11\d|150)(?![\d.,:]\d|\d)|\+?\d(?:[ ()-]*\d){5,}")
LINK = re.compile(r"https?://([^/\s)]*)|\]\(([^)]*)\)|www\.")
LATIN = re.compile(r"[A-Za-z]")
KAZAKH_LETTERS = "әғқңөұүһі"
# A shorter text may do without any of the nine.
ENOUGH_WORDS = 10
CAPITALS = 6


def kazakh_spelling(glossary: Glossary) -> Spelling:
    """Return the spelling of the glossary's Kazakh words."""
    return Spelling(part for term in glossary.terms for part in term.words["kk"].split())


def word_findings(text: Text, glossary: Glossary, spelling: Spelling) -> Iterator[Finding]:
    """Yield what is wrong with the words of one text."""
    for paragraph in (*headings(text), *prose(text)):
        yield from paragraph_findings(text, paragraph, glossary, spelling)
    yield from _lengths(text, prose(text))
    if isinstance(text, WrittenLesson) and text.writing.lang == "kk":
        yield from _foreign(text)


def paragraph_findings(
    text: Text, paragraph: Paragraph, glossary: Glossary, spelling: Spelling
) -> Iterator[Finding]:
    """Yield what is wrong with the words of one paragraph, whatever its length."""
    lang = text.writing.lang
    faults = [
        *_loud(paragraph.shown),
        *_links(paragraph.text, glossary),
        *_letters(paragraph.shown, lang, glossary),
        *(_misspelt(paragraph.shown, spelling) if lang == "kk" else ()),
        *_forbidden(paragraph.shown, lang, glossary),
    ]
    for lint, reason in faults:
        yield Finding(lint, text.path, paragraph.line, reason)


def _loud(shown: str) -> Iterator[tuple[str, str]]:
    letters = [letter for letter in shown if letter.isalpha()]
    if len(letters) >= CAPITALS and all(letter.isupper() for letter in letters):
        yield "capitals", "a line in capitals shouts"
    for match in PHONE.finditer(shown):
        yield "phone", f"{match[0]!r} looks like a phone number: help cards show the right ones"


def _links(text: str, glossary: Glossary) -> Iterator[tuple[str, str]]:
    for match in LINK.finditer(IMAGE.sub("", text)):
        target = match[2] or match[0]
        host = re.match(r"https://([^/]+)", target)
        if host is None or host[1] not in glossary.links:
            yield "link", f"{target} is not on the glossary's list of links"


def _letters(shown: str, lang: str, glossary: Glossary) -> Iterator[tuple[str, str]]:
    for word in WORD.findall(shown):
        if LATIN.search(word) and re.search(r"[^\W\dA-Za-z]", word):
            alien = next(letter for letter in word if LATIN.match(letter))
            yield "look-alike", f"{word!r} has a {name(alien).lower()} among other letters"
        elif LATIN.search(word) and word.lower() not in glossary.latin:
            yield "look-alike", f"{word!r} is in Latin letters; if it must be, list it in latin"
        elif lang == "ru" and set(word.lower()) & set(KAZAKH_LETTERS):
            yield "look-alike", f"{word!r} has a Kazakh letter in a Russian text"


def _misspelt(shown: str, spelling: Spelling) -> Iterator[tuple[str, str]]:
    for word in WORD.findall(shown):
        right = spelling.meant(word)
        if right is not None:
            yield "spelling", f"{word!r} comes from {right!r} and is typed with Russian letters"


def _forbidden(shown: str, lang: str, glossary: Glossary) -> Iterator[tuple[str, str]]:
    for rule in glossary.forbidden:
        match = rule.pattern.search(shown) if rule.lang == lang else None
        if match:
            yield "forbidden", f"{match[0]!r}: say instead: {rule.instead}"


def _lengths(text: Text, said: tuple[Paragraph, ...]) -> Iterator[Finding]:
    lengths = []
    for paragraph in said:
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
