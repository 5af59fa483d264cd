"""What readers think of a lesson: from nobody in particular, for those who write the lessons."""

from enum import StrEnum

from tirek.domain.education import Lesson
from tirek.services.unit import Unit
from tirek.storage.models.courses import LessonFeedback

LONGEST_WORDS = 500


class Verdict(StrEnum):
    """Whether a lesson was of use."""

    USEFUL = "useful"
    PARTLY = "partly"
    NOT_USEFUL = "not_useful"


def give(
    unit: Unit, course_id: str, lesson: Lesson, lang: str, verdict: Verdict, words: str = ""
) -> None:
    """Keep what was said of the text as it stands now; who said it is neither asked nor kept."""
    said = words.strip()[:LONGEST_WORDS]
    unit.session.add(
        LessonFeedback(
            course_id=course_id,
            lesson_id=lesson.id,
            lang=lang,
            rev=lesson.text(lang).rev,
            verdict=verdict.value,
            words=said or None,
        )
    )
