"""What a parent looks for among the courses: the question of an address, and what answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import request

from tirek.domain.education import Course, Lesson, Strand
from tirek.domain.search import LONGEST_QUERY, Findings, Piece
from tirek.services import paging
from tirek.web.access import catalog
from tirek.web.i18n import TRANSLATED, data_lang

OLDEST = 18
SHORT_LESSONS = (4, 5, 6, 8)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; None where the reader did not care."""

    words: str
    age: int | None
    strand: Strand | None
    minutes: int | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked: then all courses are shown."""
        return not (self.words or self.is_narrow or self.minutes)

    @property
    def is_narrow(self) -> bool:
        """Whether courses are chosen by age or topic."""
        return self.age is not None or self.strand is not None

    @property
    def wants_lessons(self) -> bool:
        """Whether single lessons answer it better than whole courses."""
        return bool(self.words or self.minutes)

    def fits(self, course: Course, lesson: Lesson) -> bool:
        """Whether a lesson is for this age, on this topic and short enough."""
        youngest, oldest = lesson.facts.ages
        return (
            (self.age is None or youngest <= self.age <= oldest)
            and (self.strand is None or self.strand in {course.strand, lesson.facts.strand})
            and (self.minutes is None or lesson.facts.minutes <= self.minutes)
        )


@dataclass(frozen=True, slots=True)
class Result:
    """A lesson that answers, or a whole course, with what was looked for marked."""

    course: Course
    lesson: Lesson | None
    title: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]
    lang: str

    @property
    def is_hard(self) -> bool:
        """Whether it is a lesson about something hard."""
        return self.lesson is not None and self.lesson.is_sensitive


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found in the language of the page, and what only the other one has."""

    page: paging.Page[Result]
    has_all_words: bool
    is_sure: bool
    # Another language, and how many of its texts have the words, where they say more than ours.
    other_lang: str | None = None
    other_total: int = 0
    others: Sequence[Result] = field(default_factory=list)


# So many of the other language's are shown before its own page is opened.
_OTHERS = 5


def read_wish() -> Wish:
    """The question of the address; what cannot be meant counts as not asked."""
    strand = request.args.get("strand", "")
    return Wish(
        words=" ".join(request.args.get("q", "")[:LONGEST_QUERY].split()),
        age=_number("age", OLDEST),
        strand=Strand(strand) if strand in set(Strand) else None,
        minutes=_number("minutes", max(SHORT_LESSONS)),
    )


def fitting_courses(courses: list[Course], wish: Wish) -> list[Course]:
    """Courses with a lesson for this age and topic."""
    return [one for one in courses if any(wish.fits(one, lesson) for lesson in one.lessons)]


def answer(courses: list[Course], wish: Wish) -> Answer:
    """Lessons and courses with the words asked for, best first; all that fit where none were."""
    shown = _shown(courses, wish)
    number = request.args.get("page", 1, int)
    lang = data_lang()
    if not wish.words:
        fitting = paging.cut([key for key in shown if "/" in key], number)
        page = _results(fitting, shown, Findings(), lang)
        return Answer(page, has_all_words=True, is_sure=True)
    found = catalog().searches[lang].find(wish.words, shown)
    page = _results(paging.cut(found.ids, number), shown, found, lang)
    others = _elsewhere(wish, shown, found)
    if others is None:
        return Answer(page, found.has_all_words, found.is_sure)
    other_lang, elsewhere = others
    few = _results(paging.cut(elsewhere.ids[:_OTHERS], 1), shown, elsewhere, other_lang)
    return Answer(
        page,
        found.has_all_words,
        found.is_sure,
        other_lang,
        len(elsewhere.ids),
        few.rows if not found.ids else [],
    )


def _elsewhere(
    wish: Wish, shown: Mapping[str, object], found: Findings
) -> tuple[str, Findings] | None:
    """The other language, where it has the words and this page's has them not, or hardly."""
    if found.ids and found.is_sure and found.has_all_words:
        return None
    lang = next(one for one in TRANSLATED if one != data_lang())
    elsewhere = catalog().searches[lang].find(wish.words, shown)
    is_better = elsewhere.is_sure and (elsewhere.has_all_words or not found.ids)
    return (lang, elsewhere) if elsewhere.ids and is_better else None


Shown = Mapping[str, tuple[Course, Lesson | None]]


def _shown(courses: list[Course], wish: Wish) -> Shown:
    """By its id in the index: every course and lesson that may be an answer."""
    found: dict[str, tuple[Course, Lesson | None]] = {}
    for course in courses:
        fitting = [lesson for lesson in course.lessons if wish.fits(course, lesson)]
        if fitting and wish.minutes is None:
            found[course.id] = (course, None)
        found.update({f"{course.id}/{lesson.id}": (course, lesson) for lesson in fitting})
    return found


def _results(
    page: paging.Page[str], shown: Shown, found: Findings, lang: str
) -> paging.Page[Result]:
    index = catalog().searches[lang]
    rows = [
        Result(*shown[key], index.title(found, key), index.excerpt(found, key), lang)
        for key in page.rows
    ]
    return paging.Page(rows, page.number, page.pages, page.total)


def _number(name: str, highest: int) -> int | None:
    number = request.args.get(name, type=int)
    return number if number is not None and 0 <= number <= highest else None
