"""Public pages that are the same for every stranger: made once, then handed out.

A village school sends one link to a class: 30 telephones ask for one page within a minute. Kept
are only pages of readers who brought nothing that says who they are, and only whole answers.
"""

import gzip
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, cast

from flask import Flask, Response, current_app, make_response, request, session
from markupsafe import Markup

from tirek.web.headers import HARMLESS_COOKIES
from tirek.web.transaction import Plant, plant

P = ParamSpec("P")
EXTENSION = "tirek.kept_pages"
PARTS = "tirek.kept_parts"
# How long a telephone or a cache on the way may use a page without asking whether it has changed.
SECONDS_ON_THE_WAY = 60
OK = 200
# Packed once and sent many times: the best packing is worth its time.
_LEVEL = 9
_MARK_LENGTH = 20


@dataclass(frozen=True, slots=True)
class KeptPage:
    """One answer, packed, with the mark by which a browser knows that it has it already."""

    packed: bytes
    mimetype: str
    mark: str
    # What it was made from: another catalog or database makes another page.
    made_by: Plant
    until: float


def install(app: Flask) -> None:
    """Give the application its shelves."""
    app.extensions[EXTENSION] = {}
    app.extensions[PARTS] = {}


def kept(*, seconds: float = float("inf")) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Keep what a view answers to strangers; `seconds` for what the database may change."""

    def keep(view: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(view)
        def answer(*args: P.args, **kwargs: P.kwargs) -> Any:
            if not is_stranger() or request.query_string:
                return view(*args, **kwargs)
            shelf, key = _shelf(), _key()
            page = shelf.get(key)
            if page is None or page.made_by is not plant() or page.until < time.monotonic():
                made = make_response(view(*args, **kwargs))
                if made.status_code != OK or session.modified:
                    return made
                page = shelf[key] = _keep(made, seconds)
            return _hand_out(page)

        return answer

    return keep


def kept_part(name: str, make: Callable[[], str], *, is_known: bool) -> Markup:
    """A part of the page at this address that differs only by whether the reader is signed in.

    What `make` returns is a template's output: safe, and without anything about this reader.
    """
    parts, key = _parts(), (name, is_known, *_key())
    found = parts.get(key)
    if found is None or found[0] is not plant():
        found = parts[key] = (plant(), Markup(make()))  # noqa: S704 - a template escapes
    return found[1]


def is_stranger() -> bool:
    """Whether this reader brought nothing that could say who they are."""
    return request.method in {"GET", "HEAD"} and set(request.cookies) <= HARMLESS_COOKIES


def _parts() -> dict[tuple[object, ...], tuple[Plant, Markup]]:
    shelf = current_app.extensions[PARTS]
    return cast("dict[tuple[object, ...], tuple[Plant, Markup]]", shelf)


def _shelf() -> dict[tuple[str, bool, bool], KeptPage]:
    return cast("dict[tuple[str, bool, bool], KeptPage]", current_app.extensions[EXTENSION])


def _key() -> tuple[str, bool, bool]:
    """All that makes one stranger's page differ from another's."""
    is_large = request.cookies.get("vision") == "on"
    return request.path, is_large, bool(current_app.config.get("TEXTS_IN_REVIEW", True))


def _keep(made: Response, seconds: float) -> KeptPage:
    content = made.get_data()
    return KeptPage(
        packed=gzip.compress(content, _LEVEL, mtime=0),
        mimetype=made.mimetype or "text/html",
        mark=hashlib.sha256(content).hexdigest()[:_MARK_LENGTH],
        made_by=plant(),
        until=time.monotonic() + seconds,
    )


def _hand_out(page: KeptPage) -> Response:
    is_packed = bool(request.accept_encodings.quality("gzip"))
    response = Response(
        page.packed if is_packed else gzip.decompress(page.packed), mimetype=page.mimetype
    )
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.update(["Accept-Encoding", "Cookie"])
    response.headers["Cache-Control"] = f"public, max-age={SECONDS_ON_THE_WAY}"
    # Weak: packed and unpacked are the same page.
    response.set_etag(page.mark, weak=True)
    response.make_conditional(request)
    return response
