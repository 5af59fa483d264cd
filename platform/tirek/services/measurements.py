"""The nightly count of how well instruments measure: school by school, each once a night.

A night is a day of Kazakhstan by the database's clock. How far it has come stands in the database
beside what it has counted, in one transaction a school: a process that is killed loses at most the
school it was at, and nothing is counted twice. Two at once do not disturb each other.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain import standing_within
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.standing_cell import Cell, merged
from tirek.services import audit, measurement_drafts, standing_alarms, standing_figures
from tirek.services.standing_sheets import Group, Pile, of_school
from tirek.services.unit import Unit
from tirek.storage.models import (
    District,
    MeasurementCell,
    MeasurementNight,
    School,
)

# Nobody is at a questionnaire then.
BEGINS = time(1, 0)


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step did: whether there is more to do tonight, and how many sheets it counted."""

    is_over: bool
    sheets: int = 0


OVER = Progress(is_over=True)
# Between two statements lies a large school's, or a country's, arithmetic: on a busy machine that
# takes longer than the 15 seconds after which a page's transaction is taken for dead.
_PATIENCE = text("SET LOCAL idle_in_transaction_session_timeout = '10min'")


def count_next(unit: Unit, *, at_once: bool = False) -> Progress:
    """Count one more school of tonight, or close the night; the caller commits and comes again.

    Before one o'clock a night has not begun, unless `at_once`. Over as well when somebody else is
    counting.
    """
    tonight = _tonight(unit, at_once=at_once)
    if tonight is None:
        return OVER
    unit.session.execute(_PATIENCE)
    if _begin(unit, tonight):
        return Progress(is_over=False)
    night = _hold(unit, tonight)
    if night is None:
        return OVER
    school = _next_school(unit, night)
    if school is None:
        _close(unit, night)
        return OVER
    opened = of_school(unit, school[0])
    for instrument_id in dict.fromkeys(group.instrument_id for group in opened.piles):
        _add_school(unit, night.night, school[1], _of(opened.piles, instrument_id))
    sheets = sum(len(pile.sheets) for pile in opened.piles.values())
    unit.session.execute(
        update(MeasurementNight)
        .where(MeasurementNight.night == night.night)
        .values(
            last_school_id=school[0],
            schools=MeasurementNight.schools + 1,
            sheets=MeasurementNight.sheets + sheets,
            left_out=MeasurementNight.left_out + opened.left_out,
        )
    )
    return Progress(is_over=False, sheets=sheets)


def count_all(begin: Callable[[], AbstractContextManager[Unit]]) -> int:
    """Count a whole night, each school in a transaction of its own; says how many sheets."""
    sheets = 0
    while True:
        with begin() as unit:
            done = count_next(unit, at_once=True)
        sheets += done.sheets
        if done.is_over:
            return sheets


def latest(unit: Unit) -> MeasurementNight | None:
    """The last night that was counted to its end."""
    return unit.session.scalars(
        select(MeasurementNight)
        .where(MeasurementNight.ended_at.is_not(None))
        .order_by(MeasurementNight.night.desc())
        .limit(1)
    ).one_or_none()


def _tonight(unit: Unit, *, at_once: bool) -> date | None:
    now = unit.now().astimezone(KAZAKHSTAN)
    return now.date() if at_once or now.time() >= BEGINS else None


def _begin(unit: Unit, night: date) -> bool:
    """Open the night, in a step of its own: whoever comes meanwhile must not wait for a school."""
    if unit.session.get(MeasurementNight, night) is not None:
        return False
    row = insert(MeasurementNight).values(night=night, schools=0, sheets=0, left_out=0)
    unit.session.execute(row.on_conflict_do_nothing())
    return True


