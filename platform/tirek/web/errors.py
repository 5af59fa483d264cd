"""The only map from what can go wrong to a page and a status."""

import traceback

import structlog
from flask import Flask, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.services import audit
from tirek.services.codes import SlowDownError
from tirek.web.access import current_actor
from tirek.web.transaction import db, keep_despite_error, unit

Page = tuple[str, int] | tuple[str, int, dict[str, str]]

# What our own triggers raise (migrations 0003 and 0009): append-only, moved on, over, a full day;
# not allowed here, not a child of this parent.
CONFLICT_STATES = frozenset({"TK001", "TK002", "TK006", "TK007"})
MISSING_STATES = frozenset({"TK003", "TK005"})
BUSY = 503
PAGES = frozenset({400, 403, 404, 405, 409, 413, 422, 429, 500, 503})

log = structlog.get_logger()


def install(app: Flask) -> None:
    """Register the map."""
    app.register_error_handler(NotFoundError, _not_found)
    app.register_error_handler(ConflictError, _conflict)
    app.register_error_handler(SlowDownError, _slow_down)
    app.register_error_handler(DomainError, _rule_broken)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeoutError, _busy)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _page(status: int, **context: object) -> Page:
    if g.get("database_is_away"):
        # The page must not ask the database who is reading it.
        g.actor = None
    shown = status if status in PAGES else 500
    return render_template(f"errors/{shown}.html", **context), status


def _not_found(error: NotFoundError) -> Page:
    """Nothing there, or not theirs: the same page, and an entry when a known person asked."""
    db().rollback()
    actor = current_actor()
    if actor is not None:
        audit.refuse(
            unit(actor), f"{request.method} {request.endpoint}", error.entity, error.entity_id
        )
        keep_despite_error()
    return _page(404)


def _conflict(error: ConflictError) -> Page:
    db().rollback()
    return _page(409, winner=error.winner)


def _slow_down(error: SlowDownError) -> Page:
    page, status = _page(429, seconds=error.seconds)[:2]
    return page, status, {"Retry-After": str(error.seconds)}


def _rule_broken(error: DomainError) -> Page:
    log.info("refused", kind=type(error).__name__, endpoint=request.endpoint)
    return _page(422)


def _stale_form(_error: CSRFError) -> Page:
    return _page(400)


def _database(error: DBAPIError) -> Page:
    db().rollback()
    state = getattr(error.orig, "sqlstate", None)
    if state in CONFLICT_STATES:
        return _page(409, winner=None)
    if state in MISSING_STATES:
        return _page(404)
    if isinstance(error, OperationalError):
        return _busy(error)
    return _unexpected(error)


def _busy(error: Exception) -> Page:
    g.database_is_away = True
    log.error("database unavailable", kind=type(error).__name__)
    page, status = _page(BUSY)[:2]
    return page, status, {"Retry-After": "10"}


def _http(error: HTTPException) -> Page:
    return _busy(error) if error.code == BUSY else _page(error.code or 500)


def _unexpected(error: Exception) -> Page:
    # Only the kind and the place: messages and arguments may hold personal data.
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "?"
    log.error("unexpected", kind=type(error).__name__, endpoint=request.endpoint, place=place)
    return _page(500)
