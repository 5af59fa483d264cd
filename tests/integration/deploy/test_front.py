"""A real nginx with our rules, in front of webs that refuse, break off and hang."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tirek.cli.cluster.ready import answers, wait_for
from tirek.cli.cluster.servers import HOST, free_port, nginx_program, write_nginx_settings
from tirek.cli.parser import CommandError
from tirek.config import ROOT

SHIPPED = ROOT / "deploy" / "nginx"


@dataclass
class Web:
    """An upstream that counts what reached it; `breaks` closes without an answer."""

    breaks: bool = False
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    port: int = field(default_factory=free_port)

    @contextmanager
    def up(self) -> Iterator["Web"]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                web.seen.append((self.command, self.path, dict(self.headers.items())))
                if web.breaks:
                    self.close_connection = True
                    return
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"yes")

            do_GET = do_POST = _answer  # noqa: N815 - the base class's names

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        with ThreadingHTTPServer((HOST, self.port), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield self
            server.shutdown()
            thread.join()


@dataclass
class Front:
    port: int
    folder: Path
    webs: tuple[Web, Web]

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], str]:
        connection = HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def reached(self, method: str) -> int:
        return sum(seen[0] == method for web in self.webs for seen in web.seen)


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    try:
        program = nginx_program()
    except CommandError:
        pytest.skip("no nginx here")
    webs = (Web(), Web())
    port = free_port()
    settings = write_nginx_settings(tmp_path, SHIPPED, port, [web.port for web in webs])
    with subprocess.Popen([program, "-c", str(settings)]) as process:
        try:
            assert wait_for(lambda: answers(HOST, port), 10)
            yield Front(port, tmp_path, webs)
        finally:
            process.terminate()


def test_a_web_that_refuses_costs_nobody_anything(front: Front):
    with front.webs[1].up():
        for number in range(20):
            assert front.ask("POST" if number % 2 else "GET", "/kk/")[0] == 200
    assert front.reached("POST") == 10


def test_a_post_that_broke_off_is_not_repeated_and_a_get_is(front: Front):
    broken = front.webs[0]
    broken.breaks = True
    with broken.up(), front.webs[1].up():
        statuses = [front.ask("GET", "/ru/")[0] for _ in range(10)]
        assert set(statuses) == {200}
        assert broken.seen
        posts = [front.ask("POST", "/ru/s/code", b"x=1")[0] for _ in range(10)]
        assert set(posts) == {200, 503}
        # Each reached exactly one web, once.
        assert front.reached("POST") == 10


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_nobody_there_is_said_in_the_readers_language_with_whom_to_call(front: Front, lang: str):
    status, headers, body = front.ask("GET", f"/{lang}/help")
    assert status == 503
    assert headers["Retry-After"] == "10"
    assert f'<html lang="{lang}">' in body
    assert all(f"tel:{number}" in body for number in ("112", "111", "150"))
    assert front.ask("GET", f"/away.{lang}.html")[0] in {404, 503}


def test_what_a_visitor_claims_about_addresses_is_replaced(front: Front):
    with front.webs[0].up():
        connection = HTTPConnection(HOST, front.port, timeout=10)
        connection.request(
            "GET", "/", headers={"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"}
        )
        assert connection.getresponse().status == 200
        connection.close()
        [(_, _, headers)] = front.webs[0].seen
    assert headers["X-Forwarded-For"] == HOST
    assert headers["X-Forwarded-Proto"] == "http"


def test_a_form_too_large_is_refused_and_nothing_is_written_down(front: Front):
    with front.webs[0].up():
        # Closes before all of it was read, so the client may meet a broken pipe instead.
        try:
            status = front.ask("POST", "/kk/s/secret-code", b"x" * 300_000)[0]
        except OSError:
            status = 413
        assert status == 413
        assert front.ask("POST", "/kk/s/secret-code", b"x" * 200_000)[0] == 200
        # A folder of a questionnaire is larger, and goes the same way.
        upload = "/ru/oversight/instrument-drafts"
        assert front.ask("POST", upload, b"secret" * 250_000)[0] == 200
        assert front.webs[0].seen[-1][2]["X-Forwarded-Proto"] == "http"
    front.ask("GET", "/kk/secret-code")
    kept = [path for path in front.folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if b"secret" in path.read_bytes()]
