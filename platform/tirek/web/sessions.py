"""Flask's session over our server-side table: a cookie carries only a random token."""

from typing import Any, cast
from uuid import UUID

from flask import Flask, Request, Response, abort, g, request
from flask import session as request_session
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.datastructures import CallbackDict

from tirek.domain.scope import Scope
from tirek.services import sessions
from tirek.web.transaction import db, page_for, plant


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """A session's data in memory, and the token it is found by."""

    def __init__(self, data: dict[str, Any], token: str | None, *, is_stale: bool = False) -> None:
        """Start unmodified."""

        def changed(_self: object) -> None:
            self.modified = True

        super().__init__(data, changed)
        self.modified = False
        self.new = token is None
        self.token = token
        self.is_stale = is_stale
        self.ended: list[str] = []
        self.scope = Scope.none()
        self.account_id: UUID | None = None
        self.idle_minutes = sessions.ANONYMOUS_MINUTES

    def begin(self, scope: Scope, *, account_id: UUID | None, idle_minutes: int) -> None:
        """Become a new session for a known person, so that an older token is worth nothing."""
        self.forget()
        self.scope, self.account_id, self.idle_minutes = scope, account_id, idle_minutes

    def forget(self) -> None:
        """Drop all data and end the session of the old token on the server."""
        if self.token is not None:
            self.ended.append(self.token)
            self.token = None
        self.clear()
        self.scope = Scope.none()
        self.account_id = None
        self.idle_minutes = sessions.ANONYMOUS_MINUTES


class ServerSessionInterface(SessionInterface):
    """Loads and keeps sessions in the request's own transaction."""

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        """Find the session of the cookie; a wrong or old cookie gives an empty one."""
        token = request.cookies.get(self.get_cookie_name(app))
        if not token or request.path.startswith("/static/"):
            return ServerSession({}, None)
        try:
            found = sessions.find(db(), token)
        except (DBAPIError, PoolTimeoutError):
            # Raised here it would bypass every error page; `install` answers for it instead.
            g.database_is_away = True
            return ServerSession({}, None)
        if found is None:
            return ServerSession({}, None)
        return ServerSession(dict(found.data), token, is_stale=found.is_stale)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed; runs before the commit, which `install` sees to."""

    def keep(self, app: Flask, session: ServerSession, response: Response) -> None:
        """End, renew or update the session's row and the cookie."""
        for token in session.ended:
            sessions.end(db(), token)
        if session.token is None and session:
            session.token = sessions.new_token()
            sessions.add(
                db(),
                session.token,
                dict(session),
                session.scope,
                account_id=session.account_id,
                idle_minutes=session.idle_minutes,
            )
            self._set_cookie(app, response, session.token)
        elif session.token is not None and (session.modified or session.is_stale):
            sessions.save(db(), session.token, dict(session))
        elif session.ended:
            response.delete_cookie(self.get_cookie_name(app), path="/")

    def _set_cookie(self, app: Flask, response: Response, token: str) -> None:
        response.set_cookie(
            self.get_cookie_name(app),
            token,
            httponly=True,
            secure=plant().secure,
            samesite="Lax",
            path="/",
        )


def install(app: Flask, *, secure: bool) -> None:
    """Use server-side sessions; must come after `transaction.install`, so that it runs before."""
    interface = ServerSessionInterface()
    app.session_interface = interface
    # The prefix makes browsers refuse the cookie from anywhere but this host over TLS.
    app.config["SESSION_COOKIE_NAME"] = "__Host-tirek" if secure else "tirek"

    @app.before_request
    def refuse_without_database() -> None:
        if g.get("database_is_away"):
            abort(503)

    @app.after_request
    def keep(response: Response) -> Response:
        if not g.get("session_kept") and not g.get("database_is_away"):
            g.session_kept = True
            try:
                interface.keep(app, current_session(), response)
            except (DBAPIError, PoolTimeoutError) as error:
                return page_for(error)
        return response


def current_session() -> ServerSession:
    """Return this request's session as what it really is."""
    return cast("ServerSession", request_session._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - the proxy's documented way


def network() -> str:
    """The address that a request came from; used as a key for limits, never stored in clear."""
    return request.remote_addr or "unknown"
