"""Alarms of the nightly count: raised once, kept until a methodologist has answered in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain import standing_rules
from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.instruments import Instrument
from tirek.domain.standing import AlarmKind
from tirek.services import audit
from tirek.services.unit import Unit
from tirek.storage.models import Account, Measurement, MeasurementAlarm

SHORTEST_ANSWER = 3


class AnswerMissingError(DomainError):
    """An alarm ends with words, not with a press of a button."""


@dataclass(frozen=True, slots=True)
class ShownAlarm:
    """One alarm; `answer` and whose it is once somebody has answered."""

    id: UUID
    instrument_id: str
    structure_hash: str
    scale: str
    language: str
    kind: AlarmKind
    item: str
    figures: Mapping[str, Any]
    first_night: date
    last_night: date
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


def raise_all(unit: Unit, night: date, instrument: Instrument) -> None:
    """Raise what this night's figures warn of; what was raised before only stays."""
    rows = unit.session.scalars(
        select(Measurement).where(
            Measurement.night == night,
            Measurement.instrument_id == instrument.id,
            Measurement.structure_hash == instrument.hashes.structure,
            Measurement.scoring_hash == instrument.hashes.scoring,
            Measurement.sex == "",
        )
    ).all()
    for scale in dict.fromkeys(row.scale for row in rows):
        found = {
            row.language: standing_rules.alarms(row.figures) for row in rows if row.scale == scale
        }
        for language, alarm in standing_rules.of_languages(found):
            place = {
                "instrument_id": instrument.id,
                "structure_hash": instrument.hashes.structure,
                "scale": scale,
                "language": language,
                "kind": alarm.kind.value,
                "item": alarm.item,
            }
            _raise(unit, night, place, alarm.figures)


def waiting(unit: Unit) -> int:
    """How many alarms nobody has answered."""
    return unit.session.scalars(
        select(func.count()).where(MeasurementAlarm.answered_at.is_(None))
    ).one()


def of(unit: Unit, instrument_id: str | None = None) -> list[ShownAlarm]:
    """The alarms of one instrument or of all: those that wait first, the newest first."""
    statement = (
        select(MeasurementAlarm, Account.display_name)
        .outerjoin(Account, Account.id == MeasurementAlarm.answered_by)
        .order_by(
            MeasurementAlarm.answered_at.is_not(None),
            MeasurementAlarm.first_night.desc(),
            MeasurementAlarm.instrument_id,
            MeasurementAlarm.scale,
            MeasurementAlarm.kind,
            MeasurementAlarm.item,
        )
    )
    if instrument_id is not None:
        statement = statement.where(MeasurementAlarm.instrument_id == instrument_id)
    return [_shown(*row) for row in unit.session.execute(statement)]


def get(unit: Unit, alarm_id: UUID) -> ShownAlarm:
    """One alarm; raises `NotFoundError`."""
    row = unit.session.execute(
        select(MeasurementAlarm, Account.display_name)
        .outerjoin(Account, Account.id == MeasurementAlarm.answered_by)
        .where(MeasurementAlarm.id == alarm_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("measurement alarm", alarm_id)
    return _shown(*row)


def answer(unit: Unit, alarm_id: UUID, words: str) -> None:
    """End an alarm with words; raises `AnswerMissingError`, `NotFoundError`, `ConflictError`."""
    said = words.strip()
    if len(said) < SHORTEST_ANSWER:
        raise AnswerMissingError("an alarm is answered in words")
    alarm = get(unit, alarm_id)
    changed = unit.session.execute(
        update(MeasurementAlarm)
        .where(MeasurementAlarm.id == alarm_id, MeasurementAlarm.answered_at.is_(None))
        .values(answer=said, answered_by=unit.actor.account_id, answered_at=func.now())
        .returning(MeasurementAlarm.id)
    ).one_or_none()
    if changed is None:
        raise ConflictError("this alarm has been answered", alarm.answered_by)
    audit.record(unit, "measurement.answer", "measurement_alarm", alarm_id)


def _raise(unit: Unit, night: date, place: Mapping[str, str], figures: Mapping[str, Any]) -> None:
    row = insert(MeasurementAlarm).values(
        **place, figures=dict(figures), first_night=night, last_night=night
    )
    unit.session.execute(
        row.on_conflict_do_update(
            index_elements=list(place),
            set_={"last_night": night, "figures": row.excluded.figures},
            # What somebody has answered keeps the figures that they spoke of.
            where=MeasurementAlarm.answered_at.is_(None),
        )
    )


def _shown(row: MeasurementAlarm, name: str | None) -> ShownAlarm:
    return ShownAlarm(
        row.id,
        row.instrument_id,
        row.structure_hash,
        row.scale,
        row.language,
        AlarmKind(row.kind),
        row.item,
        row.figures,
        row.first_night,
        row.last_night,
        row.answer,
        name,
        row.answered_at,
    )


def by_instrument(alarms: Sequence[ShownAlarm]) -> dict[str, int]:
    """How many wait of each instrument."""
    found: dict[str, int] = {}
    for one in alarms:
        if one.answered_at is None:
            found[one.instrument_id] = found.get(one.instrument_id, 0) + 1
    return found
