"""What of a page is read by others: its address in a history, and the title of its tab."""

import pytest

from tests.telling import telling
from tests.world import the_catalog

COURSES = the_catalog().courses.values()
ADDRESSES = [
    *(f"/courses/{course.id}/{lesson.id}" for course in COURSES for lesson in course.lessons),
    *(f"/materials/{memo}" for memo in the_catalog().memos),
]
# The fears of every child of seven: the dark, dogs, a test at school.
EVERYDAY = {"fears-and-worry"}
# What is not marked as a hard topic bears its own title.
OPEN = [
    lesson
    for course in COURSES
    for lesson in course.lessons
    if not lesson.is_sensitive and lesson.id not in EVERYDAY
]


def test_no_address_tells_why_somebody_reads() -> None:
    assert {address: telling(address) for address in ADDRESSES if telling(address)} == {}


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_titles_that_tell_are_of_lessons_marked_as_hard(lang: str) -> None:
    titles = [lesson.text(lang).title for lesson in OPEN] + [
        memo.text(lang).title for memo in the_catalog().memos.values() if not memo.is_sensitive
    ]
    assert [title for title in titles if telling(title)] == []
