"""Who is asking, and whether they may: every view says which permission it needs, or is public."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from flask import Flask, abort, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response

from tirek.catalog.library import Catalog
from tirek.domain.people import Actor, Role
from tirek.domain.permissions import Permission, may
from tirek.services import accounts
from tirek.services.runs import AdministrationKey
from tirek.services.sessions import (
    PARENT_IDLE_MINUTES,
    PUPIL_IDLE_MINUTES,
    STAFF_IDLE_MINUTES,
)
from tirek.web.transaction import NOBODY, plant, unit

P = ParamSpec("P")
R = TypeVar("R")

REQUIRES = "_requires"
PUBLIC = "public"


class SignedIn(UserMixin):  # type: ignore[misc]  # flask-login ships no types
    """What flask-login keeps of a signed-in adult."""

    def __init__(self, actor: Actor, language: str) -> None:
        """Remember the person for this request."""
        self.id = str(actor.account_id)
        self.actor = actor
        self.language = language


def requires(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """Let a view run only for people whom the table grants `permission`."""

    def guard(view: Callable[P, R]) -> Callable[P, R | Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            actor = current_actor()
            if actor is None:
                return _ask_to_enter(permission)
            if not may(actor, permission):
                abort(403)
            return view(*args, **kwargs)

        setattr(guarded, REQUIRES, permission)
        return guarded

    return guard


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that anybody may see."""
    setattr(view, REQUIRES, PUBLIC)
    return view


def current_actor() -> Actor | None:
    """The pupil behind a code or the adult behind a login; None for anybody else."""
    if "actor" not in g:
        g.actor = _pupil() or (current_user.actor if current_user.is_authenticated else None)
    found: Actor | None = g.actor
    return found


def catalog() -> Catalog:
    """Instruments, courses and the protocol, as read at the start."""
    return plant().catalog


def pupil_key() -> AdministrationKey:
    """The administration that this pupil's code opened."""
    kept = session["pupil"]
    return AdministrationKey(kept["year"], UUID(kept["administration"]))


def install(app: Flask) -> None:
    """Set flask-login up over our sessions, and turn away what no person can type."""
    app.before_request(_refuse_zero_bytes)
    manager = LoginManager(app)
    # Sessions live on the server and are renewed at login, so a fingerprint of browser and
    # address would only throw out people on changing networks.
    manager.session_protection = None
    manager.user_loader(_load)
    app.context_processor(_reader)


def _refuse_zero_bytes() -> None:
    """PostgreSQL's text holds no zero byte, and no keyboard has one."""
    if any("\0" in sent for sent in (request.path, *request.form.values())):
        abort(422)


def _reader() -> dict[str, object]:
    """Who reads the page, and after how long without a step they are signed out."""
    actor = current_actor()
    return {"actor": actor, "idle_seconds": idle_minutes(actor.role) * 60 if actor else None}


def idle_minutes(role: Role | None) -> int:
    """After how long without a step a session of this role ends."""
    if role is Role.STUDENT:
        return PUPIL_IDLE_MINUTES
    return PARENT_IDLE_MINUTES if role is Role.GUARDIAN else STAFF_IDLE_MINUTES


def _load(account_id: str) -> SignedIn | None:
    # Asked anew in each request: an account switched off is out at once.
    account = accounts.find_active(unit(NOBODY), UUID(account_id))
    return SignedIn(accounts.actor_of(account), account.language) if account else None


def _pupil() -> Actor | None:
    kept: dict[str, Any] | None = session.get("pupil")
    if kept is None:
        return None
    return Actor(Role.STUDENT, student_id=UUID(kept["student"]), school_id=UUID(kept["school"]))


def _ask_to_enter(permission: Permission) -> Response:
    if permission is Permission.ANSWER:
        return redirect(url_for("student.enter_code"))
    target = request.path if request.method == "GET" else None
    return redirect(url_for("public.login", next=target))
