"""Static files under names that change with their content, so that phones fetch each one once."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, request, url_for

_TEXT = frozenset({".css", ".js", ".svg"})
_MARK_LENGTH = 10
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Asset:
    mark: str
    packed: bytes | None


def install(app: Flask) -> None:
    """Read the static files once; offer `static_url` to templates and cache rules to browsers."""
    if app.static_folder is None:
        return
    shelf = _read(Path(app.static_folder))

    def static_url(name: str) -> str:
        return url_for("static", filename=name, v=shelf[name].mark)

    def cache(response: Response) -> Response:
        if request.endpoint != "static" or response.status_code != 200:  # noqa: PLR2004
            return response
        asset = shelf.get(str((request.view_args or {}).get("filename")))
        if asset is None:
            return response
        fresh = request.args.get("v") == asset.mark
        response.headers["Cache-Control"] = _FOR_EVER if fresh else "no-cache"
        return _packed(response, asset)

    app.jinja_env.globals["static_url"] = static_url
    app.after_request(cache)


def _read(folder: Path) -> dict[str, _Asset]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _asset(path) for path in files}


def _asset(path: Path) -> _Asset:
    content = path.read_bytes()
    packed = gzip.compress(content, mtime=0) if path.suffix in _TEXT else None
    return _Asset(mark=hashlib.sha256(content).hexdigest()[:_MARK_LENGTH], packed=packed)


def _packed(response: Response, asset: _Asset) -> Response:
    if asset.packed is None:
        return response
    response.vary.add("Accept-Encoding")
    if "gzip" in request.accept_encodings and request.method == "GET":
        response.direct_passthrough = False
        response.set_data(asset.packed)
        response.headers["Content-Encoding"] = "gzip"
    return response
