"""One score for each scale of each administration: rescoring adds a row, the last counts."""

from collections.abc import Sequence

from sqlalchemy import select

from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Score


def latest_scores(unit: Unit, keys: Sequence[AdministrationKey]) -> list[Score]:
    """The scores that count now; none for administrations that were never scored."""
    rows = unit.session.scalars(
        select(Score)
        .where(
            Score.school_year.in_({key.school_year for key in keys}),
            Score.administration_id.in_([key.id for key in keys]),
        )
        .order_by(Score.computed_at)
    )
    return list({(score.administration_id, score.scale): score for score in rows}.values())
