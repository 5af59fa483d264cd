"""What stands at the root of the site for every language: the service worker, and recordings."""

import re
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, request, send_from_directory

from tirek.web.access import public
from tirek.web.assets import FOLDER

blueprint = Blueprint("offline", __name__)
_FOLDER = re.compile(r"[a-z0-9][a-z0-9-]*")
_FILE = re.compile(r"[a-z0-9][a-z0-9.-]*\.(opus|mp3|svg|webp)")
_TYPES = {
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
# A recording is replaced under its own name: the browser asks whether it is still the same.
_DAY = 24 * 60 * 60


@blueprint.get("/sw.js")
@public
def worker() -> Response:
    """The service worker; where saving is switched off, one that removes itself and its copies."""
    name = "sw.js" if current_app.config.get("OFFLINE_COPIES", True) else "sw-off.js"
    response = Response((FOLDER / name).read_bytes(), mimetype="text/javascript")
    # A browser must learn of a new worker, above all of the one that switches off, at once.
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = "/"
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/media/<folder>/<name>")
@public
def media(folder: str, name: str) -> Response:
    """A recording or a picture of a public text; players ask for parts of it."""
    if not _FOLDER.fullmatch(folder) or not _FILE.fullmatch(name):
        abort(404)
    home = Path(current_app.config["MEDIA"]) / folder
    found = send_from_directory(home, name, mimetype=_TYPES[Path(name).suffix], max_age=_DAY)
    found.headers["Cache-Control"] = f"public, max-age={_DAY}"
    return found
