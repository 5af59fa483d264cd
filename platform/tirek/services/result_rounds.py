"""Earlier rounds beside a result: what may be compared, and what a difference may mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from tirek.domain.instruments import Instrument, PartKind
from tirek.domain.interpretation import Sex
from tirek.domain.reliable_change import Moved, moved
from tirek.domain.rounds import Asked, Break, break_between
from tirek.services.latest_scores import latest_scores
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Administration, InstrumentPart


@dataclass(frozen=True, slots=True)
class Round:
    """One time this pupil answered this instrument; values by scale, None when not computable."""

    key: AdministrationKey
    ended_at: datetime
    asked: Asked
    # Why nothing before it can be compared with it.
    break_before: Break | None
    values: Mapping[str, Decimal | None]


def rounds_of(unit: Unit, administration: Administration) -> tuple[Round, ...]:
    """Every finished time of the same pupil, instrument and kind of respondent, oldest first."""
    found = unit.session.scalars(
        select(Administration)
        .where(
            Administration.student_id == administration.student_id,
            Administration.school_id == administration.school_id,
            Administration.instrument_id == administration.instrument_id,
            Administration.respondent_id == administration.respondent_id,
            Administration.state == "completed",
        )
        .order_by(Administration.ended_at)
    ).all()
    keys = [AdministrationKey(one.school_year, one.id) for one in found]
    values: dict[object, dict[str, Decimal | None]] = {key.id: {} for key in keys}
    for score in latest_scores(unit, keys):
        values[score.administration_id][score.scale] = score.value
    versions = _versions(unit, administration.instrument_id)
    rounds: list[Round] = []
    for one in found:
        if one.ended_at is None:
            continue
        asked = Asked(
            versions.get((PartKind.STRUCTURE, one.structure_hash)),
            one.language,
            versions.get((PartKind.WORDING, one.wording_hash)),
        )
        broken = break_between(rounds[-1].asked, asked) if rounds else None
        key = AdministrationKey(one.school_year, one.id)
        rounds.append(Round(key, one.ended_at, asked, broken, values[one.id]))
    return tuple(rounds)


def changes_since(
    rounds: Sequence[Round],
    key: AdministrationKey,
    instrument: Instrument | None,
    sex: Sex | None,
) -> dict[str, Moved]:
    """What has moved since the round before this one, by scale; nothing across a break."""
    place = next((number for number, one in enumerate(rounds) if one.key == key), 0)
    if instrument is None or place == 0 or rounds[place].break_before is not None:
        return {}
    before, after = rounds[place - 1].values, rounds[place].values
    return {
        scale.id: moved(
            instrument, scale.id, _number(before.get(scale.id)), _number(after.get(scale.id)), sex
        )
        for scale in instrument.scoring.scales
        if scale.id in before and scale.id in after
    }


def _versions(unit: Unit, instrument_id: str) -> dict[tuple[str, str], str]:
    rows = unit.session.execute(
        select(InstrumentPart.kind, InstrumentPart.hash, InstrumentPart.version).where(
            InstrumentPart.instrument_id == instrument_id
        )
    )
    return {(kind, digest): version for kind, digest, version in rows}


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
