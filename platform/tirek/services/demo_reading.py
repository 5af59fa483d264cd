"""What the demo's parents have read: one course to the end, one lesson left in the middle."""

from collections.abc import Sequence
from dataclasses import replace

from tirek.domain.reading import card_ids
from tirek.services import accounts, bookmarks, certificates, courses
from tirek.services.demo_pupils import Family
from tirek.services.demo_size import Workshop
from tirek.services.unit import Unit

FINISHED, BEGUN = "family-ties", "safe-child"
# Lessons of the begun course that are read; the next one was left at its third card.
READ, LEFT_AT = 2, 2
LANGUAGES = ("kk", "ru")


def fill(workshop: Workshop, families: Sequence[Family]) -> None:
    """Every other family has a certificate; all can go on where they stopped."""
    with workshop.begin() as unit:
        for number, family in enumerate(families):
            account = family.login.account
            parent = replace(unit, actor=accounts.actor_of(account))
            spoken = account.language if account.language in LANGUAGES else LANGUAGES[0]
            if number % 2 == 0:
                _read(parent, FINISHED, spoken)
                certificates.issue(parent, FINISHED)
            _begin(parent, spoken)


def _read(unit: Unit, course_id: str, language: str, most: int | None = None) -> None:
    course = unit.catalog.courses[course_id]
    for lesson in course.lessons[:most]:
        courses.open_lesson(unit, course, lesson, language)
        if unit.actor.account_id is not None:
            courses.record_lesson_done(unit.session, unit.actor.account_id, course.id, lesson.id)


def _begin(unit: Unit, language: str) -> None:
    course = unit.catalog.courses[BEGUN]
    _read(unit, BEGUN, language, READ)
    left = course.lessons[READ]
    courses.open_lesson(unit, course, left, language)
    courses.reach_card(unit, course, left, card_ids(left)[LEFT_AT], forward_only=True)
    bookmarks.star(unit, course.id, left.id)
    bookmarks.star(unit, course.id, course.lessons[READ + 1].id)
