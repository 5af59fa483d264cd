"""Whether answers about oneself differ after a course: sums over people, small groups hidden."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from tirek.domain.change import Change, change_of
from tirek.domain.education import Course
from tirek.domain.scope import Scope
from tirek.services.unit import Unit
from tirek.storage.session import within_scope

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Effect:
    """The change of one scale in one course; None where fewer than ten people answered twice."""

    course: Course
    instrument_id: str
    scale_id: str
    change: Change | None


# The last answers before and the first after, of one person, course and instrument; the newest
# score of each. Two versions of an instrument are not compared with one another.
_PAIRS = text("""
    WITH scored AS (
        SELECT DISTINCT ON (s.report_id, s.scale_id) s.report_id, s.scale_id, s.value
        FROM self_scores s WHERE s.value IS NOT NULL ORDER BY s.report_id, s.scale_id, s.id DESC
    ), before AS (
        SELECT DISTINCT ON (r.account_id, r.course_id, r.release_id) r.*
        FROM self_reports r WHERE r.state = 'completed' AND r.occasion = 'before'
        ORDER BY r.account_id, r.course_id, r.release_id, r.ended_at DESC
    ), after AS (
        SELECT DISTINCT ON (r.account_id, r.course_id, r.release_id) r.*
        FROM self_reports r WHERE r.state = 'completed' AND r.occasion = 'after'
        ORDER BY r.account_id, r.course_id, r.release_id, r.ended_at
    )
    SELECT b.course_id, b.instrument_id, x.scale_id, x.value AS before, y.value AS after
    FROM before b
    JOIN after a ON a.account_id = b.account_id AND a.course_id = b.course_id
        AND a.release_id = b.release_id AND a.ended_at > b.ended_at
    JOIN scored x ON x.report_id = b.id
    JOIN scored y ON y.report_id = a.id AND y.scale_id = x.scale_id
    JOIN accounts c ON c.id = b.account_id
    WHERE CAST(:region AS text) IS NULL OR c.region_iso = :region
""")


def effects(unit: Unit, courses: Iterable[Course], region_iso: str | None) -> list[Effect]:
    """The changes by course, instrument and scale, in that order; only what was answered twice."""
    by_id = {course.id: course for course in courses}
    pairs: dict[tuple[str, str, str], list[tuple[Decimal, Decimal]]] = defaultdict(list)
    with within_scope(unit.session, Scope.system()):
        for row in unit.session.execute(_PAIRS, {"region": region_iso}):
            if row.course_id in by_id:
                key = (row.course_id, row.instrument_id, row.scale_id)
                pairs[key].append((row.before, row.after))
    ordered = sorted(pairs, key=lambda key: (by_id[key[0]].order, key))
    return [Effect(by_id[key[0]], key[1], key[2], change_of(pairs[key])) for key in ordered]
