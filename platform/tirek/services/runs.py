"""An administration as its respondent's pages need it, with its answers opened."""

import json
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import RowMapping, select

from tirek.domain.administration import ADULT_AGE, AdministrationState, pages_for
from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import Answer, AnswerState, Instrument
from tirek.services.unit import Unit
from tirek.storage.models import Administration, InstrumentRelease, Response, StudentKey
from tirek.storage.vault import DataKey, WrappedKey


@dataclass(frozen=True, slots=True)
class AdministrationKey:
    """Where an administration lies: its school year (the partition) and its id."""

    school_year: int
    id: UUID


@dataclass(frozen=True, slots=True)
class Run:
    """An administration as its respondent's pages need it."""

    key: AdministrationKey
    instrument: Instrument
    student_id: UUID
    school_id: UUID
    respondent: str
    language: str
    age_years: int
    state: AdministrationState
    is_started: bool
    pages_done: int
    data_key: DataKey

    @property
    def is_open(self) -> bool:
        """Whether answers may still be given."""
        return self.state is AdministrationState.OPEN

    @property
    def pages(self) -> tuple[tuple[str, ...], ...]:
        """The items of each page, laid out for the person who answers."""
        by_pupil = self.respondent == "student"
        return pages_for(self.instrument, self.age_years if by_pupil else ADULT_AGE)


def load(unit: Unit, key: AdministrationKey) -> Run:
    """Read an administration with its key in one query; `NotFoundError` when not this person's."""
    row = (
        unit.session.execute(
            select(
                Administration.instrument_id,
                Administration.student_id,
                Administration.school_id,
                Administration.respondent,
                Administration.language,
                Administration.age_years,
                Administration.state,
                Administration.started_at,
                Administration.pages_done,
                Administration.structure_hash,
                StudentKey.kek_version,
                StudentKey.wrapped,
            )
            .join(StudentKey, StudentKey.student_id == Administration.student_id)
            .where(Administration.school_year == key.school_year, Administration.id == key.id)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError("administration", key.id)
    return _run(unit, key, row)


def _run(unit: Unit, key: AdministrationKey, facts: RowMapping) -> Run:
    return Run(
        key,
        pinned(unit, facts["instrument_id"], facts["structure_hash"]),
        facts["student_id"],
        facts["school_id"],
        facts["respondent"],
        facts["language"],
        facts["age_years"],
        AdministrationState(facts["state"]),
        facts["started_at"] is not None,
        facts["pages_done"],
        unit.vault.unwrap(
            WrappedKey(facts["kek_version"], facts["wrapped"]), str(facts["student_id"])
        ),
    )


def pinned(unit: Unit, instrument_id: str, structure_hash: str) -> Instrument:
    """The instrument an administration was begun with.

    Raises `NotFoundError` when the files no longer hold that structure: its items must never be
    shown or scored under another one.
    """
    instrument = unit.catalog.instruments.get(instrument_id)
    if instrument is None or instrument.hashes.structure != structure_hash:
        raise NotFoundError("instrument structure", structure_hash)
    return instrument


def answers(unit: Unit, run: Run) -> dict[str, Answer]:
    """Open every recorded answer of an administration."""
    rows = unit.session.execute(
        select(Response.item_id, Response.sealed).where(
            Response.school_year == run.key.school_year,
            Response.administration_id == run.key.id,
        )
    )
    return {item: unseal(run.data_key, run.key.id, item, sealed) for item, sealed in rows}


def pinned_release(unit: Unit, release_id: UUID) -> Instrument:
    """The instrument of a stored release; `NotFoundError` when the files no longer hold it."""
    row = unit.session.execute(
        select(InstrumentRelease.instrument_id, InstrumentRelease.structure_hash).where(
            InstrumentRelease.id == release_id
        )
    ).one()
    return pinned(unit, row.instrument_id, row.structure_hash)


def seal(key: DataKey, administration_id: UUID, item: str, answer: Answer) -> bytes:
    """Encrypt one answer for its own cell."""
    text = json.dumps([answer.state.value, answer.code], separators=(",", ":"))
    return key.seal(text, "responses", "sealed", str(administration_id), item)


def unseal(key: DataKey, administration_id: UUID, item: str, sealed: bytes) -> Answer:
    """Decrypt one answer; raise `SealError` when it was made for another cell."""
    state, code = json.loads(key.open(sealed, "responses", "sealed", str(administration_id), item))
    return Answer(AnswerState(state), code)
