"""Static files under names that change with their content, so that phones fetch each one once."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, abort, request, url_for

from tirek.web.access import public

FOLDER = Path(__file__).parent / "static"
_TEXT = frozenset({".css", ".js", ".svg"})
_MARK_LENGTH = 10
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Asset:
    """One file, as kept in memory: all of them together are some tens of kilobytes."""

    content: bytes
    packed: bytes | None
    mark: str
    mimetype: str


def install(app: Flask, folder: Path = FOLDER) -> None:
    """Read the files once, serve them, and offer `static_url` to templates."""
    shelf = _read(folder)

    @app.get("/static/<path:name>", endpoint="static")
    @public
    def static(name: str) -> Response:
        asset = shelf.get(name)
        return _answer(asset) if asset is not None else abort(404)

    def static_url(name: str) -> str:
        return url_for("static", name=name, v=shelf[name].mark)

    app.jinja_env.globals["static_url"] = static_url


def _answer(asset: _Asset) -> Response:
    packed = asset.packed if request.accept_encodings.quality("gzip") else None
    response = Response(packed or asset.content, mimetype=asset.mimetype)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    if asset.packed:
        response.vary.add("Accept-Encoding")
    response.set_etag(asset.mark + ("-gzip" if packed else ""))
    # A page of before the last release may ask by an old mark: it must not keep the new file.
    fresh = request.args.get("v") == asset.mark
    response.headers["Cache-Control"] = _FOR_EVER if fresh else "no-cache"
    response.make_conditional(request)
    return response


def _read(folder: Path) -> dict[str, _Asset]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _asset(path) for path in files}


def _asset(path: Path) -> _Asset:
    content = path.read_bytes()
    return _Asset(
        content=content,
        packed=gzip.compress(content, mtime=0) if path.suffix in _TEXT else None,
        mark=hashlib.sha256(content).hexdigest()[:_MARK_LENGTH],
        mimetype=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
    )
