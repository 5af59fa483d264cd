"""The library of instruments as the methodologist browses it: releases, files, lints and cases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from tirek.catalog.draft_files import packed, published_files, read_stored
from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.catalog.instruments import check
from tirek.domain.alphabet import sort_key
from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import Instrument, ReleaseStatus, Subject
from tirek.services import licences
from tirek.services.paging import Page, cut
from tirek.services.unit import Unit
from tirek.storage.models import InstrumentDraft, InstrumentPart, InstrumentRelease


class LicenceStand(StrEnum):
    """Whether an instrument may be shown, as far as its licence goes."""

    FREE = "free"
    RECORDED = "recorded"
    MISSING = "missing"


class Sort(StrEnum):
    """The orders in which the library can be read."""

    NAME = "name"
    STATUS = "status"
    ITEMS = "items"


@dataclass(frozen=True, slots=True)
class LibraryQuery:
    """What of the library is asked for."""

    words: str = ""
    status: ReleaseStatus | None = None
    subject: Subject | None = None
    licence: LicenceStand | None = None
    sort: Sort = Sort.NAME
    page: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One instrument as the list shows it."""

    instrument: Instrument
    status: ReleaseStatus
    licence: LicenceStand
    drafts: int


@dataclass(frozen=True, slots=True)
class Check:
    """What lints and golden cases say now."""

    findings: Sequence[Finding]
    cases: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def entries(unit: Unit, query: LibraryQuery, language: str) -> Page[Entry]:
    """One page of the instruments that fit, by their titles in a language."""
    found = [one for one in _entries(unit) if _fits(one, query)]
    titles = {one.instrument.id: one.instrument.text(language, "title") for one in found}
    words = query.words.casefold().split()
    found = [
        one
        for one in found
        if all(
            word in f"{titles[one.instrument.id]} {one.instrument.id}".casefold() for word in words
        )
    ]
    found.sort(key=lambda one: sort_key(titles[one.instrument.id]))
    if query.sort is Sort.STATUS:
        found.sort(key=lambda one: list(ReleaseStatus).index(one.status))
    elif query.sort is Sort.ITEMS:
        found.sort(key=lambda one: len(one.instrument.items))
    return cut(found, query.page)


def _entries(unit: Unit) -> Iterable[Entry]:
    statuses = _statuses(unit)
    stands = _licence_stands(unit)
    drafts = _draft_counts(unit)
    for one in unit.catalog.instruments.values():
        status = statuses.get(one.hashes.release, ReleaseStatus.DRAFT)
        yield Entry(one, status, stands[one.id], drafts.get(one.id, 0))


def _fits(one: Entry, query: LibraryQuery) -> bool:
    wanted: Sequence[tuple[object, object]] = (
        (query.status, one.status),
        (query.subject, one.instrument.structure.subject),
        (query.licence, one.licence),
    )
    return all(asked in {None, found} for asked, found in wanted)


def get(unit: Unit, instrument_id: str) -> Instrument:
    """An instrument of the catalog; raises `NotFoundError`."""
    found = unit.catalog.instruments.get(instrument_id)
    if found is None:
        raise NotFoundError("instrument", instrument_id)
    return found


def entry(unit: Unit, instrument_id: str) -> Entry:
    """One instrument as the list would show it; raises `NotFoundError`."""
    get(unit, instrument_id)
    return next(one for one in _entries(unit) if one.instrument.id == instrument_id)


def folder(unit: Unit, instrument_id: str) -> bytes:
    """The files in use as a .zip, to be changed and proposed; raises `NotFoundError`."""
    found = get(unit, instrument_id)
    files = published_files(unit.catalog.instruments_root, instrument_id)
    return packed(f"{found.id}/{found.major}", files)


def releases(unit: Unit, instrument_id: str) -> Sequence[InstrumentRelease]:
    """Every release of an instrument that was ever registered, the newest first."""
    return unit.session.scalars(
        select(InstrumentRelease)
        .where(InstrumentRelease.instrument_id == instrument_id)
        .order_by(InstrumentRelease.published_at.desc(), InstrumentRelease.label.desc())
    ).all()


