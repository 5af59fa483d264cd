"""Sizes a tired reader with a cheap phone can take in (IoGT content tips; our own tighter ones)."""

from collections.abc import Iterator
from math import ceil

from tirek.catalog.content.cards import WrittenCard
from tirek.catalog.content.files import WrittenLesson
from tirek.catalog.content.prose import card_prose, heading, words
from tirek.catalog.errors import Finding
from tirek.domain.education import CardKind

TITLE_WORDS = range(2, 8)
CARDS = range(3, 7)
STEPS = range(3, 6)
MINUTES = range(4, 9)
CARD_WORDS = 90
LESSON_WORDS = 500
WORDS_A_MINUTE = 130


def size_findings(lesson: WrittenLesson) -> Iterator[Finding]:
    """Yield every size out of its limits."""
    title = len(words([heading(lesson.title)]))
    if title not in TITLE_WORDS:
        reason = f"the title has {title} words, not {_span(TITLE_WORDS)}"
        yield Finding("title", lesson.path, lesson.title.number, reason)
    if len(lesson.cards) not in CARDS:
        reason = f"{len(lesson.cards)} cards, not {_span(CARDS)}"
        yield Finding("size", lesson.path, lesson.title.number, reason)
    for card in lesson.cards:
        yield from _card(lesson, card)
    yield from _whole(lesson, title + sum(map(_words, lesson.cards)))


def _card(lesson: WrittenLesson, card: WrittenCard) -> Iterator[Finding]:
    if _words(card) > CARD_WORDS:
        reason = f"card {card.id!r} has {_words(card)} words, more than {CARD_WORDS}"
        yield Finding("size", lesson.path, card.line, reason)
    if card.kind is CardKind.HOW and card.steps not in STEPS:
        reason = f"card {card.id!r} has {card.steps} steps, not {_span(STEPS)}"
        yield Finding("steps", lesson.path, card.line, reason)
    asked = any(line.text.rstrip().endswith("?") for line in card.body)
    if card.kind in {CardKind.TRY, CardKind.CHECK} and not asked:
        yield Finding("question", lesson.path, card.line, f"card {card.id!r} asks nothing")


def _whole(lesson: WrittenLesson, count: int) -> Iterator[Finding]:
    if count > LESSON_WORDS:
        reason = f"{count} words, more than {LESSON_WORDS}"
        yield Finding("size", lesson.path, lesson.title.number, reason)
    tasks = sum(1 for card in lesson.cards if card.kind is CardKind.TRY)
    expected, stated = ceil(count / WORDS_A_MINUTE) + tasks, lesson.front.facts.minutes
    if abs(stated - expected) > 1 or stated not in MINUTES:
        line = lesson.keys.mapping.key_lines["minutes"]
        reason = f"{count} words and {tasks} tasks take {expected} minutes, not {stated}"
        yield Finding("minutes", lesson.path, line, reason)


def _words(card: WrittenCard) -> int:
    return len(words([heading(card.title), *card_prose(card)]))


def _span(limits: range) -> str:
    return f"{limits[0]} to {limits[-1]}"
