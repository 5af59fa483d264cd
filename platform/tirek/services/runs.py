"""An administration as its respondent's pages need it, with its answers opened."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, select

from tirek.catalog.draft_files import read_stored
from tirek.domain.administration import (
    ADULT_AGE,
    AdministrationState,
    Path,
    page_to_show,
    pages_for,
    shown_pages,
)
from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import Answer, AnswerState, Instrument
from tirek.services import library
from tirek.services.unit import Unit
from tirek.storage.models import (
    AdaptiveStep,
    Administration,
    InstrumentRelease,
    Response,
    StudentKey,
)
from tirek.storage.vault import DataKey, WrappedKey


@dataclass(frozen=True, slots=True)
class AdministrationKey:
    """Where an administration lies: its school year (the partition) and its id."""

    school_year: int
    id: UUID


@dataclass(frozen=True, slots=True)
class Run:
    """An administration as its respondent's pages need it; `answers` holds what was recorded."""

    key: AdministrationKey
    instrument: Instrument
    student_id: UUID
    school_id: UUID
    respondent: str
    language: str
    age_years: int
    state: AdministrationState
    is_started: bool
    data_key: DataKey
    answers: Mapping[str, Answer]
    # How many times each recorded answer has been changed.
    changes: Mapping[str, int]
    is_short: bool = False
    # The questions of a shorter run in the order in which they were chosen.
    steps: tuple[str, ...] = ()
    # Whether `instrument` holds the parameters with which a shorter run chose its first question.
    has_its_rules: bool = True

    @property
    def is_open(self) -> bool:
        """Whether answers may still be given."""
        return self.state is AdministrationState.OPEN

    @property
    def pages(self) -> tuple[tuple[str, ...], ...]:
        """The items of each page, laid out for the person who answers; chosen ones stand alone."""
        if self.is_short:
            return tuple((item.id,) for item in self.instrument.items)
        by_pupil = self.respondent == "student"
        return pages_for(self.instrument, self.age_years if by_pupil else ADULT_AGE)

    @property
    def most_pages(self) -> int | None:
        """How long a shorter run can become; None where the pages are known beforehand."""
        plan = self.instrument.scoring.short
        return plan.most + len(plan.always) if self.is_short and plan else None

    def path(self, known: Mapping[str, Answer]) -> Path:
        """The pages that are shown after these answers, in the order of this person's run."""
        if self.is_short:
            order = [item.id for item in self.instrument.items]
            return {order.index(item): (item,) for item in self.steps}
        return shown_pages(self.instrument, self.pages, known)

    @property
    def next_page(self) -> int:
        """Index of the first page with an item nobody has dealt with, else of the last page."""
        return page_to_show(self.path(self.answers), self.answers)

    @property
    def unasked(self) -> frozenset[str]:
        """The items that a shorter run passed over."""
        items = {item.id for item in self.instrument.items} if self.is_short else set()
        return frozenset(items - {*self.steps})

    @property
    def refused_by_stopping(self) -> tuple[str, ...]:
        """The unanswered questions of the page to come whose refusal raises a flag at once."""
        shown = self.path(self.answers)
        return tuple(
            item
            for item in shown.get(self.next_page, ())
            if item not in self.answers and self.instrument.acts_on_refusal(item)
        )


# Everything a page of items needs, in one query: these two requests are most of the traffic.
_ADMINISTRATION, _KEY, _RESPONSE = (
    model.__table__.c for model in (Administration, StudentKey, Response)
)
_LOAD = (
    select(
        _ADMINISTRATION.instrument_id,
        _ADMINISTRATION.student_id,
        _ADMINISTRATION.school_id,
        _ADMINISTRATION.respondent,
        _ADMINISTRATION.language,
        _ADMINISTRATION.age_years,
        _ADMINISTRATION.state,
        _ADMINISTRATION.started_at,
        _ADMINISTRATION.structure_hash,
        _ADMINISTRATION.is_short,
        _KEY.kek_version,
        _KEY.wrapped,
        _RESPONSE.item_id,
        _RESPONSE.sealed,
        _RESPONSE.changes,
    )
    .select_from(Administration.__table__)
    .join(StudentKey.__table__, _KEY.student_id == _ADMINISTRATION.student_id)
    .outerjoin(
        Response.__table__,
        and_(
            _RESPONSE.school_year == _ADMINISTRATION.school_year,
            _RESPONSE.administration_id == _ADMINISTRATION.id,
        ),
    )
    .where(_ADMINISTRATION.school_year == bindparam("year"), _ADMINISTRATION.id == bindparam("id"))
)


