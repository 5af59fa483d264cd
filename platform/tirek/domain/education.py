"""Courses for parents: short lessons made of cards, the same in every language.

Sizes follow the outline of the project's parents' part: a lesson of 4-8 minutes and at most
500 words, made of 3-6 cards. The limits themselves are lints of the catalog, not rules here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class UnknownLessonError(LookupError):
    """The course has no lesson with this id."""


class UnknownCardError(LookupError):
    """The lesson has no card with this id."""


class CardKind(StrEnum):
    """What a card is for; the app adds the local contacts to a help card when it is shown."""

    WHY = "why"
    HOW = "how"
    EXAMPLE = "example"
    TRY = "try"
    CHECK = "check"
    HELP = "help"


class TextStatus(StrEnum):
    """How far a text has come; only an approved one is served where reviews are required."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RETIRED = "retired"


class Strand(StrEnum):
    """The three strands of the state's parents' programme 3.0."""

    RESILIENCE = "A"
    SAFETY = "B"
    SPECIAL_NEEDS = "C"


class Sensitivity(StrEnum):
    """The hard topic a lesson touches; anything but `none` asks for the quick exit."""

    NONE = "none"
    VIOLENCE = "violence"
    SELF_HARM = "self-harm"
    SEXUAL_SAFETY = "sexual-safety"
    DIVORCE = "divorce"
    GRIEF = "grief"


class Reader(StrEnum):
    """Whom a lesson speaks to."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    GRANDPARENT = "grandparent"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who found a text good, and on which day."""

    on: date
    by: str


@dataclass(frozen=True, slots=True)
class Review:
    """The three readings a text needs, and the day by which they must be repeated."""

    content: Signature | None
    language: Signature | None
    child_safety: Signature | None
    due: date | None

    @property
    def is_complete(self) -> bool:
        """Whether all three have signed and a day for the next reading is set."""
        return None not in (self.content, self.language, self.child_safety, self.due)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact or the choice of a topic comes from; `lang` is the citation's language."""

    id: str
    lang: str
    citation: str
    licence: str
    url: str | None
    read: date | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a self-check: never right or wrong, always explained; both are safe HTML."""

    id: str
    label: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Card:
    """One idea of a lesson; `html` is safe to print, `choices` belong to a check."""

    id: str
    kind: CardKind
    title: str
    html: str
    choices: tuple[Choice, ...] = ()

    def choice(self, choice_id: str) -> Choice | None:
        """Return the choice, or None where the reader sent something else."""
        return next((choice for choice in self.choices if choice.id == choice_id), None)


@dataclass(frozen=True, slots=True)
class AudioFile:
    """One format of a recording, as it lies in media/<folder>/<name>."""

    folder: str
    name: str
    mimetype: str
    size: int


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording of exactly this text; the smallest format first."""

    seconds: int
    files: tuple[AudioFile, ...]

    @property
    def minutes(self) -> int:
        """How long it lasts, in whole minutes, at least one."""
        return max(1, round(self.seconds / 60))


@dataclass(frozen=True, slots=True)
class LessonText:
    """One lesson in one language; `digest` changes whenever the text does."""

    lang: str
    title: str
    cards: tuple[Card, ...]
    rev: int
    status: TextStatus
    review: Review
    is_outdated: bool
    audio: Audio | None
    digest: str
    # What the lesson trains, in words of this language.
    skills: tuple[str, ...] = ()

    def card(self, card_id: str) -> Card:
        """Return the card; raise UnknownCardError if there is none."""
        for card in self.cards:
            if card.id == card_id:
                return card
        raise UnknownCardError(card_id)


@dataclass(frozen=True, slots=True)
class LessonFacts:
    """What is true of a lesson in every language; ages are whole years, minutes 4-8."""

    ages: tuple[int, int]
    readers: tuple[Reader, ...]
    strand: Strand
    skills: tuple[str, ...]
    sensitivity: Sensitivity
    minutes: int
    sources: tuple[str, ...]
    is_printable: bool


