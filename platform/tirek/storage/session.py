"""Engines and sessions: who connects, and whose rows a transaction sees."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session

from tirek.domain.scope import Scope, ScopeKind

# The role that web and relay act as; it owns nothing, so row-level security holds for it.
APP_ROLE = "tirek_app"

_SET_SCOPE = text(
    "SELECT set_config('tirek.scope', :kind, true), set_config('tirek.scope_id', :id, true)"
)


def owner_engine(url: str) -> Engine:
    """Connect as the owner of the tables: migrations only."""
    return create_engine(url, pool_size=1, max_overflow=1)


def app_engine(url: str, *, pool_size: int = 8) -> Engine:
    """Connect as the role that owns nothing; without a scope it sees no child."""
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=5,
        # Instead of a ping, which would cost every request a round trip: see `refuse_the_dead`.
        pool_pre_ping=False,
        pool_recycle=300,
        # An error's text goes to the log; the values of its statement must not.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "tcp_user_timeout": 5000,
            # Values of the reference (referrals-security §4.3).
            "options": (
                "-c statement_timeout=15000 -c lock_timeout=5000"
                " -c idle_in_transaction_session_timeout=15000"
            ),
        },
    )

    @event.listens_for(engine, "connect")
    def become_app(connection: Any, _record: object) -> None:
        connection.execute(f"SET ROLE {APP_ROLE}")
        connection.commit()

    @event.listens_for(engine, "checkout")
    def refuse_the_dead(connection: Any, _record: object, _proxy: object) -> None:
        if connection.closed or _has_something_to_say(connection):
            raise DisconnectionError

    return engine


def _has_something_to_say(connection: Any) -> bool:
    """Whether the server has spoken to an idle connection, which in all likelihood was goodbye.

    A server that was restarted has closed its side: one look at the socket tells, without asking.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def open_session(engine: Engine, scope: Scope) -> Session:
    """A session in which every transaction sees exactly the rows of `scope`."""
    session = Session(engine, expire_on_commit=False, autoflush=True)
    session.info["scope"] = scope
    event.listen(session, "after_begin", _apply_scope)
    return session


def enter_scope(session: Session, scope: Scope) -> None:
    """Change what the running transaction and later ones of this session see."""
    session.info["scope"] = scope
    session.execute(_SET_SCOPE, _parameters(scope))


@contextmanager
def within_scope(session: Session, scope: Scope) -> Iterator[None]:
    """See the rows of `scope` for a few statements, then those of before again."""
    before: Scope = session.info["scope"]
    try:
        # When these statements fail, the savepoint takes the setting back together with them.
        with session.begin_nested():
            enter_scope(session, scope)
            yield
    finally:
        session.info["scope"] = before
    session.execute(_SET_SCOPE, _parameters(before))


def _apply_scope(session: Session, _transaction: object, connection: Any) -> None:
    scope: Scope = session.info["scope"]
    if scope.kind is ScopeKind.NONE:
        return
    # Local to the transaction: a setting that outlives it leaks over pooled connections.
    connection.execute(_SET_SCOPE, _parameters(scope))


def _parameters(scope: Scope) -> dict[str, str]:
    return {"kind": scope.kind.value, "id": str(scope.id) if scope.id else ""}