def load(unit: Unit, key: AdministrationKey) -> Run:
    """Read an administration with its answers; `NotFoundError` when it is not this person's."""
    rows = (
        unit.session.connection()
        .execute(_LOAD, {"year": key.school_year, "id": key.id})
        .mappings()
        .all()
    )
    if not rows:
        raise NotFoundError("administration", key.id)
    facts = rows[0]
    student_id: UUID = facts["student_id"]
    data_key = unit.vault.unwrap(
        WrappedKey(facts["kek_version"], facts["wrapped"]), str(student_id)
    )
    instrument = pinned(unit, facts["instrument_id"], facts["structure_hash"])
    steps = _steps(unit, key) if facts["is_short"] else []
    rules = _rules_of(unit, instrument, steps[0].parameters_hash) if steps else instrument
    return Run(
        key,
        rules or instrument,
        student_id,
        facts["school_id"],
        facts["respondent"],
        facts["language"],
        facts["age_years"],
        AdministrationState(facts["state"]),
        facts["started_at"] is not None,
        data_key,
        {
            row["item_id"]: unseal(data_key, key.id, row["item_id"], row["sealed"])
            for row in rows
            if row["item_id"] is not None
        },
        {row["item_id"]: row["changes"] for row in rows if row["item_id"] is not None},
        facts["is_short"],
        tuple(one.item_id for one in steps if one.item_id is not None),
        rules is not None,
    )


def _steps(unit: Unit, key: AdministrationKey) -> Sequence[Row[str | None, str]]:
    return unit.session.execute(
        select(AdaptiveStep.item_id, AdaptiveStep.parameters_hash)
        .where(
            AdaptiveStep.school_year == key.school_year,
            AdaptiveStep.administration_id == key.id,
        )
        .order_by(AdaptiveStep.step)
    ).all()


def _rules_of(unit: Unit, now: Instrument, scoring_hash: str) -> Instrument | None:
    """The rules with which a shorter run began, whatever was deployed meanwhile.

    Choices, estimate and cut-offs belong together, so the run ends by the release by which it
    began: of those with its parameters the newest. None where none can be read any more.
    """
    if scoring_hash == now.hashes.scoring:
        return now
    release = unit.session.scalars(
        select(InstrumentRelease)
        .where(
            InstrumentRelease.instrument_id == now.id,
            InstrumentRelease.structure_hash == now.hashes.structure,
            InstrumentRelease.scoring_hash == scoring_hash,
        )
        .order_by(InstrumentRelease.published_at.desc(), InstrumentRelease.label.desc())
        .limit(1)
    ).one_or_none()
    if release is None:
        return None
    parts = library.parts_of(unit, release)
    texts = tuple(sorted((name, json.dumps(content)) for name, content in parts.items()))
    return _stored(now.id, library.major_of(release.label), texts)


# A class that is at it while a new release is deployed asks for the same rules page by page.
@lru_cache(maxsize=4)
def _stored(
    instrument_id: str, major: int, parts: tuple[tuple[str, str], ...]
) -> Instrument | None:
    found = read_stored(instrument_id, major, {name: json.loads(text) for name, text in parts})
    return found.instrument if found else None


def pinned(unit: Unit, instrument_id: str, structure_hash: str) -> Instrument:
    """The instrument an administration was begun with.

    Raises `NotFoundError` when the files no longer hold that structure: its items must never be
    shown or scored under another one.
    """
    instrument = unit.catalog.instruments.get(instrument_id)
    if instrument is None or instrument.hashes.structure != structure_hash:
        raise NotFoundError("instrument structure", structure_hash)
    return instrument


def seal(key: DataKey, administration_id: UUID, item: str, answer: Answer) -> bytes:
    """Encrypt one answer for its own cell."""
    text = json.dumps([answer.state.value, answer.code], separators=(",", ":"))
    return key.seal(text, "responses", "sealed", str(administration_id), item)


def unseal(key: DataKey, administration_id: UUID, item: str, sealed: bytes) -> Answer:
    """Decrypt one answer; raise `SealError` when it was made for another cell."""
    state, code = json.loads(key.open(sealed, "responses", "sealed", str(administration_id), item))
    return Answer(AnswerState(state), code)


def pinned_release(unit: Unit, release_id: UUID) -> Instrument:
    """The instrument of a stored release; `NotFoundError` when the files no longer hold it."""
    row = unit.session.execute(
        select(InstrumentRelease.instrument_id, InstrumentRelease.structure_hash).where(
            InstrumentRelease.id == release_id
        )
    ).one()
    return pinned(unit, row.instrument_id, row.structure_hash)
