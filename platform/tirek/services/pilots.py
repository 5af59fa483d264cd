"""Where a release may be used: an approved one everywhere, one on trial in the regions opened."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import and_, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.instruments import ReleaseStatus
from tirek.services import audit, licences
from tirek.services.unit import Unit
from tirek.storage.models import (
    Assignment,
    District,
    InstrumentRelease,
    PilotRegion,
    Region,
    School,
)


class NotOnTrialError(DomainError):
    """Only a release that is on trial is opened or closed region by region."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """One region in which a release is tried."""

    id: UUID
    region: Region
    opened_at: datetime


class Withdrawal(StrEnum):
    """Why nobody may begin an assignment that nobody has cancelled."""

    TRIAL_ENDED = "trial_ended"
    RETIRED = "retired"
    NOT_LICENSED = "not_licensed"


@dataclass(frozen=True, slots=True)
class Closing:
    """What the end of a trial in one region would do to the assignments of its schools."""

    pilot: Pilot
    # Not opened yet: nobody will begin them.
    planned: int
    # Open now: they are finished.
    running: int


def usable(unit: Unit, schools: Collection[UUID]) -> dict[str, UUID]:
    """The releases that one of these schools may use now, hash to id; without one: approved."""
    opened = (
        select(PilotRegion.release_id)
        .join(District, District.region_iso == PilotRegion.region_iso)
        .join(School, School.district_id == District.id)
        .where(PilotRegion.closed_at.is_(None), School.id.in_(schools))
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


def withdrawals(unit: Unit, assigned: Sequence[Assignment]) -> dict[UUID, Withdrawal]:
    """Why some of these assignments may be begun by nobody now; the others are absent.

    A trial that has ended in the school's region takes back what had not opened by then; what was
    open goes on to its end, for the whole class. A region that opens again gives back all of it.
    """
    known = unit.catalog.instruments
    asked = {one.instrument_id for one in assigned} & known.keys()
    if not asked:
        return {}
    shown = licences.shown(unit, [known[name] for name in asked], licences.today(unit))
    forbidden = asked - {one.id for one in shown}
    # True as well where the region was never opened for it: then no trial has ended there.
    reaches = func.bool_or(
        or_(PilotRegion.closed_at.is_(None), PilotRegion.closed_at >= Assignment.opens_at)
    )
    rows = unit.session.execute(
        select(Assignment.id, Assignment.instrument_id, InstrumentRelease.status, reaches)
        .join(InstrumentRelease, InstrumentRelease.id == Assignment.release_id)
        .join(School, School.id == Assignment.school_id)
        .join(District, District.id == School.district_id)
        .outerjoin(
            PilotRegion,
            and_(
                PilotRegion.release_id == InstrumentRelease.id,
                PilotRegion.region_iso == District.region_iso,
            ),
        )
        .where(Assignment.id.in_([one.id for one in assigned]))
        .group_by(Assignment.id, InstrumentRelease.status)
    )
    found = {
        id_: _why(status, is_reached=is_reached, is_licensed=name not in forbidden)
        for id_, name, status, is_reached in rows
    }
    return {id_: why for id_, why in found.items() if why is not None}


def may_begin(unit: Unit, assignment: Assignment) -> bool:
    """Whether whoever was asked before may begin it now."""
    return not withdrawals(unit, [assignment])


def _why(status: str, *, is_reached: bool, is_licensed: bool) -> Withdrawal | None:
    if status == ReleaseStatus.RETIRED.value:
        return Withdrawal.RETIRED
    if status == ReleaseStatus.PILOT.value and not is_reached:
        return Withdrawal.TRIAL_ENDED
    return None if is_licensed else Withdrawal.NOT_LICENSED


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


def find_closing(unit: Unit, release_id: UUID, pilot_id: UUID) -> Closing | None:
    """What ending a trial in a region would do; None where it is not open (any more)."""
    pilot = next((one for one in of_release(unit, release_id) if one.id == pilot_id), None)
    if pilot is None:
        return None
    is_planned = Assignment.opens_at > func.now()
    # Whoever decides about trials works in no school: of its plans they get two numbers.
    planned, running = unit.session.execute(
        select(func.count().filter(is_planned), func.count().filter(~is_planned))
        .select_from(Assignment)
        .join(School, School.id == Assignment.school_id)
        .join(District, District.id == School.district_id)
        .where(
            Assignment.release_id == release_id,
            Assignment.cancelled_at.is_(None),
            Assignment.closes_at > func.now(),
            District.region_iso == pilot.region.iso,
        )
    ).one()
    return Closing(pilot, planned, running)


def stop(unit: Unit, release_id: UUID, pilot_id: UUID) -> None:
    """End the trial in one region; twice is harmless.

    Nothing new is assigned there, and what was assigned and has not opened is begun by nobody
    (`withdrawals`); no row of a school is changed.
    """
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
    # The ids are the database's: a default of Python's would be one and the same for every row.
    everywhere = (
        select(func.gen_random_uuid(), InstrumentRelease.id, Region.iso)
        .join(Region, true())
        .where(InstrumentRelease.status == ReleaseStatus.PILOT.value)
    )
    session.execute(
        insert(PilotRegion)
        .from_select(["id", "release_id", "region_iso"], everywhere)
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
