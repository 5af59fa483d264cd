"""What a finished questionnaire about oneself comes to: a picture in words, and a few lessons."""

from collections.abc import Sequence
from dataclasses import dataclass

from tirek.domain.attitudes import Advice, Picture, Reader, Side, advise, picture_of
from tirek.domain.education import Course
from tirek.domain.parents import Occasion
from tirek.services import courses as reading
from tirek.services import own_children, recommendations, self_scores
from tirek.services.self_reports import Report
from tirek.services.unit import Unit


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole of it; `has_words` says whether the instrument draws any line to speak about."""

    picture: Picture
    advice: Advice
    has_words: bool


def outcome(unit: Unit, report: Report, courses: Sequence[Course]) -> Outcome:
    """The picture of a finished report, and lessons from these courses."""
    sides = self_scores.sides(unit, report.id, report.instrument)
    reader = Reader(
        report.about.child_age,
        recommendations.passed(unit),
        has_special_needs=own_children.ages(unit).has_special_needs,
    )
    return Outcome(
        picture_of(sides),
        advise(report.instrument.id, sides, courses, reader),
        has_words=bool(report.instrument.interpretation.bands) and _is_known(sides),
    )


def occasion(unit: Unit, course: Course) -> Occasion:
    """Seen from a course: before it, after its core path, or somewhere in between."""
    kept = reading.states(unit).get(course.id, {})
    done = {lesson_id for lesson_id, state in kept.items() if state.is_done}
    core = {day.lesson_id for day in course.core_path} or {one.id for one in course.lessons}
    if not done:
        return Occasion.BEFORE
    return Occasion.AFTER if core <= done else Occasion.OTHER


def _is_known(sides: Sequence[Side]) -> bool:
    return any(side.band is not None for side in sides)
