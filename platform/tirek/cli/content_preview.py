"""`tirek content preview`: both languages as readers see them, with what the lints say, live.

Only this machine is answered. A page asks every second whether a file has changed and loads itself
anew; a text that cannot be read shows its fault in place of the page.
"""

import json
import mimetypes
import sys
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import zip_longest
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tirek.catalog.content.lints import lint_courses
from tirek.catalog.content.pieces import Piece, find_text, pieces, read_text
from tirek.catalog.errors import CatalogError, Finding
from tirek.cli.parser import CommandError

HOST = "127.0.0.1"
OURS = frozenset({HOST, "localhost"})
LANGUAGES = ("kk", "ru")
AROUND = 4
STYLE = """
body { font: 17px/1.5 system-ui, "Noto Sans", sans-serif; margin: 1rem; color: #14252b; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
td { border: 1px solid #d8cbb2; padding: 1rem; vertical-align: top; overflow-wrap: anywhere; }
.fault { background: #ffe2a8; border-left: 6px solid #a32a1a; padding: .25rem .75rem; }
.quiet, small { color: #4a5a60; } pre { background: #f7f1e6; padding: .75rem; overflow-x: auto; }
img { max-width: 100%; }
"""
SCRIPT = """
const seen = document.currentScript.dataset.state;
setInterval(async () => {
  try {
    const now = await (await fetch("/state")).json();
    if (now !== seen) location.reload();
  } catch {}
}, 1000);
"""


