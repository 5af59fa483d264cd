"""A site with people on it: the service, its database, and pupils with codes."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.faults.service import HOST, Database, Service
from tests.http import Browser, Timings
from tests.world import World, a_code, give_consent
from tirek.domain.scope import Scope
from tirek.services import students
from tirek.storage.session import open_session

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
CODES = re.compile(r'/psc/referrals/[^"]*">([^<]+)</a>')
_NUMBERS = count(1)


@dataclass(frozen=True)
class Coded:
    """A pupil with a code for PHQ-A; `name` is the pseudonym that staff see."""

    id: UUID
    code: str
    name: str


@dataclass
class Site:
    """All of it; the tests' own engine is apart from the service's."""

    folder: Path
    database: Database
    service: Service
    engine: Engine
    world: World
    reader: Browser | None = field(default=None)
    codes: set[str] = field(default_factory=set)

    def browser(self, *, retries: bool = True) -> Browser:
        """Another device."""
        return Browser(HOST, self.service.port, Timings(), retries=retries)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction that sees every row."""
        with open_session(self.engine, Scope.system()) as session, session.begin():
            yield session

    def pupils(self, number: int, age: int) -> list[Coded]:
        """New pupils with consent and codes: up to 12 years an item a page, later several."""
        school = self.world.school
        today = datetime.now(UTC).date()
        born = date(today.year - age - (today.month == 1), (today.month - 2) % 12 + 1, 1)
        made = []
        with self.session() as session:
            # The builder of codes keeps here which it has given away.
            session.info["world_codes"] = self.codes
            unit = self.world.unit(session=session)
            for _ in range(number):
                name = f"F-{next(_NUMBERS):04d}"
                student = students.enrol(
                    session, unit.vault, school.classroom, name, birth_month=born
                )
                session.flush()
                give_consent(unit, student, school.guardian)
                code = a_code(unit, school.assignments["phq-a"], student)
                made.append(Coded(student.id, code, name))
        return made

    async def inbox(self) -> list[str]:
        """The pupils in the PSC's inbox, as its supervisor reads it page by page."""
        browser = self.reader = self.reader or await self._signed_in()
        seen: list[str] = []
        for number in count(1):
            page = await browser.get("inbox", f"/ru/psc?page={number}")
            assert page.status == 200, page.status
            here = CODES.findall(page.body)
            if not here or here[-1] in seen:
                break
            seen += here
        await browser.close()
        return seen

    async def arrived(self, names: list[str], within: float) -> None:
        """Wait until all of them are in the inbox."""
        async with asyncio.timeout(within):
            while not set(names) <= set(await self.inbox()):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.1)

    def time_passes(self) -> None:
        """Waits and leases of the outbox run out, as they do after some minutes."""
        with self.session() as session:
            session.execute(
                text("UPDATE outbox SET due_at = now(), leased_until = NULL WHERE done_at IS NULL")
            )

    async def _signed_in(self) -> Browser:
        adult = self.world.home.supervisor
        browser = self.browser()
        fields = {"email": adult.account.email, "password": adult.password}
        page = await browser.get("login", "/ru/login")
        page = await browser.post("login", "/ru/login", fields | token(page.body))
        page = await browser.get("second factor", page.headers["location"])
        fields = {"code": adult.totp()} | token(page.body)
        page = await browser.post("second factor", "/ru/login/code", fields)
        assert page.status in {302, 303}, page.status
        return browser


def token(body: str) -> dict[str, str]:
    """What every form of ours carries."""
    found = CSRF.search(body)
    assert found, body[:500]
    return {"csrf_token": found.group(1)}