def _hold(unit: Unit, night: date) -> MeasurementNight | None:
    """The night, locked; None when it is done, or in somebody else's hands."""
    return unit.session.scalars(
        select(MeasurementNight)
        .where(MeasurementNight.night == night, MeasurementNight.ended_at.is_(None))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _next_school(unit: Unit, night: MeasurementNight) -> tuple[UUID, str] | None:
    """The next school after the last one, with its region."""
    statement = (
        select(School.id, District.region_iso)
        .join(District, District.id == School.district_id)
        .order_by(School.id)
        .limit(1)
    )
    if night.last_school_id is not None:
        statement = statement.where(School.id > night.last_school_id)
    row = unit.session.execute(statement).one_or_none()
    return None if row is None else (row.id, row.region_iso)


def _of(piles: Mapping[Group, Pile], instrument_id: str) -> dict[Group, Pile]:
    return {group: pile for group, pile in piles.items() if group.instrument_id == instrument_id}


def _add_school(unit: Unit, night: date, region_iso: str, piles: Mapping[Group, Pile]) -> None:
    """Merge a school's counts of one instrument into those of its region."""
    instrument = unit.catalog.instruments[next(iter(piles)).instrument_id]
    by_language: dict[str, list[Cell]] = {}
    for group, pile in piles.items():
        cell = Cell.of(instrument, pile.sheets, pile.rounds)
        by_language.setdefault(group.language, []).append(cell)
        _add(unit, night, region_iso, group, cell)
    kazakh, russian = (merged(by_language.get(language, ())) for language in ("kk", "ru"))
    if kazakh and russian:
        within = standing_within.of_school(instrument, kazakh, russian)
        both = Cell({"within": within}, {})
        _add(unit, night, region_iso, Group(instrument.id, "", ""), both)


def _add(unit: Unit, night: date, region_iso: str, group: Group, cell: Cell) -> None:
    instrument = unit.catalog.instruments[group.instrument_id]
    place: dict[str, Any] = {
        "night": night,
        "instrument_id": instrument.id,
        "structure_hash": instrument.hashes.structure,
        "scoring_hash": instrument.hashes.scoring,
        "region_iso": region_iso,
        "language": group.language,
        "sex": group.sex,
    }
    held = unit.session.scalars(select(MeasurementCell).filter_by(**place)).one_or_none()
    if held is None:
        unit.session.add(MeasurementCell(**place, summary=cell.as_json()))
    else:
        held.summary = Cell.from_json(held.summary).merge(cell).as_json()
    unit.session.flush()


def _close(unit: Unit, night: MeasurementNight) -> None:
    """Make figures, alarms and drafts of what was counted, and write one audit row."""
    cells = unit.session.scalars(
        select(MeasurementCell)
        .where(MeasurementCell.night == night.night)
        .order_by(MeasurementCell.instrument_id)
    ).all()
    for instrument_id in dict.fromkeys(cell.instrument_id for cell in cells):
        _close_one(unit, night.night, [one for one in cells if one.instrument_id == instrument_id])
    measurement_drafts.suggest_cut_offs(unit)
    unit.session.execute(delete(MeasurementCell).where(MeasurementCell.night <= night.night))
    unit.session.execute(
        update(MeasurementNight)
        .where(MeasurementNight.night == night.night)
        .values(ended_at=func.now())
    )
    audit.record(unit, "measurement.count", "measurement_night", night.night)


def _close_one(unit: Unit, night: date, cells: Iterable[MeasurementCell]) -> None:
    """One instrument; its files may have changed while the night was counted."""
    own = [one for one in cells if _is_current(unit, one)]
    if not own:
        return
    instrument = unit.catalog.instruments[own[0].instrument_id]
    counted = [standing_figures.of_row(one) for one in own]
    if not standing_figures.store(unit, night, instrument, counted):
        return
    standing_alarms.raise_all(unit, night, instrument)
    measurement_drafts.suggest_norms(unit, instrument, counted)


def _is_current(unit: Unit, cell: MeasurementCell) -> bool:
    instrument = unit.catalog.instruments.get(cell.instrument_id)
    if instrument is None:
        return False
    hashes = (instrument.hashes.structure, instrument.hashes.scoring)
    return hashes == (cell.structure_hash, cell.scoring_hash)
