"""What a school's finished questionnaires hold for the nightly count: one sheet a child.

Of each child and questionnaire only the newest finished one is opened, wherever it was answered;
scoring it again adds rows of scores, but no sheet. Nothing that says whose a sheet is leaves this
module.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from tirek.domain.instruments import Answer, Instrument
from tirek.domain.scoring import score
from tirek.domain.standing_cell import InRound, Sheet
from tirek.services import runs
from tirek.services.unit import Unit
from tirek.storage.vault import SealError, WrappedKey

log = structlog.get_logger()

_FINISHED = text("""
    SELECT a.school_year, a.id, a.student_id, a.instrument_id, a.structure_hash, a.language,
        a.age_years, a.started_at, a.ended_at, a.entered_by, COALESCE(s.sex, '') AS sex, c.round,
        k.kek_version, k.wrapped,
        ARRAY(SELECT f.code FROM flags f WHERE f.administration_id = a.id) AS codes,
        NOT EXISTS (SELECT FROM administrations b
            WHERE b.student_id = a.student_id AND b.instrument_id = a.instrument_id
            AND b.structure_hash = a.structure_hash AND b.state = 'completed' AND NOT b.is_short
            AND (b.ended_at, b.id) > (a.ended_at, a.id)) AS is_newest
    FROM administrations a
    JOIN students s ON s.id = a.student_id
    JOIN assignments t ON t.id = a.assignment_id
    JOIN campaigns c ON c.id = t.campaign_id
    LEFT JOIN student_keys k ON k.student_id = a.student_id
    WHERE a.school_id = :school AND a.state = 'completed' AND NOT a.is_short
    ORDER BY a.instrument_id, a.id
""")
_ANSWERS = text("""
    SELECT r.administration_id, r.item_id, r.sealed, r.answered_at, r.changes
    FROM responses r
    JOIN unnest(CAST(:years AS smallint[]), CAST(:ids AS uuid[])) AS one (year, id)
        ON r.school_year = one.year AND r.administration_id = one.id
    ORDER BY r.answered_at, r.item_id
""")


@dataclass(frozen=True, slots=True)
class Group:
    """Whose sheets are counted together within a region; sex is empty where nobody has said."""

    instrument_id: str
    language: str
    sex: str


@dataclass(slots=True)
class Pile:
    """The sheets of one group, and who finished it in which round."""

    sheets: list[Sheet] = field(default_factory=list)
    rounds: list[InRound] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """A school's piles, and how many sheets could not be counted."""

    piles: Mapping[Group, Pile]
    left_out: int


def of_school(unit: Unit, school_id: UUID) -> Opened:
    """Open what the pupils of a school have finished; the caller sees every row."""
    finished = unit.session.execute(_FINISHED, {"school": school_id}).all()
    known = [row for row in finished if _instrument(unit, row) is not None]
    newest = [row for row in known if row.is_newest and row.wrapped is not None]
    answers = _answers(unit, newest)
    piles: dict[Group, Pile] = defaultdict(Pile)
    for row in known:
        piles[_group(row)].rounds.append(
            InRound(f"{row.school_year}.{row.round}", frozenset(row.codes))
        )
    counted = 0
    for row, sheet in _sheets(unit, newest, answers):
        piles[_group(row)].sheets.append(sheet)
        counted += 1
    return Opened(piles, sum(row.is_newest for row in finished) - counted)


def _group(row: Any) -> Group:
    return Group(row.instrument_id, row.language, row.sex)


def _instrument(unit: Unit, row: Any) -> Instrument | None:
    """The instrument, when the files still hold what was answered."""
    found = unit.catalog.instruments.get(row.instrument_id)
    return found if found and found.hashes.structure == row.structure_hash else None


def _answers(unit: Unit, newest: Sequence[Any]) -> dict[UUID, list[Any]]:
    by_sheet: dict[UUID, list[Any]] = defaultdict(list)
    if newest:
        sent = {"years": [row.school_year for row in newest], "ids": [row.id for row in newest]}
        for row in unit.session.execute(_ANSWERS, sent):
            by_sheet[row.administration_id].append(row)
    return by_sheet


def _sheets(
    unit: Unit, newest: Sequence[Any], answers: Mapping[UUID, list[Any]]
) -> Iterator[tuple[Any, Sheet]]:
    for row in newest:
        instrument = _instrument(unit, row)
        if instrument is None:
            continue
        try:
            yield row, _sheet(unit, instrument, row, answers.get(row.id, []))
        except (SealError, LookupError, ValueError) as error:
            # Its text may hold an answer, so only its kind goes to the log.
            log.warning("a sheet is not counted", error=type(error).__name__)


def _sheet(unit: Unit, instrument: Instrument, row: Any, given: list[Any]) -> Sheet:
    key = unit.vault.unwrap(WrappedKey(row.kek_version, row.wrapped), str(row.student_id))
    answers: dict[str, Answer] = {
        one.item_id: runs.unseal(key, row.id, one.item_id, one.sealed) for one in given
    }
    return Sheet(
        answers,
        score(instrument, answers),
        frozenset(row.codes),
        row.age_years,
        # What came in a file was not answered here: nobody knows how long it took.
        {} if row.entered_by else _seconds(row, given),
        None if row.entered_by else _between(row.started_at, row.ended_at),
    )


def _seconds(row: Any, given: list[Any]) -> dict[str, float]:
    """How long after the one before each answer came; the order of time.

    Answers of one moment were sent together, and a changed one was looked at twice: neither says
    how long its question took.
    """
    moments = [one.answered_at for one in given]
    before = row.started_at
    found = {}
    for one in given:
        is_alone = moments.count(one.answered_at) == 1
        gap = _between(before, one.answered_at)
        if is_alone and gap is not None and one.changes == 0:
            found[one.item_id] = gap
        before = one.answered_at
    return found


def _between(start: Any, end: Any) -> float | None:
    if start is None or end is None:
        return None
    seconds: float = (end - start).total_seconds()
    return seconds if seconds > 0 else None
