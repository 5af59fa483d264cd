"""How far a parent has come in a course, and where to go on: from what was kept, not from a row.

Progress hangs on the ids of lessons and cards, which are the same in every language.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tirek.domain.education import Course, Lesson, Strand, TextStatus

SUGGESTED = 3


@dataclass(frozen=True, slots=True)
class LessonState:
    """What is kept of one lesson: the card last reached, when, and whether it is finished."""

    lesson_id: str
    card_id: str | None
    seen_at: datetime
    is_done: bool
    is_declined: bool = False


States = Mapping[str, LessonState]


@dataclass(frozen=True, slots=True)
class CourseReading:
    """A course that somebody has begun: what is read, where to go on, how long it still takes."""

    course: Course
    done: frozenset[str]
    following: Lesson | None
    # The card of that lesson at which to go on; None is its beginning.
    card_id: str | None
    minutes_left: int
    seen_at: datetime
    is_finished: bool

    @property
    def core_days_done(self) -> int:
        """How many days of the short path are read."""
        return sum(core.lesson_id in self.done for core in self.course.core_path)


def reading_of(shown: Course, whole: Course, states: States) -> CourseReading | None:
    """How far the reader is; None where nothing of the course was ever opened.

    `shown` has the lessons that this reader may see, `whole` all of them: only who has read the
    whole course has finished it.
    """
    if not states:
        return None
    done = frozenset(state.lesson_id for state in states.values() if state.is_done)
    following = _following(shown, states)
    kept = states.get(following.id) if following is not None else None
    return CourseReading(
        course=shown,
        done=done,
        following=following,
        card_id=kept.card_id if kept is not None else None,
        minutes_left=sum(minutes_left(one, states) for one in shown.lessons),
        seen_at=max(state.seen_at for state in states.values()),
        is_finished=has_finished(whole, done),
    )


def lessons_to_read(course: Course) -> tuple[Lesson, ...]:
    """The lessons that make up a course: all but those that were taken back."""
    return tuple(lesson for lesson in course.lessons if not _is_taken_back(lesson))


def has_finished(course: Course, done: Iterable[str]) -> bool:
    """Whether every lesson of the course is read; the short path alone is not the course."""
    needed = {lesson.id for lesson in lessons_to_read(course)}
    return bool(needed) and needed <= set(done)


def minutes_left(lesson: Lesson, states: States) -> int:
    """How long the rest of a lesson takes: nothing once it is read or put aside."""
    state = states.get(lesson.id)
    if state is None:
        return lesson.facts.minutes
    if state.is_done or state.is_declined:
        return 0
    cards = card_ids(lesson)
    reached = cards.index(state.card_id) if state.card_id in cards else 0
    # The card itself may not be read yet; rounded up, because promising less is a lie.
    return -(-lesson.facts.minutes * (len(cards) - reached) // len(cards))


def card_ids(lesson: Lesson) -> tuple[str, ...]:
    """The cards of a lesson in order; both languages have the same ones."""
    text = next(iter(lesson.texts.values()))
    return tuple(card.id for card in text.cards)


def cards_up_to(lesson: Lesson, card_id: str) -> tuple[str, ...]:
    """The cards that whoever has reached this one has passed, itself among them."""
    cards = card_ids(lesson)
    return cards[: cards.index(card_id) + 1]


def suggested(
    courses: Iterable[Course], ages: Iterable[int], *, special_needs: bool
) -> list[Course]:
    """At most three courses for children of these ages, those made for fewer ages first."""
    asked = tuple(ages)
    fitting = [
        course
        for course in courses
        if any(course.ages[0] <= age <= course.ages[1] for age in asked)
        and (special_needs or course.strand is not Strand.SPECIAL_NEEDS)
    ]
    ordered = sorted(
        fitting,
        key=lambda one: (
            one.strand is not Strand.SPECIAL_NEEDS,
            one.ages[1] - one.ages[0],
            one.order,
        ),
    )
    return ordered[:SUGGESTED]


def _following(course: Course, states: States) -> Lesson | None:
    """Where to go on: the lesson that was left in the middle last, else the next unread one."""
    open_ones = [
        lesson
        for lesson in course.lessons
        if not (state := states.get(lesson.id)) or not (state.is_done or state.is_declined)
    ]
    begun = [lesson for lesson in open_ones if lesson.id in states]
    latest = max(states.values(), key=lambda state: state.seen_at)
    if begun and not latest.is_done:
        return max(begun, key=lambda lesson: states[lesson.id].seen_at)
    place = next((one.number for one in course.lessons if one.id == latest.lesson_id), 0)
    after = [lesson for lesson in open_ones if lesson.number > place]
    return next(iter([*after, *open_ones]), None)


def _is_taken_back(lesson: Lesson) -> bool:
    return any(text.status is TextStatus.RETIRED for text in lesson.texts.values())
