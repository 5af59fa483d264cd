"""Kazakh and Russian are equal: what one language's lesson has, the other's has too."""

from collections.abc import Iterator
from dataclasses import fields
from itertools import zip_longest

from tirek.catalog.content.cards import WrittenCard
from tirek.catalog.content.files import WrittenLesson
from tirek.catalog.errors import Finding
from tirek.domain.education import LessonFacts

FIELD_NAMES = {"readers": "audience", "sensitivity": "sensitive", "is_printable": "print"}


def unequal(one: WrittenLesson, other: WrittenLesson) -> Iterator[Finding]:
    """Yield every difference that would make two lessons of one, named at the second file."""
    yield from _facts(one, other)
    for left, right in zip_longest(one.cards, other.cards):
        if left is None or right is None or (left.id, left.kind) != (right.id, right.kind):
            line = right.line if right else other.title.number
            reason = f"{_name(right)} stands where {one.writing.lang} has {_name(left)}"
            yield Finding("cards", other.path, line, reason)
            return
        yield from _inside(one.writing.lang, left, right, other)


def _facts(one: WrittenLesson, other: WrittenLesson) -> Iterator[Finding]:
    for field in fields(LessonFacts):
        if getattr(one.front.facts, field.name) != getattr(other.front.facts, field.name):
            name = FIELD_NAMES.get(field.name, field.name)
            reason = f"{name!r} is not the same as in {one.writing.lang}"
            yield Finding("facts", other.path, other.keys.mapping.key_lines[name], reason)


def _inside(
    lang: str, left: WrittenCard, right: WrittenCard, other: WrittenLesson
) -> Iterator[Finding]:
    if left.steps != right.steps:
        reason = f"{right.steps} steps in card {right.id!r}, {left.steps} in {lang}"
        yield Finding("steps", other.path, right.line, reason)
    if len(left.choices) != len(right.choices):
        reason = f"{len(right.choices)} choices in card {right.id!r}, {len(left.choices)} in {lang}"
        yield Finding("choices", other.path, right.line, reason)


def _name(card: WrittenCard | None) -> str:
    return f"{card.kind} card {card.id!r}" if card else "no card"
