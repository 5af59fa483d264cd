"""A parent's shelf: where to go on, what is begun, starred and finished, and what may fit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tirek.domain.education import Course, Lesson, UnknownLessonError
from tirek.domain.reading import (
    CourseReading,
    LessonState,
    minutes_left,
    reading_of,
    suggested,
)
from tirek.services import bookmarks, courses, own_children
from tirek.services.unit import Unit


@dataclass(frozen=True, slots=True)
class GoOn:
    """The lesson to go on with: one tap leads to the card at which it was left."""

    course: Course
    lesson: Lesson
    card_id: str | None
    minutes_left: int


@dataclass(frozen=True, slots=True)
class StarredLesson:
    """A bookmark that this reader may open."""

    course: Course
    lesson: Lesson
    is_done: bool


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Courses for the ages of the parent's own children; none of them is known, none is named."""

    knows_children: bool
    courses: Sequence[Course]


@dataclass(frozen=True, slots=True)
class Shelf:
    """All of it, read anew each time: nothing here is kept ready."""

    go_on: GoOn | None
    begun: Sequence[CourseReading]
    finished: Sequence[CourseReading]
    starred: Sequence[StarredLesson]
    suggestions: Suggestions

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read or starred yet."""
        return not (self.begun or self.finished or self.starred)


def shelf(unit: Unit, shown: Iterable[Course]) -> Shelf:
    """The shelf of whoever acts; `shown` are the courses with the lessons they may see."""
    by_id = {course.id: course for course in shown}
    kept = courses.states(unit)
    readings = _readings(unit, by_id.values(), kept)
    begun = [one for one in readings if not one.is_finished]
    untouched = [course for course in by_id.values() if course.id not in kept]
    return Shelf(
        go_on=_go_on(begun, kept),
        begun=begun,
        finished=[one for one in readings if one.is_finished],
        starred=_starred(unit, by_id, kept),
        suggestions=_suggestions(unit, untouched),
    )


def go_on(unit: Unit, shown: Iterable[Course]) -> GoOn | None:
    """Only where to go on; None where nothing is begun, or all of it is read."""
    kept = courses.states(unit)
    return _go_on([one for one in _readings(unit, shown, kept) if not one.is_finished], kept)


Kept = dict[str, dict[str, LessonState]]


def _readings(unit: Unit, shown: Iterable[Course], kept: Kept) -> list[CourseReading]:
    """Every course that was begun, the one read last first."""
    found = (
        reading_of(course, unit.catalog.courses[course.id], kept.get(course.id, {}))
        for course in shown
    )
    begun = [one for one in found if one is not None]
    return sorted(begun, key=lambda one: one.seen_at, reverse=True)


def _go_on(begun: Iterable[CourseReading], kept: Kept) -> GoOn | None:
    for one in begun:
        if one.following is not None:
            left = minutes_left(one.following, kept[one.course.id])
            return GoOn(one.course, one.following, one.card_id, left)
    return None


def _starred(unit: Unit, by_id: dict[str, Course], kept: Kept) -> list[StarredLesson]:
    found = []
    for course_id, lesson_id in bookmarks.starred(unit):
        course = by_id.get(course_id)
        if course is None:
            continue
        try:
            lesson = course.lesson(lesson_id)
        except UnknownLessonError:
            continue
        state = kept.get(course_id, {}).get(lesson_id)
        found.append(StarredLesson(course, lesson, is_done=state is not None and state.is_done))
    return found


def _suggestions(unit: Unit, untouched: Iterable[Course]) -> Suggestions:
    ages = own_children.ages(unit)
    fitting = suggested(untouched, ages.years, special_needs=ages.has_special_needs)
    return Suggestions(bool(ages.years), fitting)
