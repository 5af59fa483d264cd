"""Published releases in the database: what administrations and scores are pinned to."""

import json
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tirek.catalog.library import Catalog
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.instruments import Instrument, Part, ReleaseStatus
from tirek.storage.models import InstrumentPart, InstrumentRelease

RETIRED_BY_FILE = "release.yaml: retired"


def register_releases(session: Session, catalog: Catalog) -> int:
    """Store every release of the catalog that the database lacks; say how many were new.

    Raises `ConflictError` when a version that is already published has other content: a
    published part is immutable, so the change needs a new version.
    """
    return sum(_register(session, instrument) for instrument in catalog.instruments.values())


def release_id(session: Session, instrument: Instrument) -> UUID:
    """The stored release of an instrument of the catalog; `NotFoundError` before `migrate`."""
    found = session.scalars(
        select(InstrumentRelease.id).where(InstrumentRelease.hash == instrument.hashes.release)
    ).one_or_none()
    if found is None:
        raise NotFoundError("instrument release", instrument.release)
    return found


def _register(session: Session, instrument: Instrument) -> bool:
    hashes = instrument.hashes
    known = select(InstrumentRelease.id).where(InstrumentRelease.hash == hashes.release)
    if session.scalars(known).one_or_none() is not None:
        return False
    for part in instrument.parts:
        _register_part(session, instrument.id, part)
    is_retired = instrument.status is ReleaseStatus.RETIRED
    session.add(
        InstrumentRelease(
            instrument_id=instrument.id,
            label=instrument.release,
            hash=hashes.release,
            structure_hash=hashes.structure,
            scoring_hash=hashes.scoring,
            interpretation_hash=hashes.interpretation,
            wording_hashes=dict(hashes.wordings),
            status=_begins_as(instrument.status).value,
            retired_at=session.scalars(select(func.now())).one() if is_retired else None,
            retired_reason=RETIRED_BY_FILE if is_retired else None,
        )
    )
    return True


def _begins_as(said: ReleaseStatus) -> ReleaseStatus:
    """A file that says `approved` is on trial here until two people have signed here.

    The names in a file are words; the database counts accounts (migration 0013).
    """
    return ReleaseStatus.PILOT if said is ReleaseStatus.APPROVED else said


def _register_part(session: Session, instrument_id: str, part: Part) -> None:
    published = session.scalars(
        select(InstrumentPart.hash).where(
            InstrumentPart.instrument_id == instrument_id,
            InstrumentPart.kind == part.kind.value,
            InstrumentPart.language == part.language,
            InstrumentPart.version == part.version,
        )
    ).one_or_none()
    if published is None:
        session.add(
            InstrumentPart(
                hash=part.hash,
                instrument_id=instrument_id,
                kind=part.kind.value,
                language=part.language,
                version=part.version,
                content=json.loads(part.content),
            )
        )
        # The release that follows refers to this row by its hash.
        session.flush()
    elif published != part.hash:
        raise ConflictError(
            f"{instrument_id} {part.name} {part.version} is published with other content:"
            " give the change a new version"
        )
