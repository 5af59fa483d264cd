"""What of the courses a reader can find by its words, in each language."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from tirek.catalog.content.front import LANGUAGES
from tirek.domain.education import Course, Lesson
from tirek.domain.search import Document, Passage, SearchIndex

_TAG = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"\s+")
# A word of the title says more about a text than one in the middle of a card.
_TITLE, _HEADING, _SUMMARY, _BODY = 8.0, 4.0, 4.0, 1.0


def lesson_indexes(
    courses: Iterable[Course], asked: Mapping[str, Mapping[str, str]]
) -> Mapping[str, SearchIndex]:
    """Return an index of every course and lesson by language; `asked` are words by lesson."""
    every = tuple(courses)
    return MappingProxyType(
        {lang: SearchIndex(_documents(every, asked, lang)) for lang in sorted(LANGUAGES)}
    )


def _documents(
    courses: Iterable[Course], asked: Mapping[str, Mapping[str, str]], lang: str
) -> Iterator[Document]:
    for course in courses:
        yield _of_course(course, lang)
        for lesson in course.lessons:
            yield _of_lesson(course, lesson, lang, asked.get(lesson.id, {}).get(lang, ""))


def _of_course(course: Course, lang: str) -> Document:
    text = course.text(lang)
    return Document(
        course.id,
        (
            Passage(text.title, _TITLE),
            Passage(_plain(text.summary), _SUMMARY),
            Passage(_plain(text.audience), _BODY),
        ),
    )


def _of_lesson(course: Course, lesson: Lesson, lang: str, asked: str) -> Document:
    text = lesson.text(lang)
    passages = [Passage(text.title, _TITLE)]
    for card in text.cards:
        passages.append(Passage(card.title + ".", _HEADING))
        passages.append(Passage(_plain(card.html), _BODY))
        passages.extend(
            Passage(_plain(f"{choice.label} {choice.explanation}"), _BODY)
            for choice in card.choices
        )
    keywords = " ".join((*text.skills, asked))
    return Document(f"{course.id}/{lesson.id}", tuple(passages), keywords)


def _plain(markup: str) -> str:
    """The words without their markup; blocks stay apart by a space."""
    return _SPACES.sub(" ", html.unescape(_TAG.sub(" ", markup))).strip()