def release(unit: Unit, release_id: UUID) -> InstrumentRelease:
    """One registered release; raises `NotFoundError`."""
    found = unit.session.get(InstrumentRelease, release_id)
    if found is None:
        raise NotFoundError("instrument_release", release_id)
    return found


def current(unit: Unit, instrument: Instrument) -> InstrumentRelease | None:
    """The registered release of the files as they are; None before the first `migrate`."""
    return unit.session.scalars(
        select(InstrumentRelease).where(InstrumentRelease.hash == instrument.hashes.release)
    ).one_or_none()


def files_of(unit: Unit, one: InstrumentRelease) -> InstrumentFiles | None:
    """The files of a release: as they lie in the repository, else as its parts were stored.

    None where the stored parts are of a format that is no longer read.
    """
    found = unit.catalog.instruments.get(one.instrument_id)
    if found is not None and found.hashes.release == one.hash:
        return current_files(unit, found)
    return read_stored(one.instrument_id, major_of(one.label), parts_of(unit, one))


def rules_of(unit: Unit, one: InstrumentRelease) -> Instrument | None:
    """The rules of a release, as the process holds them or as they were stored."""
    found = unit.catalog.instruments.get(one.instrument_id)
    if found is not None and found.hashes.release == one.hash:
        return found
    files = files_of(unit, one)
    return files.instrument if files else None


def parts_of(unit: Unit, one: InstrumentRelease) -> Mapping[str, object]:
    """The stored parts of a release: name to content."""
    hashes = {one.structure_hash, one.scoring_hash, one.interpretation_hash}
    wordings = {str(found) for found in one.wording_hashes.values()}
    rows = unit.session.scalars(
        select(InstrumentPart).where(
            InstrumentPart.instrument_id == one.instrument_id,
            InstrumentPart.hash.in_(hashes | wordings),
        )
    )
    return {f"{row.kind}.{row.language}" if row.language else row.kind: row.content for row in rows}


def major_of(label: str) -> int:
    """The major version that a release's label begins with."""
    return int(label.partition(".")[0])


def current_files(unit: Unit, instrument: Instrument) -> InstrumentFiles | None:
    """The newest files of an instrument with their golden cases."""
    return check(_folder(unit, instrument))[0]


def run_checks(unit: Unit, instrument: Instrument) -> Check:
    """Read the files anew, and run every lint and golden case."""
    files, findings = check(_folder(unit, instrument))
    return Check(findings, len(files.cases) if files else 0)


def _folder(unit: Unit, instrument: Instrument) -> Path:
    return unit.catalog.instruments_root / instrument.id / str(instrument.major)


def _statuses(unit: Unit) -> dict[str, ReleaseStatus]:
    rows = unit.session.execute(select(InstrumentRelease.hash, InstrumentRelease.status))
    return {row.hash: ReleaseStatus(row.status) for row in rows}


def _licence_stands(unit: Unit) -> dict[str, LicenceStand]:
    every = list(unit.catalog.instruments.values())
    day = licences.today(unit)
    shown = {one.id for one in licences.shown(unit, every, day)}
    return {one.id: _stand(one, is_shown=one.id in shown) for one in every}


def _stand(instrument: Instrument, *, is_shown: bool) -> LicenceStand:
    if not is_shown:
        return LicenceStand.MISSING
    is_free = instrument.structure.licence.may.get("display", False)
    return LicenceStand.FREE if is_free else LicenceStand.RECORDED


def _draft_counts(unit: Unit) -> dict[str, int]:
    rows = unit.session.execute(
        select(InstrumentDraft.instrument_id, func.count())
        .where(InstrumentDraft.withdrawn_at.is_(None))
        .group_by(InstrumentDraft.instrument_id)
    )
    return {row[0]: row[1] for row in rows}
