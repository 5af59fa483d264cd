"""How a course opens and ends: today's 15 minutes first, whom to ask last."""

from collections.abc import Iterator

from tirek.catalog.content.files import WrittenLesson
from tirek.catalog.content.survey import Folder
from tirek.catalog.errors import Finding
from tirek.domain.education import CardKind

OPENING = (CardKind.TRY, "fifteen-minutes")
ENDING = (CardKind.HELP, "who-to-ask")


def course_findings(folder: Folder) -> Iterator[Finding]:
    """Yield the lessons whose first or last card is not the one readers learn to expect."""
    plan = folder.plan
    for lessons in folder.lessons.values():
        yield from _frame(lessons.get(plan.lessons[0]), 0, OPENING)
        yield from _frame(lessons.get(plan.lessons[-1]), -1, ENDING)
        for lesson in lessons.values():
            if lesson.cards and lesson.cards[-1].kind is not CardKind.HELP:
                reason = "a lesson ends with a help card"
                yield Finding("frame", lesson.path, lesson.cards[-1].line, reason)


def _frame(
    lesson: WrittenLesson | None, place: int, expected: tuple[CardKind, str]
) -> Iterator[Finding]:
    if lesson is None or not lesson.cards:
        return
    card = lesson.cards[place]
    if (card.kind, card.id) != expected:
        reason = f"here the course has its {expected[0]} card {expected[1]!r}"
        yield Finding("frame", lesson.path, card.line, reason)
