"""Whom machines tell: centres' own servers, the authorities' addresses, and the SMS providers."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.delivery import Channel
from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.protocols import Addressee
from tirek.services import audit
from tirek.services.oversight import Place
from tirek.services.unit import Unit
from tirek.storage.models import Authority, Endpoint, Provider, Region, SupportCenter

KINDS = (Channel.WEBHOOK, Channel.FHIR)
AUTHORITIES = (Addressee.GUARDIANSHIP, Addressee.CHILD_RIGHTS)
# 256 bits: nobody guesses it, so the hash that finds it needs no slowness.
TOKEN_BYTES = 32


class AddressError(DomainError):
    """The address is none that we would speak to: https, a host, and no password in it."""


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One server of a centre; nothing secret."""

    id: UUID
    center: Place
    kind: Channel
    url: str
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the centre's people must be given, shown this once: never kept in clear.

    `signing` proves to their server that we speak (absent where they gave us a token of theirs);
    `token` is what their server shows us.
    """

    endpoint_id: UUID
    signing: str | None
    token: str


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """The body of one region, and where its notices go; without an address none is known."""

    region_iso: str
    region: Place
    kind: Addressee
    name_kk: str
    name_ru: str
    email: str | None
    language: str


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One provider and its share of new messages."""

    name: str
    channel: Channel
    weight: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """A server that has shown its token."""

    endpoint_id: UUID
    kind: Channel


def all_endpoints(unit: Unit) -> list[EndpointRow]:
    """Every server, those in use first."""
    rows = unit.session.execute(
        select(Endpoint, SupportCenter.name_kk, SupportCenter.name_ru)
        .join(SupportCenter, SupportCenter.id == Endpoint.support_center_id)
        .order_by(Endpoint.is_active.desc(), SupportCenter.name_ru, Endpoint.created_at)
    )
    return [
        EndpointRow(
            one.id, Place(kk, ru), Channel(one.kind), one.url, one.is_active, one.created_at
        )
        for one, kk, ru in rows
    ]


def centers(unit: Unit) -> list[tuple[UUID, Place]]:
    """Every centre, to choose from."""
    rows = unit.session.execute(
        select(SupportCenter.id, SupportCenter.name_kk, SupportCenter.name_ru).order_by(
            SupportCenter.name_ru
        )
    )
    return [(row.id, Place(row.name_kk, row.name_ru)) for row in rows]


def add(unit: Unit, center_id: UUID, kind: Channel, url: str, their_token: str | None) -> Secrets:
    """Add a centre's server; what it needs to know is returned once.

    A FHIR server lets us in with a token of its own (`their_token`); a webhook is signed with a
    key that we make. Raises `AddressError`.
    """
    if unit.session.get(SupportCenter, center_id) is None:
        raise NotFoundError("support_center", center_id)
    _check(url)
    endpoint_id = uuid4()
    made = _new_secrets(endpoint_id, kind, their_token)
    unit.session.add(
        Endpoint(
            id=endpoint_id,
            support_center_id=center_id,
            kind=kind.value,
            url=url,
            secret_sealed=_sealed(unit, endpoint_id, made.signing or their_token or ""),
            token_hash=unit.vault.index(made.token),
        )
    )
    unit.session.flush()
    audit.record(unit, "endpoint.add", "endpoint", endpoint_id)
    return made


def renew_secrets(unit: Unit, endpoint_id: UUID) -> Secrets:
    """New secrets in place of those that may be known to others; the old ones end at once."""
    found = unit.session.get(Endpoint, endpoint_id)
    if found is None:
        raise NotFoundError("endpoint", endpoint_id)
    is_theirs = found.kind == Channel.FHIR
    made = _new_secrets(endpoint_id, Channel(found.kind), "theirs" if is_theirs else None)
    found.token_hash = unit.vault.index(made.token)
    if made.signing is not None:
        found.secret_sealed = _sealed(unit, endpoint_id, made.signing)
    unit.session.flush()
    audit.record(unit, "endpoint.renew", "endpoint", endpoint_id)
    return made


def switch(unit: Unit, endpoint_id: UUID, *, is_active: bool) -> None:
    """Use a server, or stop using it; what is under way is still tried."""
    changed = unit.session.scalars(
        update(Endpoint)
        .where(Endpoint.id == endpoint_id)
        .values(is_active=is_active)
        .returning(Endpoint.id)
    ).one_or_none()
    if changed is None:
        raise NotFoundError("endpoint", endpoint_id)
    audit.record(unit, "endpoint.on" if is_active else "endpoint.off", "endpoint", endpoint_id)


def caller_of(unit: Unit, token: str) -> Caller | None:
    """The server that shows this token; None for any other, and for one that is switched off."""
    row = unit.session.execute(
        select(Endpoint.id, Endpoint.kind).where(
            Endpoint.token_hash == unit.vault.index(token), Endpoint.is_active
        )
    ).one_or_none()
    return Caller(row.id, Channel(row.kind)) if row else None


def authorities(unit: Unit) -> list[AuthorityRow]:
    """Both bodies of every region, also those whose address nobody has entered."""
    known = {(one.region_iso, one.kind): one for one in unit.session.scalars(select(Authority))}
    regions = unit.session.execute(
        select(Region.iso, Region.name_kk, Region.name_ru).order_by(Region.name_ru)
    ).all()
    return [
        AuthorityRow(
            row.iso,
            Place(row.name_kk, row.name_ru),
            kind,
            one.name_kk if one else "",
            one.name_ru if one else "",
            one.email if one else None,
            one.language if one else "kk",
        )
        for row in regions
        for kind in AUTHORITIES
        for one in [known.get((row.iso, kind.value))]
    ]


def authority(unit: Unit, region_iso: str, kind: Addressee) -> AuthorityRow:
    """One of them; raises `NotFoundError`."""
    for one in authorities(unit):
        if (one.region_iso, one.kind) == (region_iso, kind):
            return one
    raise NotFoundError("authority", f"{region_iso} {kind}")


def set_authority(unit: Unit, row: AuthorityRow) -> None:
    """Enter or change where the notices to a body go."""
    facts = {
        "name_kk": row.name_kk,
        "name_ru": row.name_ru,
        "email": row.email,
        "language": row.language,
    }
    place = {"region_iso": row.region_iso, "kind": row.kind.value}
    statement = insert(Authority).values(id=uuid4(), **place, **facts)
    unit.session.execute(
        statement.on_conflict_do_update(
            index_elements=[Authority.region_iso, Authority.kind], set_=facts
        )
    )
    audit.record(unit, "authority.set", "authority", f"{row.region_iso} {row.kind}")


def providers(unit: Unit) -> list[ProviderRow]:
    """The providers that have been used, and how new messages are shared among them."""
    rows = unit.session.scalars(select(Provider).order_by(Provider.channel, Provider.name))
    return [ProviderRow(one.name, Channel(one.channel), one.weight, one.changed_at) for one in rows]


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_fit = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise AddressError("cannot be read") from None
    if not is_fit or parts.username or parts.password or not url.isprintable() or " " in url:
        raise AddressError("not an https address")


def _new_secrets(endpoint_id: UUID, kind: Channel, their_token: str | None) -> Secrets:
    has_theirs = kind is Channel.FHIR and bool(their_token)
    signing = None if has_theirs else secrets.token_urlsafe(TOKEN_BYTES)
    return Secrets(endpoint_id, signing, secrets.token_urlsafe(TOKEN_BYTES))


def _sealed(unit: Unit, endpoint_id: UUID, secret: str) -> bytes:
    return unit.vault.seal_secret(secret, "endpoints", "secret_sealed", str(endpoint_id))
