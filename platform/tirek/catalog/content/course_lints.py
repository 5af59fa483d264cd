"""How a course opens and ends, and what holds of all courses together."""

from collections.abc import Iterator

from tirek.catalog.content.files import WrittenLesson
from tirek.catalog.content.survey import Folder, Survey
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


def whole_findings(found: Survey) -> Iterator[Finding]:
    """Yield lesson ids and places that two courses claim: progress and links hang on the ids."""
    courses_by_lesson: dict[str, str] = {}
    courses_by_place: dict[int, str] = {}
    for folder in found.folders:
        plan, lines = folder.plan, folder.plan.keys.mapping.key_lines
        for lesson_id in plan.lessons:
            other = courses_by_lesson.setdefault(lesson_id, plan.id)
            if other != plan.id:
                reason = f"the lesson {lesson_id!r} stands in the course {other!r} already"
                yield Finding("unique", plan.path, lines["lessons"], reason)
        other = courses_by_place.setdefault(plan.order, plan.id)
        if other != plan.id:
            reason = f"the course {other!r} has the place {plan.order} already"
            yield Finding("unique", plan.path, lines["order"], reason)
    yield from _memo_places(found)


def _memo_places(found: Survey) -> Iterator[Finding]:
    taken: dict[int, str] = {}
    for memo in found.memos:
        sheet = memo.sheet
        other = taken.setdefault(sheet.order, sheet.id)
        if other != sheet.id:
            reason = f"the memo {other!r} has the place {sheet.order} already"
            yield Finding("unique", sheet.path, sheet.keys.mapping.key_lines["order"], reason)
