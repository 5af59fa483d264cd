"""What machines that watch us ask: whether the process lives and reaches its database."""

from flask import Blueprint, redirect
from sqlalchemy import text
from werkzeug.wrappers import Response

from tirek.web.access import public
from tirek.web.i18n import DEFAULT
from tirek.web.transaction import db

blueprint = Blueprint("probes", __name__)


@blueprint.get("/")
@public
def front_door() -> Response:
    """Send a visitor to the first page in Kazakh, the first language."""
    return redirect(f"/{DEFAULT}/")


@blueprint.get("/healthz")
@public
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@public
def ready() -> dict[str, str]:
    """The database answers too; otherwise the answer is a 503."""
    db().execute(text("SELECT 1"))
    return {"status": "ready"}
