"""Signed heads of the audit chains, for keeping where nobody who has the database can reach them.

A chain whose end was cut off, or that was made anew from some entry on, is whole in itself: only a
head that was taken before and kept elsewhere tells. The signature says that it was taken by us;
checking it needs no secret.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tirek.domain.audit_chain import head_line, stamp
from tirek.services.audit_chain import end_of, school_years, try_lock
from tirek.storage.models import AuditHead

EVERY = timedelta(hours=1)


class HeadError(ValueError):
    """A line is not a head."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain of a school year ended at a moment, as it leaves the house."""

    school_year: int
    seq: int
    hash: bytes
    taken_at: datetime
    key: bytes
    signature: bytes

    @classmethod
    def read(cls, line: str) -> Self:
        """A head from one line; raise `HeadError` when it is none."""
        try:
            raw = json.loads(line)
            return cls(
                int(raw["school_year"]),
                int(raw["seq"]),
                bytes.fromhex(raw["hash"]),
                datetime.fromisoformat(raw["taken_at"]).astimezone(UTC),
                b64decode(raw["key"]),
                b64decode(raw["signature"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise HeadError(f"not a head of an audit chain: {error}") from error

    def line(self) -> str:
        """One line of JSON, with all that is needed to check it."""
        return json.dumps(
            {
                "school_year": self.school_year,
                "seq": self.seq,
                "hash": self.hash.hex(),
                "taken_at": stamp(self.taken_at),
                "key": b64encode(self.key).decode(),
                "signature": b64encode(self.signature).decode(),
            }
        )

    def is_signed(self) -> bool:
        """Whether the signature is that of the key named beside it."""
        signed = head_line(self.school_year, self.seq, self.hash, self.taken_at)
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, signed)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """Holds the private key that heads are signed with."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, school_year: int, seq: int, chain_hash: bytes, taken_at: datetime) -> bytes:
        """The signature of one head."""
        return self._key.sign(head_line(school_year, seq, chain_hash, taken_at))


def take(session: Session, signer: Signer, *, is_due_now: bool = False) -> list[Head]:
    """Sign the end of each chain that has grown and whose last head is an hour old.

    `is_due_now` asks for no hour. The caller commits; two at once take one head.
    """
    if not try_lock(session):
        return []
    now = session.scalars(select(func.now())).one().astimezone(UTC)
    taken = []
    for year in school_years(session):
        end, last = end_of(session, year), _last(session, year)
        is_due = last is None or is_due_now or now - last.taken_at >= EVERY
        if end.seq > (last.seq if last else 0) and is_due:
            signature = signer.sign(year, end.seq, end.hash, now)
            taken.append(Head(year, end.seq, end.hash, now, signer.public, signature))
    session.add_all(
        AuditHead(
            school_year=head.school_year,
            seq=head.seq,
            hash=head.hash,
            taken_at=head.taken_at,
            key=head.key,
            signature=head.signature,
        )
        for head in taken
    )
    return taken


def heads(session: Session, since: datetime | None = None) -> Iterator[Head]:
    """Every head in the database, or those taken at a moment and later; the oldest first."""
    query = select(AuditHead).order_by(AuditHead.taken_at, AuditHead.school_year, AuditHead.seq)
    if since is not None:
        query = query.where(AuditHead.taken_at >= since)
    for row in session.scalars(query):
        moment = row.taken_at.astimezone(UTC)
        yield Head(row.school_year, row.seq, row.hash, moment, row.key, row.signature)


def newest(session: Session) -> datetime | None:
    """When the last head was taken."""
    return session.scalars(select(func.max(AuditHead.taken_at))).one()


def read_all(lines: Iterable[str]) -> list[Head]:
    """The heads of an exported file; raise `HeadError` that names the line which is none."""
    found = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found.append(Head.read(line))
            except HeadError as error:
                raise HeadError(f"line {number} is {error}") from error
    return found


def _last(session: Session, year: int) -> AuditHead | None:
    query = select(AuditHead).where(AuditHead.school_year == year)
    return session.scalars(query.order_by(AuditHead.seq.desc()).limit(1)).one_or_none()
