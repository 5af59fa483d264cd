"""Answers of a whole school to what is never read per person: numbers, and no small ones."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from tirek.domain.disclosure import hide_next
from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.instruments import UNSEEN, Answer, Instrument
from tirek.domain.showing import asked_answers
from tirek.services import audit, gates, runs
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Administration, Assignment

# Of fewer people nothing is shown, and of an answer no smaller number.
FEWEST = 10


class StillOpenError(DomainError):
    """Some class may still answer: numbers read twice would tell what came in between."""


class TooFewError(DomainError):
    """So few people have answered that numbers would tell who they are."""


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """How many chose each answer of one item, None where the number is too small to be shown."""

    topic: str
    cells: tuple[tuple[str, int | None], ...]
    # Nobody's number: declined, passed over, or not asked.
    without: int | None


@dataclass(frozen=True, slots=True)
class SchoolCounts:
    """A round's finished answers of the own school."""

    instrument: Instrument
    people: int
    questions: tuple[ItemCounts, ...]


def of_round(unit: Unit, assignment: Assignment, language: str) -> SchoolCounts:
    """Count the answers of all classes that were asked the same in the same round.

    Raises `NotFoundError` for what is read per person, `StillOpenError` and `TooFewError`.
    """
    instrument = runs.pinned_release(unit, assignment.release_id)
    if gates.is_read_per_person(instrument):
        raise NotFoundError("numbers of a whole school", assignment.id)
    if _open_classes(unit, assignment):
        raise StillOpenError("some class may still answer")
    sheets = [_sheet(unit, instrument, key) for key in _finished(unit, assignment)]
    audit.record(unit, "school_counts.view", "assignment", assignment.id)
    if len(sheets) < FEWEST:
        raise TooFewError("too few have answered")
    items = tuple(_counts(instrument, item.id, sheets, language) for item in instrument.items)
    return SchoolCounts(instrument, len(sheets), items)


def _open_classes(unit: Unit, assignment: Assignment) -> int:
    return unit.session.scalars(
        select(func.count()).where(
            *_same_round(assignment),
            Assignment.cancelled_at.is_(None),
            Assignment.closes_at > func.now(),
        )
    ).one()


def _finished(unit: Unit, assignment: Assignment) -> list[AdministrationKey]:
    rows = unit.session.execute(
        select(Administration.school_year, Administration.id)
        .join(Assignment, Assignment.id == Administration.assignment_id)
        .where(
            *_same_round(assignment),
            Administration.school_year == assignment.school_year,
            Administration.release_id == assignment.release_id,
            Administration.state == "completed",
            # Whoever finishes later is not counted: numbers that move would tell of one person.
            Administration.ended_at <= func.least(Assignment.closes_at, Assignment.cancelled_at),
        )
    )
    return [AdministrationKey(row.school_year, row.id) for row in rows]


def _same_round(assignment: Assignment) -> tuple[ColumnElement[bool], ...]:
    return (
        Assignment.campaign_id == assignment.campaign_id,
        Assignment.school_id == assignment.school_id,
        Assignment.instrument_id == assignment.instrument_id,
    )


def _sheet(unit: Unit, instrument: Instrument, key: AdministrationKey) -> Mapping[str, Answer]:
    return asked_answers(instrument, runs.load(unit, key).answers)


def _counts(
    instrument: Instrument, item: str, sheets: Sequence[Mapping[str, Answer]], language: str
) -> ItemCounts:
    chosen = Counter(sheet.get(item, UNSEEN).code for sheet in sheets)
    options = instrument.options(item)
    *cells, without = _shown([*(chosen[option.code] for option in options), chosen[None]])
    named = instrument.item(item).options
    labels = [instrument.text(language, f"{named}.{option.code}") for option in options]
    return ItemCounts(
        instrument.text(language, f"{item}.topic"),
        tuple(zip(labels, cells, strict=True)),
        without,
    )


def _shown(counts: Sequence[int]) -> tuple[int | None, ...]:
    """The cells of one sum without the small ones, and without what would give them away."""
    return hide_next([None if 0 < count < FEWEST else count for count in counts], counts)
