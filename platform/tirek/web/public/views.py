"""Pages without a login."""

import re

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from tirek.services import places
from tirek.web.access import public
from tirek.web.kept_pages import kept
from tirek.web.transaction import db

blueprint = Blueprint("public", __name__)
_YEAR = 31_536_000
# Centres change their telephones seldom; a minute late is no harm, a busy database is.
_FRESH_SECONDS = 60
_PATH = re.compile(r"(/[\w.~-]+)+/?", re.ASCII)


@blueprint.get("/")
@public
@kept()
def home() -> str:
    """Three doors and the help lines."""
    return render_template("public/home.html")


@blueprint.get("/help")
@public
@kept(seconds=_FRESH_SECONDS)
def help_page() -> str:
    """Where a person answers, and what happens then."""
    return render_template("public/help.html", centers=places.support_centers(db()))


@blueprint.get("/privacy")
@public
@kept()
def privacy() -> str:
    """Who sees what, and the one exception."""
    return render_template("public/privacy.html")


@blueprint.get("/vision/<any(on,off):state>")
@public
def vision(state: str) -> Response:
    """Remember on this device whether the reader wants large text and strong contrast."""
    response = redirect(own_path(request.args.get("next", "")), code=303)
    response.set_cookie("vision", state, max_age=_YEAR, httponly=True, samesite="Lax")
    return response


def own_path(target: str) -> str:
    """Return the path if it is plainly one of ours: `//host` and the like would lead elsewhere."""
    return target if _PATH.fullmatch(target) else url_for("public.home")