class Desk:
    """What lies under the content folder, read anew only when a file has changed."""

    def __init__(self, root: Path) -> None:
        """Nothing is read before the first page."""
        self.root = root
        self._linted: tuple[str, list[Finding]] = ("", [])

    def state(self) -> str:
        """A word that changes whenever a file does."""
        files = (path for path in self.root.rglob("*") if path.is_file())
        stats = [(str(path), path.stat().st_mtime_ns) for path in files]
        return str(hash(tuple(sorted(stats))))

    def findings(self) -> list[Finding]:
        """What the lints say now."""
        state = self.state()
        if self._linted[0] != state:
            self._linted = state, lint_courses(self.root, datetime.now(UTC).date())
        return self._linted[1]

    def places(self) -> Iterator[str]:
        """Every text, by its place: "course/lesson" or "materials/memo"."""
        for path in sorted((self.root / LANGUAGES[0]).glob("*/*.md")):
            name = path.stem
            yield f"{path.parent.name}/{name[3:] if name[:2].isdigit() else name}"

    def index(self) -> str:
        """All texts, and how many faults each has."""
        faults = [finding.path.resolve() for finding in self.findings()]
        rows = []
        for place in self.places():
            paths = [find_text(self.root, lang, place) for lang in LANGUAGES]
            count = sum(faults.count(path.resolve()) for path in paths if path)
            note = f' <strong class="fault">{count}</strong>' if count else ""
            rows.append(f'<li><a href="/{escape(place)}">{escape(place)}</a>{note}</li>')
        return self._page("content", f"<p>{len(faults)} faults</p><ul>{''.join(rows)}</ul>")

    def text(self, place: str) -> str | None:
        """One text in both languages; None if there is none."""
        paths = [find_text(self.root, lang, place) for lang in LANGUAGES]
        if not any(paths):
            return None
        columns = [list(self._column(path)) for path in paths]
        rows = "".join(
            f"<tr>{''.join(f'<td lang={lang}>{cell}</td>' for lang, cell in self._pair(row))}</tr>"
            for row in zip_longest(*columns, fillvalue="")
        )
        back = '<p><a href="/">All texts</a></p>'
        return self._page(place, f"{back}<table>{rows}</table>")

    def _pair(self, row: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        return zip(LANGUAGES, row, strict=True)

    def _column(self, path: Path | None) -> Iterator[str]:
        if path is None:
            yield '<p class="fault">the file is missing</p>'
            return
        mine = [one for one in self.findings() if one.path.resolve() == path.resolve()]
        try:
            found = list(pieces(read_text(path)))
        except CatalogError as error:
            yield _broken(error, path)
            return
        starts = [0, *(piece.line for piece in found[1:]), sys.maxsize]
        for piece, start, end in zip(found, starts, starts[1:], strict=False):
            here = [one for one in mine if start <= one.line < end]
            yield _shown(piece) + "".join(map(_fault, here))

    def _page(self, title: str, body: str) -> str:
        return (
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            f"<title>{escape(title)}</title><style>{STYLE}</style>"
            f'<script src="/preview.js" data-state="{self.state()}" defer></script></head>'
            f"<body><h1>{escape(title)}</h1>{body}</body></html>"
        )


def _shown(piece: Piece) -> str:
    if piece.kind == "title":
        return f"<h1>{escape(piece.title)}</h1>"
    name = f"<small>{escape(piece.kind)} #{escape(piece.name)} · {piece.words} words</small>"
    # A choice and its explanation are two paragraphs, behind the question.
    asked = len(piece.said) - 2 * piece.choices
    choices = "".join(f"<p>{escape(one.shown)}</p>" for one in piece.said[asked:] if piece.choices)
    return f"{name}<h2>{escape(piece.title)}</h2>{piece.html}{choices}"


def _fault(finding: Finding) -> str:
    words = f"line {finding.line} [{finding.lint}] {finding.reason}"
    return f'<p class="fault">{escape(words)}</p>'


def _broken(error: CatalogError, path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    first = max(0, error.line - 1 - AROUND)
    around = enumerate(lines[first : error.line + AROUND], start=first + 1)
    source = "\n".join(f"{number:4} {line}" for number, line in around)
    told = f"line {error.line}: {error.reason}"
    return f'<p class="fault">{escape(told)}</p><pre>{escape(source)}</pre>'


def run_preview(arguments: Namespace) -> int:
    """Serve the pages until interrupted."""
    try:
        server = make_server(arguments.root, arguments.port)
    except OSError as error:
        raise CommandError(f"port {arguments.port} cannot be used: {error.strerror}") from error
    sys.stdout.write(f"http://{HOST}:{server.server_address[1]}/ (end with Ctrl+C)\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
    return 0


def make_server(root: Path, port: int) -> ThreadingHTTPServer:
    """A server on this machine alone; port 0 takes any free one."""
    desk = Desk(root)

    class Handler(BaseHTTPRequestHandler):
        """Answers GET."""

        def do_GET(self) -> None:
            """Answer this machine only: a strange site may have its own name lead here."""
            host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
            if host not in OURS:
                self._send(HTTPStatus.FORBIDDEN, "text/plain", b"only this machine is answered")
                return
            self._send(*_answer(desk, unquote(urlsplit(self.path).path)))

        def _send(self, status: HTTPStatus, mimetype: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{mimetype}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_words: object) -> None:
            """An author needs no line for each second's question."""

    return ThreadingHTTPServer((HOST, port), Handler)


def _answer(desk: Desk, path: str) -> tuple[HTTPStatus, str, bytes]:
    if path == "/state":
        return HTTPStatus.OK, "application/json", json.dumps(desk.state()).encode()
    if path == "/preview.js":
        return HTTPStatus.OK, "text/javascript", SCRIPT.encode()
    if path.startswith("/media/"):
        return _media(desk.root, path)
    page = desk.index() if path == "/" else desk.text(path.strip("/"))
    if page is None:
        return HTTPStatus.NOT_FOUND, "text/plain", b"there is no such text"
    return HTTPStatus.OK, "text/html", page.encode()


def _media(root: Path, path: str) -> tuple[HTTPStatus, str, bytes]:
    home, wanted = (root / "media").resolve(), (root / path.strip("/")).resolve()
    if not wanted.is_relative_to(home) or not wanted.is_file():
        return HTTPStatus.NOT_FOUND, "text/plain", b"there is no such file"
    kind = mimetypes.guess_type(wanted.name)[0] or "application/octet-stream"
    return HTTPStatus.OK, kind, wanted.read_bytes()
