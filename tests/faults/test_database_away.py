"""PostgreSQL killed and brought back under pupils who answer; and no database at all."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from socket import socket

import pytest
from sqlalchemy import text

from tests.faults import oracle
from tests.faults.service import HOST, THREADS, Service, a_bare_service, status_of
from tests.faults.site import Site
from tests.faults.sitting import LOST, AwayError, Sitting, a_plan, is_help
from tests.http import Answered, Browser, Timings, run
from tirek.config import Keys

AT_ONCE = 6
AWAY_SECONDS = 0.5
# A page may wait once for a database that keeps silent (5 s), not twice.
LONGEST_WAIT = 6.0
# What anybody can open; the second value: whether it can be shown without a database.
PAGES = {
    "/": True, "/help": False, "/privacy": True, "/courses": True, "/login": False, "/s": False,
    "/s/about": True, "/s/page/1": True, "/s/thanks": True,
    "/parent": True, "/school": True, "/psc": True, "/no-such-page": True,
}  # fmt: skip


@pytest.mark.parametrize("way", ["SIGQUIT", "SIGKILL", "terminate"])
def test_the_service_outlives_its_database(
    site: Site, random: Random, is_long: bool, way: str
) -> None:
    refused = 0
    for _ in range(10 if is_long else 2):
        pupils = site.pupils(AT_ONCE, age=random.choice([12, 14]))
        sittings = [
            Sitting(site, pupil, a_plan(random), lang=lang, autosaves=random.random() < 0.5)
            for pupil, lang in zip(pupils, ["kk", "ru"] * AT_ONCE, strict=False)
        ]
        refused += run(_answer_through(site, sittings, random, way))
        for sitting in sittings:
            oracle.is_whole(site, sitting)
    print(f"{way}: {refused} requests answered with a 503 page, none with another error")


def test_connections_to_a_dead_server_are_not_used_again(site: Site) -> None:
    """Every worker holds idle connections; after the restart none of them costs a request."""
    run(_many(site, 24))
    site.database.kill(signal.SIGQUIT)
    site.database.start()
    assert run(_many(site, 24)) == {200}


def test_without_a_database_every_page_says_whom_to_call(site: Site, random: Random) -> None:
    site.database.kill(random.choice([signal.SIGQUIT, signal.SIGKILL]))
    assert status_of(site.service.port, "/healthz") == 200
    assert status_of(site.service.port, "/readyz") == 503
    run(_all_pages(site.service))


def test_a_pupil_in_the_middle_learns_that_it_is_short(site: Site, random: Random) -> None:
    [pupil] = site.pupils(1, age=12)
    sitting = Sitting(site, pupil, a_plan(random, flagged=True), lang="kk")
    run(_interrupted(site, sitting))
    oracle.is_whole(site, sitting)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(128)
        yield int(listening.getsockname()[1])


@pytest.fixture
def bare_service(tmp_path: Path, silent_port: int) -> Iterator[Service]:
    keys = tmp_path / "keys.json"
    keys.write_text(Keys.fresh())
    service = a_bare_service(
        tmp_path,
        DATABASE_URL=f"postgresql://nobody@{HOST}:{silent_port}/nowhere",
        TIREK_KEYS_FILE=str(keys),
        TIREK_THREADS=str(THREADS),
    )
    try:
        service.start()
        yield service
    finally:
        service.kill()


def test_a_database_that_keeps_silent_holds_nobody_up(bare_service: Service) -> None:
    begun = time.monotonic()
    assert status_of(bare_service.port, "/healthz") == 200
    assert time.monotonic() - begun < 1
    assert status_of(bare_service.port, "/readyz") == 503
    assert time.monotonic() - begun < LONGEST_WAIT
    run(_all_pages(bare_service))


async def _answer_through(site: Site, sittings: list[Sitting], random: Random, way: str) -> int:
    loop = asyncio.get_running_loop()

    async def break_off() -> None:
        await asyncio.sleep(random.uniform(0.1, 0.8))
        await loop.run_in_executor(None, _break, site, way)

    ends = await asyncio.gather(break_off(), *(_stubbornly(one) for one in sittings))
    return sum(end or 0 for end in ends)


def _break(site: Site, way: str) -> None:
    if way == "terminate":
        with site.session() as session:
            session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
            )
        return
    site.database.kill(signal.Signals[way])
    time.sleep(AWAY_SECONDS)
    site.database.start()


async def _stubbornly(sitting: Sitting) -> int:
    """Go on for as long as it takes; returns how often the service was away."""
    away = 0
    async with asyncio.timeout(60):
        while not sitting.is_thanked:
            try:
                if sitting.doubtful is not None:
                    await sitting.answer(await sitting.again())
                elif sitting.where:
                    await sitting.answer(sitting.where)
                else:
                    await sitting.go_on()
            except AwayError:
                away += 1
                await asyncio.sleep(0.2)
    await sitting.close()
    return away


async def _interrupted(site: Site, sitting: Sitting) -> None:
    path = await sitting.answer(await sitting.enter(), until="q9")
    asked = await sitting.ask(path)
    site.database.kill(signal.SIGQUIT)
    for _ in range(3):
        with pytest.raises(AwayError):
            await sitting.send(asked)
    site.database.start()
    # Not a single further error: the page that is still open is sent once more, and it counts.
    await sitting.answer(await sitting.again())
    await sitting.close()


async def _many(site: Site, number: int) -> set[int]:
    async def one() -> int:
        browser = site.browser()
        page = await browser.get("ready", "/readyz")
        await browser.close()
        return page.status

    return set(await asyncio.gather(*(one() for _ in range(number))))


async def _all_pages(service: Service) -> None:
    """All pages in all languages, as strangers and with a cookie of an earlier visit."""
    paths = [(lang, path) for lang in ("kk", "ru", "en") for path in PAGES]
    visits = [
        _visit(service, lang, path, cookie=cookie)
        for lang, path in paths
        for cookie in ("", "x" * 43)
    ]
    await asyncio.gather(*visits)


async def _visit(service: Service, lang: str, path: str, *, cookie: str) -> None:
    browser = Browser(HOST, service.port, Timings(), retries=False)
    browser.cookies = {"tirek": cookie} if cookie else {}
    begun = time.monotonic()
    try:
        page = await browser.get("page", f"/{lang}{path}")
    except LOST as error:
        raise AssertionError(f"/{lang}{path} was not answered") from error
    took = time.monotonic() - begun
    await browser.close()
    assert took < LONGEST_WAIT, f"/{lang}{path} took {took:.1f} s"
    _is_calm(page, lang, path, may_be_shown=PAGES[path] and not cookie)


def _is_calm(page: Answered, lang: str, path: str, *, may_be_shown: bool) -> None:
    allowed = {200, 302, 303, 404, 503} if may_be_shown else {503}
    assert page.status in allowed, f"/{lang}{path}: {page.status}"
    if page.status == 503:
        is_help(page, lang)
        assert page.headers.get("retry-after")
