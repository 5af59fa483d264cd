"""What rights-holders granted: recorded by an administrator, and asked before anything is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select, update

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.instruments import Instrument
from tirek.domain.licensing import LicenceState, Term, needs_record, state_of, until
from tirek.services import audit
from tirek.services.unit import Unit
from tirek.storage.models import Account, InstrumentLicence


class GrantError(DomainError):
    """The permission ends before it begins, or does not say who granted what and where it lies."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Who granted what to whom, from when until when, and where another person finds the paper."""

    granted_by: str
    granted_to: str
    scope: str
    evidence: str
    valid_from: date
    valid_to: date | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything is said and the days are in order."""
        said = (self.granted_by, self.granted_to, self.scope, self.evidence)
        in_order = self.valid_to is None or self.valid_to >= self.valid_from
        return in_order and all(one.strip() for one in said)


@dataclass(frozen=True, slots=True)
class Record:
    """One permission as it was recorded, and how it stands today."""

    id: UUID
    grant: Grant
    state: LicenceState
    recorded_by: str
    recorded_at: datetime
    revoked_by: str | None
    revoked_at: datetime | None
    revoked_reason: str | None

    @property
    def is_revoked(self) -> bool:
        """Whether it was taken back."""
        return self.state is LicenceState.REVOKED


@dataclass(frozen=True, slots=True)
class Line:
    """One instrument that needs a permission, and how it stands; `until` None has no end."""

    instrument: Instrument
    state: LicenceState
    until: date | None


def today(unit: Unit) -> date:
    """The day in Kazakhstan by the database's clock."""
    return unit.now().astimezone(KAZAKHSTAN).date()


def shown(unit: Unit, instruments: Sequence[Instrument], day: date) -> list[Instrument]:
    """Those of the instruments that may be put before somebody on a day, in their order.

    One of which we have topics only is shown to nobody, whatever was granted.
    """
    asked = [one.id for one in instruments if needs_record(one.structure.licence, day)]
    in_force = _in_force(unit, asked, day) if asked else frozenset()
    return [
        one
        for one in instruments
        if one.can_be_asked and (one.id not in asked or one.id in in_force)
    ]


def may_show(unit: Unit, instrument: Instrument, day: date) -> bool:
    """Whether this one may."""
    return bool(shown(unit, [instrument], day))


def overview(unit: Unit) -> list[Line]:
    """Every instrument that needs a permission, those without a valid one first."""
    day = today(unit)
    needing = [
        one for one in unit.catalog.instruments.values() if needs_record(one.structure.licence, day)
    ]
    terms = _terms(unit, [one.id for one in needing])
    lines = [_line(one, terms.get(one.id, []), day) for one in needing]
    return sorted(lines, key=lambda one: (one.state is LicenceState.IN_FORCE, one.instrument.id))


def line_of(unit: Unit, instrument_id: str) -> Line:
    """One of them; raises `NotFoundError` where none is needed."""
    found = next((one for one in overview(unit) if one.instrument.id == instrument_id), None)
    if found is None:
        raise NotFoundError("instrument", instrument_id)
    return found


def records(unit: Unit, instrument_id: str) -> list[Record]:
    """Everything that was ever recorded for an instrument, the newest first."""
    day = today(unit)
    rows = unit.session.scalars(
        select(InstrumentLicence)
        .where(InstrumentLicence.instrument_id == instrument_id)
        .order_by(InstrumentLicence.recorded_at.desc(), InstrumentLicence.id)
    ).all()
    names = _names(unit, rows)
    return [_record(row, names, day) for row in rows]


