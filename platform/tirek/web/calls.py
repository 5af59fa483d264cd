"""The call's server of this process, if one is set; without one people talk by telephone."""

from typing import cast

from flask import current_app

from tirek.domain.calls import CallPass, CallServer

EXTENSION = "tirek_calls"


def has_server() -> bool:
    """Whether calls over the internet can be offered."""
    return _server() is not None


def link(one: CallPass | None) -> str | None:
    """The address of a call that may be joined now, for this answer only."""
    server = _server()
    return server.link(one) if server is not None and one is not None else None


def _server() -> CallServer | None:
    return cast("CallServer | None", current_app.extensions.get(EXTENSION))
