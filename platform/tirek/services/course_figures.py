"""How far parents come in each course, counted without anybody; small groups are not shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text

from tirek.domain.disclosure import hide_next, hide_steps
from tirek.domain.education import Course
from tirek.domain.scope import Scope
from tirek.services.unit import Unit
from tirek.storage.session import within_scope

# Each step is a part of the one before, so that the figures make a funnel.
STEPS = ("opened", "one", "half", "all")


@dataclass(frozen=True, slots=True)
class Funnel:
    """People in one course and language: opened a lesson, finished one, half, all of them.

    None stands for a figure that is too small to be shown. `language` is the one last read in;
    None adds both up.
    """

    course: Course
    language: str | None
    steps: tuple[int | None, ...]
    # Finished the short path of five days; a part of those who opened a lesson.
    core_path: int | None


# By the language in which a person read last; people who deleted their account are gone.
_COUNT = text("""
    WITH lessons AS (
        SELECT * FROM unnest(CAST(:courses AS text[]), CAST(:lessons AS text[]),
            CAST(:is_core AS boolean[])) AS l (course_id, lesson_id, is_core)
    ), sizes AS (
        SELECT course_id, count(*) AS lessons, count(*) FILTER (WHERE is_core) AS core
        FROM lessons GROUP BY course_id
    ), people AS (
        SELECT p.account_id, p.course_id,
            COALESCE((array_agg(p.language ORDER BY p.seen_at DESC)
                FILTER (WHERE p.language IS NOT NULL))[1], '') AS language,
            count(p.done_at) AS done, count(p.done_at) FILTER (WHERE l.is_core) AS core_done
        FROM lesson_progress p
        JOIN lessons l ON l.course_id = p.course_id AND l.lesson_id = p.lesson_id
        JOIN accounts a ON a.id = p.account_id
        WHERE CAST(:region AS text) IS NULL OR a.region_iso = :region OR EXISTS (
            SELECT FROM guardianships g JOIN students s ON s.id = g.student_id
            JOIN schools c ON c.id = s.school_id JOIN districts d ON d.id = c.district_id
            WHERE g.account_id = a.id AND g.revoked_at IS NULL AND d.region_iso = :region)
        GROUP BY p.account_id, p.course_id
    )
    SELECT people.course_id, people.language, count(*) AS opened,
        count(*) FILTER (WHERE people.done >= 1) AS one,
        count(*) FILTER (WHERE people.done * 2 >= sizes.lessons) AS half,
        count(*) FILTER (WHERE people.done >= sizes.lessons) AS all_of_them,
        count(*) FILTER (WHERE sizes.core > 0 AND people.core_done >= sizes.core) AS core
    FROM people JOIN sizes ON sizes.course_id = people.course_id
    GROUP BY people.course_id, people.language
""")
LANGUAGES = ("kk", "ru")


def funnels(unit: Unit, courses: Iterable[Course], region_iso: str | None) -> list[Funnel]:
    """The funnels of these courses in the suggested order: both languages together, kk, ru.

    With a region, of parents who live or whose child learns there. Acts as the system, because no
    member of staff may read who read what; only sums leave this function.
    """
    shown = sorted(courses, key=lambda course: course.order)
    counted = _counted(unit, shown, region_iso)
    return [funnel for course in shown for funnel in _of_course(course, counted)]


Counts = dict[tuple[str, str], tuple[int, ...]]
_NONE = (0,) * (len(STEPS) + 1)


def _counted(unit: Unit, courses: list[Course], region_iso: str | None) -> Counts:
    core = {course.id: {day.lesson_id for day in course.core_path} for course in courses}
    lessons = [(course.id, lesson.id) for course in courses for lesson in course.lessons]
    with within_scope(unit.session, Scope.system()):
        rows = unit.session.execute(
            _COUNT,
            {
                "courses": [course for course, _ in lessons],
                "lessons": [lesson for _, lesson in lessons],
                "is_core": [lesson in core[course] for course, lesson in lessons],
                "region": region_iso,
            },
        ).all()
    return {(row.course_id, row.language): tuple(map(int, row[2:])) for row in rows}


def _of_course(course: Course, counted: Counts) -> Iterable[Funnel]:
    by_language = [counted.get((course.id, lang), _NONE) for lang in (*LANGUAGES, "")]
    whole = tuple(map(sum, zip(*by_language, strict=True)))
    yield _funnel(course, None, _hidden(whole))
    # Step by step: what is hidden of one language must not follow from the sum and the others.
    steps = zip(*map(_hidden, by_language), strict=True)
    columns = list(map(hide_next, steps, zip(*by_language, strict=True)))
    for lang, shown in zip(LANGUAGES, zip(*columns, strict=True), strict=False):
        yield _funnel(course, lang, shown)


def _hidden(counts: tuple[int, ...]) -> tuple[int | None, ...]:
    *steps, core = counts
    return (*hide_steps(steps), hide_steps([steps[0], core])[1])


def _funnel(course: Course, language: str | None, shown: tuple[int | None, ...]) -> Funnel:
    return Funnel(course, language, shown[:-1], shown[-1])
