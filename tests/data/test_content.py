from datetime import UTC, datetime
from pathlib import Path

import html5lib
import pytest

from tirek.catalog.content import load_courses
from tirek.catalog.content.lints import lint_courses
from tirek.domain.education import Card, CardKind

CONTENT = Path(__file__).resolve().parents[2] / "content"
COURSES = load_courses(CONTENT)
CARDS = [
    pytest.param(card, id=f"{lang}/{lesson.id}/{card.id}")
    for course in COURSES.values()
    for lesson in course.lessons
    for lang, text in lesson.texts.items()
    for card in text.cards
]


def test_the_courses_have_no_fault() -> None:
    assert [str(finding) for finding in lint_courses(CONTENT, datetime.now(UTC).date())] == []


@pytest.mark.parametrize("card", CARDS)
def test_a_card_is_well_formed_html(card: Card) -> None:
    parts = [card.html]
    for choice in card.choices:
        parts += [choice.label, choice.explanation]

    for part in parts:
        assert part.strip()
        html5lib.HTMLParser(strict=True).parseFragment(part)


@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)
def test_every_lesson_gives_something_to_do_and_somebody_to_ask(course) -> None:
    for lesson in course.lessons:
        for text in lesson.texts.values():
            kinds = {card.kind for card in text.cards}
            assert {CardKind.TRY, CardKind.HELP} <= kinds


def test_no_two_courses_claim_the_same_place() -> None:
    assert len({course.order for course in COURSES.values()}) == len(COURSES)
