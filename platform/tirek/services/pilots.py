"""Where a release may be used: an approved one everywhere, one on trial in the regions opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.instruments import Instrument, ReleaseStatus
from tirek.services import audit, licences
from tirek.services.unit import Unit
from tirek.storage.models import District, InstrumentRelease, PilotRegion, Region, School


class NotOnTrialError(DomainError):
    """Only a release that is on trial is opened or closed region by region."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """One region in which a release is tried."""

    id: UUID
    region: Region
    opened_at: datetime


def usable(unit: Unit, school_id: UUID | None) -> dict[str, UUID]:
    """The releases that a school may use now, hash to id; without a school only approved ones."""
    opened = (
        select(PilotRegion.release_id)
        .join(District, District.region_iso == PilotRegion.region_iso)
        .join(School, School.district_id == District.id)
        .where(PilotRegion.closed_at.is_(None), School.id == school_id)
    )
    is_open = (InstrumentRelease.status == ReleaseStatus.PILOT.value) & (
        InstrumentRelease.id.in_(opened)
    )
    rows = unit.session.execute(
        select(InstrumentRelease.hash, InstrumentRelease.id).where(
            or_(InstrumentRelease.status == ReleaseStatus.APPROVED.value, is_open)
        )
    )
    return {row.hash: row.id for row in rows}


def may_begin(unit: Unit, instrument: Instrument, release_id: UUID, day: date) -> bool:
    """Whether whoever was asked before may begin it on a day: not once it is retired.

    Nor where the permission to show it does not hold.
    """
    status = unit.session.scalars(
        select(InstrumentRelease.status).where(InstrumentRelease.id == release_id)
    ).one()
    return status != ReleaseStatus.RETIRED.value and licences.may_show(unit, instrument, day)


def of_release(unit: Unit, release_id: UUID) -> list[Pilot]:
    """The regions in which a release is tried now, in the order of their codes."""
    rows = unit.session.execute(
        select(PilotRegion, Region)
        .join(Region, Region.iso == PilotRegion.region_iso)
        .where(PilotRegion.release_id == release_id, PilotRegion.closed_at.is_(None))
        .order_by(Region.iso)
    )
    return [Pilot(row.id, region, row.opened_at) for row, region in rows]


def regions(unit: Unit) -> Sequence[Region]:
    """Every region of the country, in the order of the codes."""
    return unit.session.scalars(select(Region).order_by(Region.iso)).all()


def start(unit: Unit, release_id: UUID, isos: Sequence[str]) -> int:
    """Open regions for a release and say how many were new; one that is open stays so.

    Raises `NotFoundError` (no such release or region) or `NotOnTrialError`. A draft of the
    repository becomes a pilot with its first region.
    """
    release = _on_trial(unit, release_id)
    known = {region.iso for region in regions(unit)}
    opened = 0
    for iso in dict.fromkeys(isos):
        if iso not in known:
            raise NotFoundError("region", iso)
        row = unit.session.execute(
            insert(PilotRegion)
            .values(release_id=release.id, region_iso=iso, opened_by=unit.actor.account_id)
            .on_conflict_do_nothing()
            .returning(PilotRegion.id)
        ).one_or_none()
        if row is not None:
            opened += 1
            audit.record(unit, "pilot.open", "instrument_release", f"{release.id} {iso}")
    if opened and release.status == ReleaseStatus.DRAFT.value:
        release.status = ReleaseStatus.PILOT.value
    return opened


def stop(unit: Unit, release_id: UUID, pilot_id: UUID) -> None:
    """End the trial in one region: nothing new is assigned there; twice is harmless."""
    release = _on_trial(unit, release_id)
    closed = unit.session.scalars(
        update(PilotRegion)
        .where(
            PilotRegion.id == pilot_id,
            PilotRegion.release_id == release.id,
            PilotRegion.closed_at.is_(None),
        )
        .values(closed_at=func.now(), closed_by=unit.actor.account_id)
        .returning(PilotRegion.region_iso)
    ).one_or_none()
    if closed is not None:
        audit.record(unit, "pilot.close", "instrument_release", f"{release.id} {closed}")


def open_everywhere(session: Session) -> None:
    """Open every region for every release on trial: for demonstrations and tests."""
    everywhere = (
        select(InstrumentRelease.id, Region.iso)
        .join(Region, true())
        .where(InstrumentRelease.status == ReleaseStatus.PILOT.value)
    )
    for release_id, iso in session.execute(everywhere).all():
        session.execute(
            insert(PilotRegion)
            .values(release_id=release_id, region_iso=iso)
            .on_conflict_do_nothing()
        )


def _on_trial(unit: Unit, release_id: UUID) -> InstrumentRelease:
    release = unit.session.scalars(
        select(InstrumentRelease).where(InstrumentRelease.id == release_id).with_for_update()
    ).one_or_none()
    if release is None:
        raise NotFoundError("instrument_release", release_id)
    if release.status not in {ReleaseStatus.PILOT.value, ReleaseStatus.DRAFT.value}:
        raise NotOnTrialError(f"the release is {release.status}")
    return release