def record(unit: Unit, instrument_id: str, grant: Grant) -> UUID:
    """Write down a permission; the same one sent twice is one record.

    Raises `NotFoundError` (no permission is needed) or `GrantError`.
    """
    line_of(unit, instrument_id)
    if not grant.is_whole:
        raise GrantError("the permission is not told whole")
    # Two who send at once take turns.
    unit.session.execute(
        select(func.pg_advisory_xact_lock(func.hashtext(f"licence {instrument_id}")))
    )
    same = next(
        (
            one.id
            for one in records(unit, instrument_id)
            if one.grant == grant and not one.is_revoked
        ),
        None,
    )
    if same is not None:
        return same
    row = InstrumentLicence(
        id=uuid4(),
        instrument_id=instrument_id,
        granted_by=grant.granted_by,
        granted_to=grant.granted_to,
        scope=grant.scope,
        evidence=grant.evidence,
        valid_from=grant.valid_from,
        valid_to=grant.valid_to,
        recorded_by=_who(unit),
    )
    unit.session.add(row)
    unit.session.flush()
    audit.record(unit, "licence.record", "instrument_licence", row.id)
    return row.id


def revoke(unit: Unit, licence_id: UUID, reason: str) -> str:
    """Take a permission back for good, and return its instrument; what runs may be finished.

    Raises `NotFoundError`, `GrantError` (no reason) or `ConflictError` (taken back already).
    """
    if not reason.strip():
        raise GrantError("a permission is taken back with a reason")
    instrument_id = unit.session.scalars(
        select(InstrumentLicence.instrument_id).where(InstrumentLicence.id == licence_id)
    ).one_or_none()
    if instrument_id is None:
        raise NotFoundError("instrument_licence", licence_id)
    done = unit.session.execute(
        update(InstrumentLicence)
        .where(InstrumentLicence.id == licence_id, InstrumentLicence.revoked_at.is_(None))
        .values(revoked_at=func.now(), revoked_by=_who(unit), revoked_reason=reason)
        .returning(InstrumentLicence.id)
    ).one_or_none()
    if done is None:
        first = next(one for one in records(unit, instrument_id) if one.id == licence_id)
        raise ConflictError("taken back already", first.revoked_by)
    audit.record(unit, "licence.revoke", "instrument_licence", licence_id)
    return instrument_id


def _in_force(unit: Unit, instrument_ids: Sequence[str], day: date) -> frozenset[str]:
    return frozenset(
        unit.session.scalars(
            select(InstrumentLicence.instrument_id).where(
                InstrumentLicence.instrument_id.in_(instrument_ids),
                InstrumentLicence.revoked_at.is_(None),
                InstrumentLicence.valid_from <= day,
                func.coalesce(InstrumentLicence.valid_to, day) >= day,
            )
        )
    )


def _terms(unit: Unit, instrument_ids: Sequence[str]) -> dict[str, list[Term]]:
    found: dict[str, list[Term]] = {}
    rows = unit.session.scalars(
        select(InstrumentLicence).where(InstrumentLicence.instrument_id.in_(instrument_ids))
    )
    for row in rows:
        found.setdefault(row.instrument_id, []).append(_term(row))
    return found


def _term(row: InstrumentLicence) -> Term:
    return Term(row.valid_from, row.valid_to, is_revoked=row.revoked_at is not None)


def _line(instrument: Instrument, terms: list[Term], day: date) -> Line:
    return Line(instrument, state_of(terms, day), until(terms, day))


def _record(row: InstrumentLicence, names: dict[UUID, str], day: date) -> Record:
    grant = Grant(
        row.granted_by, row.granted_to, row.scope, row.evidence, row.valid_from, row.valid_to
    )
    return Record(
        row.id,
        grant,
        _term(row).state(day),
        names[row.recorded_by],
        row.recorded_at,
        names[row.revoked_by] if row.revoked_by else None,
        row.revoked_at,
        row.revoked_reason,
    )


def _names(unit: Unit, rows: Sequence[InstrumentLicence]) -> dict[UUID, str]:
    ids = {one for row in rows for one in (row.recorded_by, row.revoked_by) if one}
    found = unit.session.execute(
        select(Account.id, Account.display_name).where(Account.id.in_(ids))
    )
    return {row.id: row.display_name for row in found}


def _who(unit: Unit) -> UUID:
    if unit.actor.account_id is None:
        raise TypeError("a licence is recorded by a person")
    return unit.actor.account_id
