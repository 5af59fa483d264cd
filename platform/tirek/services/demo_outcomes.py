"""What the demo's people found in their conversations, and the first night's count of it all."""

import random
from collections.abc import Iterator
from datetime import timedelta
from math import exp
from typing import Any

from sqlalchemy import insert, text

from tirek.domain.scales import Worse
from tirek.domain.standing import Verdict
from tirek.domain.standing_cell import measured
from tirek.services import audit, measurements
from tirek.services.demo_size import Workshop
from tirek.services.unit import Unit
from tirek.storage.models import ScreeningOutcome

# Of the children without a flag, so many were spoken with as well, drawn by lot.
DRAWN = 0.12
# Shares of verdicts that were written down, before the score was read, and that stayed unclear.
WRITTEN, BLIND, UNCLEAR = 0.85, 0.55, 0.08
# A child at this share of the worst score is as likely to be confirmed as not.
MIDDLE, STEEP = 0.38, 9.0
LATER = timedelta(days=4)

# Whoever worked on the flagged child's referral, else the school psychologist; the newest score.
_FINISHED = text("""
    SELECT DISTINCT ON (a.school_year, a.id, s.scale)
        a.school_year, a.id, a.student_id, a.school_id, a.instrument_id, a.ended_at,
        s.scale, s.value, EXISTS (SELECT FROM flags f WHERE f.administration_id = a.id) AS flagged,
        COALESCE(r.owner_id, p.id) AS account_id, r.support_center_id
    FROM administrations a
    JOIN scores s ON s.school_year = a.school_year AND s.administration_id = a.id
        AND s.value IS NOT NULL
    JOIN accounts p ON p.school_id = a.school_id AND p.role = 'psychologist' AND p.is_active
    LEFT JOIN flags f ON f.administration_id = a.id
    LEFT JOIN signals g ON g.flag_id = f.id
    LEFT JOIN referrals r ON r.case_id = g.case_id AND r.owner_id IS NOT NULL
        AND r.closed_at IS NOT NULL
    WHERE a.state = 'completed' AND a.respondent = 'student'
    ORDER BY a.school_year, a.id, s.scale, r.closed_at, s.computed_at DESC
""")


def fill(workshop: Workshop) -> None:
    """Write verdicts down, then count the first night."""
    chance = workshop.random("outcomes")
    with workshop.begin() as unit:
        rows = list(_outcomes(unit, chance))
        if rows:
            unit.session.execute(insert(ScreeningOutcome), rows)
        audit.record(unit, "outcomes.import", "screening_outcome")
    measurements.count_all(workshop.begin)


def _outcomes(unit: Unit, chance: random.Random) -> Iterator[dict[str, Any]]:
    first = {one.id: measured(one)[0] for one in unit.catalog.instruments.values() if measured(one)}
    for row in unit.session.execute(_FINISHED).all():
        scale = first.get(row.instrument_id)
        if scale is None or scale.id != row.scale:
            continue
        if chance.random() > (WRITTEN if row.flagged else DRAWN):
            continue
        share = (float(row.value) - float(scale.lowest)) / float(scale.highest - scale.lowest)
        worse = share if scale.worse is Worse.HIGH else 1 - share
        yield {
            "school_year": row.school_year,
            "administration_id": row.id,
            "student_id": row.student_id,
            "school_id": row.school_id,
            "verdict": _verdict(chance, worse).value,
            "saw_score": chance.random() > BLIND,
            "recorded_by": row.account_id,
            "support_center_id": row.support_center_id,
            "recorded_at": row.ended_at + LATER,
        }


def _verdict(chance: random.Random, worse: float) -> Verdict:
    if chance.random() < UNCLEAR:
        return Verdict.UNCLEAR
    is_there = chance.random() < 1 / (1 + exp(-STEEP * (worse - MIDDLE)))
    return Verdict.CONFIRMED if is_there else Verdict.NOT_CONFIRMED
