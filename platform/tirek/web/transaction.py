"""One request, one transaction: opened when first needed, committed once before the answer."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import Flask, Response, current_app, g
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from tirek.catalog.library import Catalog
from tirek.domain.people import Actor
from tirek.domain.scope import Scope
from tirek.services.unit import Unit
from tirek.storage.session import open_session
from tirek.storage.vault import Vault

EXTENSION = "tirek"
FIRST_ERROR = 400
NOBODY = Actor(role=None)


@dataclass(frozen=True, slots=True)
class Plant:
    """What the process was started with, shared by all requests."""

    # Where browsers reach us, for printed sheets; over TLS cookies are bound to it.
    base_url: str
    engine: Engine
    catalog: Catalog
    vault: Vault
    # Never set in service: see `_die_if_told`.
    failpoint: Path | None = None

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over TLS."""
        return self.base_url.startswith("https://")


def plant() -> Plant:
    """The running process's engine, catalog and keys."""
    return cast("Plant", current_app.extensions[EXTENSION])


def db() -> Session:
    """Return this request's session; without a known person it sees no child."""
    if "db" not in g:
        g.db = open_session(plant().engine, Scope.none())
    return cast("Session", g.db)


def unit(actor: Actor | None = None) -> Unit:
    """What services are given: this request's session, the catalog, the keys, and who acts."""
    who = actor or g.get("actor") or NOBODY
    return Unit(db(), plant().catalog, plant().vault, who)


def install(app: Flask) -> None:
    """Commit after each request that went well, and close in any case."""
    app.after_request(_commit)
    app.teardown_request(_close)


def keep_despite_error() -> None:
    """Ask for a commit although the answer is an error page: a counted failure, a refusal."""
    g.keep = True


def _commit(response: Response) -> Response:
    session: Session | None = g.get("db")
    if session is not None and (response.status_code < FIRST_ERROR or g.get("keep")):
        try:
            session.commit()
            _die_if_told(plant().failpoint)
        except (DBAPIError, PoolTimeoutError) as error:
            # The answer becomes an error page: nothing is acknowledged that is not kept.
            return page_for(error)
    return response


def _die_if_told(failpoint: Path | None) -> None:
    """Die between COMMIT and answer, once for each time the file is put there (`make faults`)."""
    if failpoint is not None:
        with suppress(FileNotFoundError):
            failpoint.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def page_for(error: Exception) -> Response:
    """The error page for what went wrong after the view, where Flask itself knows only a 500."""
    return current_app.make_response(current_app.handle_user_exception(error))


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("db", None)
    if session is not None:
        session.close()
