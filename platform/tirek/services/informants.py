"""What a parent and a pupil said about the same things, side by side for the psychologist."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select

from tirek.domain.informants import Agreement, agreement, counterpart
from tirek.domain.instruments import Answer, Instrument
from tirek.services import audit, runs
from tirek.services.latest_scores import latest_scores
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Administration

# Product rule: what was said three months apart is not about the same child any more.
NEAR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class OtherView:
    """The other informant's result nearest in time, with their scores and the agreement."""

    key: AdministrationKey
    instrument_id: str
    ended_at: datetime
    values: Mapping[str, Decimal | None]
    agreement: Agreement


def other_views(
    unit: Unit, administration: Administration, instrument: Instrument | None
) -> tuple[OtherView, ...]:
    """One view for each other informant within ninety days; each is a result that was read."""
    theirs = counterpart(administration.instrument_id)
    if instrument is None or theirs is None or administration.ended_at is None:
        return ()
    other = unit.catalog.instruments.get(theirs)
    if other is None:
        return ()
    found = unit.session.scalars(
        select(Administration)
        .where(
            Administration.student_id == administration.student_id,
            Administration.school_id == administration.school_id,
            Administration.instrument_id == theirs,
            Administration.structure_hash == other.hashes.structure,
            Administration.state == "completed",
            func.abs(func.extract("epoch", Administration.ended_at - administration.ended_at))
            <= NEAR.total_seconds(),
        )
        .order_by(Administration.ended_at.desc())
    ).all()
    # Of each guardian the newest one.
    newest = {one.respondent_id: one for one in reversed(found)}
    mine = runs.load(unit, AdministrationKey(administration.school_year, administration.id)).answers
    return tuple(
        _view(unit, one, agreement(instrument, mine, other, _answers(unit, one)))
        for one in newest.values()
    )


def _answers(unit: Unit, one: Administration) -> Mapping[str, Answer]:
    return runs.load(unit, AdministrationKey(one.school_year, one.id)).answers


def _view(unit: Unit, one: Administration, found: Agreement) -> OtherView:
    key = AdministrationKey(one.school_year, one.id)
    audit.record(
        unit,
        "result.view",
        "administration",
        one.id,
        student_id=one.student_id,
        school_id=one.school_id,
    )
    values = {score.scale: score.value for score in latest_scores(unit, [key])}
    if one.ended_at is None:
        raise TypeError("a finished administration has its end")
    return OtherView(key, one.instrument_id, one.ended_at, values, found)
