"""Browsers' sessions: kept on the server, found by a hash, ended for good at logout."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from tirek.domain.scope import Scope, ScopeKind
from tirek.storage.models import WebSession

ABSOLUTE_LIFE = timedelta(hours=8)
ANONYMOUS_MINUTES = 60
STAFF_IDLE_MINUTES = 15
PARENT_IDLE_MINUTES = 60
PUPIL_IDLE_MINUTES = 30
# Seen at most once a minute: a session's clock is not worth a write in every request.
_TOUCH_AFTER = text("interval '1 minute'")


_SESSION = WebSession.__table__.c
_AGE = func.now() - _SESSION.seen_at
# Finds a living session and lets its transaction see the rows of its scope, in one query.
_FIND = select(
    _SESSION.data,
    _SESSION.scope_kind,
    _SESSION.scope_id,
    (_AGE > _TOUCH_AFTER).label("is_stale"),
    func.set_config("tirek.scope", _SESSION.scope_kind, True),  # noqa: FBT003 - SQL's argument
    func.set_config(
        "tirek.scope_id",
        func.coalesce(cast(_SESSION.scope_id, Text), ""),
        True,  # noqa: FBT003
    ),
).where(
    _SESSION.token_hash == bindparam("token_hash"),
    _SESSION.expires_at > func.now(),
    func.make_interval(0, 0, 0, 0, 0, _SESSION.idle_minutes) > _AGE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A living session: what it holds, and whose rows its transaction may see from now on."""

    data: dict[str, Any]
    scope: Scope
    is_stale: bool


def new_token() -> str:
    """A session token of 256 bits."""
    return secrets.token_urlsafe(32)


def find(session: Session, token: str) -> Found | None:
    """Find a living session and enter its scope, in one query."""
    row = session.connection().execute(_FIND, {"token_hash": _hash(token)}).one_or_none()
    if row is None:
        return None
    scope = Scope(ScopeKind(row.scope_kind), row.scope_id)
    session.info["scope"] = scope
    return Found(row.data, scope, row.is_stale)


def add(
    session: Session,
    token: str,
    data: dict[str, Any],
    scope: Scope,
    *,
    account_id: UUID | None = None,
    idle_minutes: int = ANONYMOUS_MINUTES,
) -> None:
    """Keep a new session under the hash of its token."""
    session.execute(
        insert(WebSession).values(
            token_hash=_hash(token),
            data=data,
            scope_kind=scope.kind.value,
            scope_id=scope.id,
            account_id=account_id,
            idle_minutes=idle_minutes,
            expires_at=func.now() + ABSOLUTE_LIFE,
        )
    )


def save(session: Session, token: str, data: dict[str, Any]) -> None:
    """Keep changed data and mark the session as seen."""
    session.execute(
        update(WebSession)
        .where(WebSession.token_hash == _hash(token))
        .values(data=data, seen_at=func.now())
    )


def end(session: Session, token: str) -> None:
    """Delete a session: its token opens nothing any more."""
    session.execute(delete(WebSession).where(WebSession.token_hash == _hash(token)))


def end_all(session: Session, account_id: UUID) -> None:
    """End every session of an account: whoever sat at any of them is out."""
    session.execute(delete(WebSession).where(WebSession.account_id == account_id))


def purge(session: Session) -> None:
    """Delete sessions whose time is over; the relay calls it now and then."""
    session.execute(delete(WebSession).where(WebSession.expires_at < func.now()))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