@dataclass(frozen=True, slots=True)
class Lesson:
    """One sitting of a course; its id and its cards' ids stay forever, progress hangs on them."""

    id: str
    number: int
    facts: LessonFacts
    sources: tuple[Source, ...]
    texts: Mapping[str, LessonText]

    def text(self, lang: str) -> LessonText:
        """Return the lesson's words; both languages always have them, so KeyError is a bug."""
        return self.texts[lang]

    @property
    def is_sensitive(self) -> bool:
        """Whether the page needs the quick exit."""
        return self.facts.sensitivity is not Sensitivity.NONE


@dataclass(frozen=True, slots=True)
class CourseText:
    """What a course says about itself in one language; summary and audience are safe HTML."""

    lang: str
    title: str
    summary: str
    audience: str
    status: TextStatus
    review: Review
    is_outdated: bool


@dataclass(frozen=True, slots=True)
class CoreDay:
    """One day of the 5-day short path."""

    day: int
    lesson_id: str


@dataclass(frozen=True, slots=True)
class Course:
    """Lessons in a suggested order, nothing locked; the core path is for those with 5 days."""

    id: str
    order: int
    ages: tuple[int, int]
    strand: Strand
    lessons: tuple[Lesson, ...]
    core_path: tuple[CoreDay, ...]
    prerequisites: tuple[str, ...]
    texts: Mapping[str, CourseText]

    def text(self, lang: str) -> CourseText:
        """Return what the course says about itself in this language."""
        return self.texts[lang]

    def lesson(self, lesson_id: str) -> Lesson:
        """Return the lesson; raise UnknownLessonError if there is none."""
        for lesson in self.lessons:
            if lesson.id == lesson_id:
                return lesson
        raise UnknownLessonError(lesson_id)

    def lesson_after(self, lesson_id: str) -> Lesson | None:
        """Return the next lesson in the suggested order, None after the last."""
        place = self.lessons.index(self.lesson(lesson_id)) + 1
        return self.lessons[place] if place < len(self.lessons) else None

    def core_day(self, lesson_id: str) -> int | None:
        """Return the lesson's day on the core path, None if it is extra depth."""
        days = (core.day for core in self.core_path if core.lesson_id == lesson_id)
        return next(days, None)

    @property
    def minutes(self) -> int:
        """How long all lessons take together."""
        return sum(lesson.facts.minutes for lesson in self.lessons)


def is_served(status: TextStatus, *, with_texts_in_review: bool) -> bool:
    """Whether readers see a text: approved ones always, unsigned ones only where a site allows."""
    return status is TextStatus.APPROVED or (
        with_texts_in_review and status is TextStatus.IN_REVIEW
    )


@dataclass(frozen=True, slots=True)
class MemoPart:
    """What stands under one heading of a memo; `html` is safe to print."""

    title: str | None
    html: str


@dataclass(frozen=True, slots=True)
class MemoText:
    """A memo in one language; `digest` changes whenever the text does."""

    lang: str
    title: str
    parts: tuple[MemoPart, ...]
    status: TextStatus
    review: Review
    is_outdated: bool
    digest: str


@dataclass(frozen=True, slots=True)
class Memo:
    """One sheet to print and hang up or hand out; `lessons` go deeper, as (course, lesson)."""

    id: str
    order: int
    ages: tuple[int, int]
    sensitivity: Sensitivity
    lessons: tuple[tuple[str, str], ...]
    sources: tuple[Source, ...]
    texts: Mapping[str, MemoText]

    def text(self, lang: str) -> MemoText:
        """Return the memo's words; both languages always have them."""
        return self.texts[lang]

    @property
    def is_sensitive(self) -> bool:
        """Whether the page needs the quick exit."""
        return self.sensitivity is not Sensitivity.NONE
