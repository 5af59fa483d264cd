from datetime import date

import pytest

from tirek.domain.education import (
    CoreDay,
    Course,
    Lesson,
    LessonFacts,
    LessonText,
    Reader,
    Review,
    Sensitivity,
    Signature,
    Strand,
    TextStatus,
    UnknownCardError,
    UnknownLessonError,
    is_served,
)

FACTS = LessonFacts(
    ages=(0, 17),
    readers=(Reader.PARENT,),
    strand=Strand.RESILIENCE,
    skills=(),
    sensitivity=Sensitivity.NONE,
    minutes=5,
    sources=(),
    is_printable=True,
)
UNSIGNED = Review(None, None, None, None)
TEXT = LessonText(
    lang="kk",
    title="Сабақ",
    cards=(),
    rev=1,
    status=TextStatus.DRAFT,
    review=UNSIGNED,
    is_outdated=False,
    audio=None,
    digest="",
)


def a_lesson(number: int) -> Lesson:
    return Lesson(f"lesson-{number}", number, FACTS, (), {})


def a_course(*lessons: Lesson) -> Course:
    core = (CoreDay(1, "lesson-2"),)
    return Course("course", 1, (0, 17), Strand.RESILIENCE, lessons, core, (), {})


def test_a_course_finds_a_lesson_and_the_one_after_it() -> None:
    course = a_course(a_lesson(1), a_lesson(2))

    assert course.lesson("lesson-2").number == 2
    assert course.lesson_after("lesson-1") == a_lesson(2)
    assert course.lesson_after("lesson-2") is None
    with pytest.raises(UnknownLessonError):
        course.lesson("lesson-3")


def test_a_course_knows_its_short_path_and_its_length() -> None:
    course = a_course(a_lesson(1), a_lesson(2))

    assert (course.core_day("lesson-1"), course.core_day("lesson-2")) == (None, 1)
    assert course.minutes == 10


def test_a_text_without_the_card_says_so() -> None:
    with pytest.raises(UnknownCardError):
        TEXT.card("why")


def test_a_review_is_complete_with_three_signatures_and_a_day_for_the_next() -> None:
    signed = Signature(date(2026, 9, 1), "psychologist")

    assert Review(signed, signed, signed, date(2027, 9, 1)).is_complete
    assert not Review(signed, signed, signed, None).is_complete
    assert not Review(signed, None, signed, date(2027, 9, 1)).is_complete


@pytest.mark.parametrize("status", TextStatus)
def test_only_signed_texts_are_served_where_signatures_are_required(status: TextStatus) -> None:
    assert is_served(status, with_texts_in_review=False) is (status is TextStatus.APPROVED)


def test_a_site_may_show_texts_in_review_but_never_drafts() -> None:
    shown = {status for status in TextStatus if is_served(status, with_texts_in_review=True)}

    assert shown == {TextStatus.APPROVED, TextStatus.IN_REVIEW}
