"""What a lesson's public page shows to a parent who is signed in: place, star, time left."""

from dataclasses import dataclass

from tirek.domain.education import Card, Course, Lesson, UnknownCardError
from tirek.domain.permissions import Permission, may
from tirek.domain.reading import card_ids, minutes_left
from tirek.services import bookmarks, courses
from tirek.web.access import current_actor
from tirek.web.i18n import data_lang
from tirek.web.transaction import unit


@dataclass(frozen=True, slots=True)
class LessonAccount:
    """How one reader stands with one lesson."""

    is_starred: bool
    is_done: bool
    # Where the reader stopped, in the words of this page's language.
    card: Card | None
    # Its place among the cards; what the browser sends by itself lies beyond it.
    place: int
    minutes_left: int


def lesson_account(course: Course, lesson: Lesson) -> LessonAccount | None:
    """Note that the lesson is open and say how it stands; None for readers without an account."""
    if not may(current_actor(), Permission.FOLLOW_COURSES):
        return None
    state = courses.open_lesson(unit(), course, lesson, data_lang())
    cards = card_ids(lesson)
    reached = state.card_id if state is not None and state.card_id in cards else None
    return LessonAccount(
        is_starred=bookmarks.is_starred(unit(), course.id, lesson.id),
        is_done=state is not None and state.is_done,
        card=_card(lesson, reached),
        place=cards.index(reached) if reached is not None else -1,
        minutes_left=minutes_left(lesson, {lesson.id: state} if state is not None else {}),
    )


def _card(lesson: Lesson, card_id: str | None) -> Card | None:
    """The card; nothing for the first one, where the page begins anyway."""
    if card_id is None or card_id == card_ids(lesson)[0]:
        return None
    try:
        return lesson.text(data_lang()).card(card_id)
    except UnknownCardError:
        return None
