from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.world import the_catalog
from tirek.domain.education import Course, TextStatus
from tirek.domain.reading import (
    LessonState,
    card_ids,
    cards_up_to,
    has_finished,
    lessons_to_read,
    minutes_left,
    reading_of,
    suggested,
)

COURSE = the_catalog().courses["calm-parent"]
FIRST, SECOND, THIRD = COURSE.lessons[:3]
NOON = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def state(
    lesson_id: str, card_id: str | None = None, *, at: int = 0, done: bool = False, **given: bool
) -> LessonState:
    return LessonState(lesson_id, card_id, NOON + timedelta(minutes=at), is_done=done, **given)


def following(*states: LessonState) -> str | None:
    found = reading_of(COURSE, COURSE, {one.lesson_id: one for one in states})
    assert found is not None
    return found.following.id if found.following is not None else None


def test_a_course_that_was_never_opened_is_not_begun():
    assert reading_of(COURSE, COURSE, {}) is None


def test_one_goes_on_in_the_lesson_left_in_the_middle():
    assert following(state(FIRST.id, done=True), state(SECOND.id, at=1)) == SECOND.id
    assert following(state(THIRD.id, at=1), state(FIRST.id)) == THIRD.id


def test_after_a_finished_lesson_comes_the_next_one_also_out_of_order():
    assert following(state(SECOND.id, done=True)) == THIRD.id
    last = COURSE.lessons[-1]
    assert following(state(last.id, done=True)) == FIRST.id, "from the end back to what is left"


def test_what_was_put_aside_is_not_led_to():
    assert following(state(FIRST.id, done=True), state(SECOND.id, is_declined=True)) == THIRD.id


def test_a_finished_course_leads_nowhere():
    assert following(*(state(one.id, done=True) for one in COURSE.lessons)) is None


def test_the_minutes_left_follow_the_cards():
    cards = card_ids(FIRST)
    minutes = FIRST.facts.minutes
    assert minutes_left(FIRST, {}) == minutes
    left = [minutes_left(FIRST, {FIRST.id: state(FIRST.id, card)}) for card in cards]
    assert left[0] == minutes
    assert left == sorted(left, reverse=True)
    assert left[-1] >= 1
    assert minutes_left(FIRST, {FIRST.id: state(FIRST.id, "no-longer-there")}) == minutes
    assert minutes_left(FIRST, {FIRST.id: state(FIRST.id, cards[-1], done=True)}) == 0


def test_the_cards_are_the_same_in_both_languages():
    for course in the_catalog().courses.values():
        for lesson in course.lessons:
            kk, ru = ([card.id for card in lesson.text(lang).cards] for lang in ("kk", "ru"))
            assert list(card_ids(lesson)) == kk == ru


def test_cards_passed_end_with_the_card_itself():
    cards = card_ids(FIRST)
    assert cards_up_to(FIRST, cards[2]) == cards[:3]
    with pytest.raises(ValueError, match="not in tuple"):
        cards_up_to(FIRST, "nowhere")


def test_a_lesson_that_was_taken_back_is_not_asked_for():
    texts = {lang: replace(text, status=TextStatus.RETIRED) for lang, text in FIRST.texts.items()}
    course = replace(COURSE, lessons=(replace(FIRST, texts=texts), *COURSE.lessons[1:]))
    assert FIRST.id not in {lesson.id for lesson in lessons_to_read(course)}
    assert has_finished(course, (lesson.id for lesson in COURSE.lessons[1:]))
    assert not has_finished(COURSE, (lesson.id for lesson in COURSE.lessons[1:]))
    assert not has_finished(replace(COURSE, lessons=()), ())


def test_who_may_see_half_of_a_course_has_not_finished_it():
    half = replace(COURSE, lessons=COURSE.lessons[:3])
    states = {lesson.id: state(lesson.id, done=True) for lesson in half.lessons}
    found = reading_of(half, COURSE, states)
    assert found is not None
    assert (found.following, found.minutes_left, found.is_finished) == (None, 0, False)


def names(courses: list[Course]) -> set[str]:
    return {course.id for course in courses}


def test_courses_are_suggested_by_age_and_need():
    every = the_catalog().courses.values()
    for_teens = suggested(every, [14], special_needs=False)
    assert for_teens[0].id == "teen"
    assert "special-needs" not in names(for_teens)
    assert suggested(every, [14], special_needs=True)[0].id == "special-needs"
    assert suggested(every, [], special_needs=False) == []
