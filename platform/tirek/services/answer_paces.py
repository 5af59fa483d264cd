"""How fast an administration was answered, from the times at which its answers were recorded."""

from sqlalchemy import func, select

from tirek.domain.answer_times import Pace, pace
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Response


def pace_of(unit: Unit, key: AdministrationKey) -> Pace | None:
    """The pace of one run; None where fewer than two pages were sent."""
    rows = unit.session.execute(
        select(Response.answered_at, func.count())
        .where(
            Response.school_year == key.school_year,
            Response.administration_id == key.id,
        )
        .group_by(Response.answered_at)
    )
    return pace([(moment, number) for moment, number in rows])
