"""Parents reading: thousands of them, each opening a page every half a minute, over real HTTP.

    python tests/bench/parents.py [--parents 5000] [--signed-in 500] [--pause 30] [--seconds 90]

Every parent is a phone of its own: a new connection for each page, compressed, some of them signed
in. Prints percentiles for each kind of page, errors, and CPU milliseconds a page of the web
processes. The load and the server share the machine, so the figures are upper bounds.
"""

import argparse
import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

from sqlalchemy import insert  # noqa: E402

from tests.bench.processes import cpu_seconds  # noqa: E402
from tests.bench.run import PORT, report, serve  # noqa: E402
from tests.http import Browser, Timings  # noqa: E402
from tests.world import the_catalog  # noqa: E402
from tirek.config import Config  # noqa: E402
from tirek.domain.people import Role  # noqa: E402
from tirek.domain.scope import Scope  # noqa: E402
from tirek.services.secrets import hash_secret  # noqa: E402
from tirek.storage import embedded, migrate  # noqa: E402
from tirek.storage.models import Account  # noqa: E402
from tirek.storage.session import app_engine, open_session, owner_engine  # noqa: E402

PASSWORD = "a long word for the bench"
TOKEN = 'name="csrf_token" value="'
PATIENCE_SECONDS = 20.0
# Of 100 pages opened.
LESSON, COURSE, LIST, SEARCH = 70, 15, 10, 5
SEARCHED = ("ашу", "экран", "сон", "ұйқы", "уроки", "балабақша")
TROUBLE = (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError)


class Reader:
    """One phone."""

    def __init__(self, random: Random, timings: Timings, cookies: dict[str, str]) -> None:
        self.random, self.timings, self.cookies = random, timings, cookies
        self.troubles: list[str] = []

    async def read(self, until: float, pause: float) -> None:
        """Open pages until the end, the first at a moment of its own."""
        await asyncio.sleep(self.random.uniform(0, pause))
        while time.monotonic() < until:
            begun = time.monotonic()
            await self._open(*self._page())
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - begun)))

    def _page(self) -> tuple[str, str]:
        lang = self.random.choice(("kk", "ru"))
        course = self.random.choice(list(the_catalog().courses.values()))
        kinds = (("lesson", LESSON), ("course", COURSE), ("list", LIST), ("search", SEARCH))
        kind = self.random.choices([k for k, _ in kinds], [n for _, n in kinds])[0]
        path = {
            "lesson": f"/courses/{course.id}/{self.random.choice(course.lessons).id}",
            "course": f"/courses/{course.id}",
            "list": "/courses",
            "search": f"/courses?q={self.random.choice(SEARCHED)}",
        }[kind]
        return f"{kind}{', signed in' if self.cookies else ''}", f"/{lang}{path}"

    async def _open(self, kind: str, path: str) -> None:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                status = await self._status(path)
        except TROUBLE as trouble:
            self.troubles.append(type(trouble).__name__)
            return
        self.timings.steps[kind].append((time.perf_counter() - begun) * 1000)
        if status != "200":
            self.troubles.append(status)

    async def _status(self, path: str) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        try:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            lines = [
                f"GET {quote(path, safe='/?=&')} HTTP/1.1",
                f"Host: 127.0.0.1:{PORT}",
                "Accept-Encoding: gzip",
                "Connection: close",
                *([f"Cookie: {cookie}"] if cookie else []),
            ]
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            answer = await reader.read(-1)
            return answer[:12].decode("latin-1").split()[1]
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def signed_in(number: int, timings: Timings) -> list[dict[str, str]]:
    """Log so many parents in, a few at a time; returns their cookies."""
    left, found = iter(range(number)), []

    async def some() -> None:
        for one in left:
            browser = Browser("127.0.0.1", PORT, timings)
            page = await browser.get("open login", "/ru/login")
            token = page.body.split(TOKEN)[1].split('"')[0]
            fields = {"csrf_token": token, "email": email(one), "password": PASSWORD}
            page = await browser.post("log in", "/ru/login", fields)
            assert page.status in (302, 303), (page.status, page.body[:300])
            found.append(dict(browser.cookies))
            await browser.close()

    await asyncio.gather(*(some() for _ in range(8)))
    return found


async def crowd(options: argparse.Namespace, timings: Timings, pid: int) -> None:
    """All parents at once; prints what they met."""
    cookies = await signed_in(options.signed_in, Timings())
    anonymous: list[dict[str, str]] = [{}] * (options.parents - len(cookies))
    readers = [
        Reader(Random(number), timings, one)  # noqa: S311 - which page, not a secret
        for number, one in enumerate([*cookies, *anonymous])
    ]
    until, before = time.monotonic() + options.seconds, cpu_seconds(pid)
    async with asyncio.TaskGroup() as group:
        for one in readers:
            group.create_task(one.read(until, options.pause))
    pages = sum(map(len, timings.steps.values()))
    troubles = [trouble for one in readers for trouble in one.troubles]
    report(
        f"{options.parents} parents, a page every {options.pause:.0f} s:"
        f" {pages / options.seconds:.0f} pages/s, {len(troubles)} errors {sorted(set(troubles))},"
        f" CPU {(cpu_seconds(pid) - before) * 1000 / max(1, pages):.1f} ms a page",
        timings,
    )
    every = Timings({"all": [ms for steps in timings.steps.values() for ms in steps]})
    print(f"  p95 of all pages: {every.percentile('all', 0.95):.0f} ms (aim: < 300)")


def email(number: int) -> str:
    return f"bench{number}@example.org"


def fill(url: str, number: int) -> None:
    """Parents with one password: its slow hash is made once."""
    engine, hashed = app_engine(url), hash_secret(PASSWORD)
    with open_session(engine, Scope.system()) as session:
        rows = [
            {
                "email": email(one),
                "password_hash": hashed,
                "role": Role.GUARDIAN.value,
                "display_name": "",
                "language": "ru",
                "is_active": True,
                "totp_last_step": 0,
            }
            for one in range(number)
        ]
        session.execute(insert(Account), rows)
        session.commit()
    engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parents", type=int, default=5000)
    parser.add_argument("--signed-in", type=int, default=500)
    parser.add_argument("--pause", type=float, default=30.0)
    parser.add_argument("--seconds", type=float, default=90.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        replace(Config.from_env({"TIREK_VAR": name}), var_dir=folder)
        server = embedded.start(folder, durable=True)
        try:
            owner = owner_engine(server.url())
            migrate.upgrade(owner)
            owner.dispose()
            fill(server.url(), options.signed_in)
            env = {"DATABASE_URL": server.url(), "TIREK_KEYS_FILE": str(folder / "keys.json")}
            web = serve("tirek.wsgi:application", PORT, env)
            try:
                asyncio.run(crowd(options, Timings(), web.pid))
            finally:
                web.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    web.wait(10)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
