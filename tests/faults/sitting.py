"""A pupil who answers PHQ-A over HTTP and remembers exactly what was acknowledged."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.faults.site import Coded, Site, token
from tests.http import Answered, Browser

ITEMS = re.compile(r'name="(q\d+)"')
YES_NO = frozenset({"q10", "q12", "q13"})
CRITICAL = ("q9", "q12", "q13")
LAST = "q13"
SKIPPED, DECLINED = "skipped", "declined"
SECONDS = 30
HELP = ("112", "111", "150")
LOST = (ConnectionError, asyncio.IncompleteReadError)


class AwayError(Exception):
    """The service said that it is not available for a short time."""


@dataclass(frozen=True)
class Asked:
    """A request that gives answers."""

    path: str
    fields: dict[str, str]
    answers: dict[str, str]
    completes: bool = False


@dataclass
class Sitting:
    """One pupil at one device."""

    site: Site
    pupil: Coded
    # What this pupil is going to answer: a code, "declined" or "skipped" for every item.
    plan: dict[str, str]
    lang: str = "ru"
    autosaves: bool = False
    # Whether a broken connection is opened again unasked; where kills are counted, it is not.
    retries: bool = True
    # Another device may end this run meanwhile; then an autosaved answer may be refused.
    is_alone: bool = True
    before_sending: Callable[[int, Asked], None] = lambda _number, _asked: None
    # Answers that the server said yes to, and the one request whose fate is unknown.
    told: dict[str, str] = field(default_factory=dict)
    doubtful: Asked | None = None
    is_completed: bool = False
    is_thanked: bool = False
    where: str = ""
    sent: int = 0
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.site.browser(retries=self.retries)

    async def go_on(self) -> None:
        """Enter the code on this device and answer to the end."""
        await self.answer(await self.enter())

    async def enter(self) -> str:
        """From the code to the page where this pupil is; returns its address."""
        page = await self._get(f"/{self.lang}/s")
        fields = token(page.body) | {"code": self.pupil.code}
        page = await self._post(f"/{self.lang}/s", fields)
        assert page.status == 303, (page.status, page.body[:3000])
        page = await self._get(page.headers["location"])
        if page.status == 200:
            page = await self._post(f"/{self.lang}/s/about", token(page.body))
        assert page.status == 303, (page.status, page.body[:3000])
        return page.headers["location"]

    async def answer(self, path: str, until: str | None = None) -> str:
        """Answer page after page, to the end or up to the page with an item; returns the next."""
        while "/page/" in path:
            page = await self._get(path)
            if page.status == 303:
                path = page.headers["location"]
                continue
            here = items(page.body)
            self.where = path
            if until in here:
                return path
            path = await self._page(path, page, here)
        await self.thanks(path)
        return path

    async def thanks(self, path: str) -> None:
        """See the last page."""
        page = await self._get(path)
        assert page.status == 200, (path, page.status)
        assert "/s/thanks" in path, path
        self.is_thanked = True

    async def again(self) -> str:
        """Send the request whose fate is unknown once more, as a reloading browser does."""
        assert self.doubtful is not None
        page = await self.send(self.doubtful)
        return page.headers.get("location", self.where)

    async def move_to_another_device(self) -> None:
        await self.browser.close()
        self.browser = self.site.browser()

    async def close(self) -> None:
        await self.browser.close()

    async def ask(self, path: str) -> Asked:
        """The request that this pupil would send from a page of items."""
        page = await self._get(path)
        return self._asked(path, page, items(page.body))

    async def _page(self, path: str, page: Answered, here: list[str]) -> str:
        if self.autosaves:
            for item in here:
                if self.plan[item] != SKIPPED:
                    one = {"item": item, "value": self.plan[item]} | token(page.body)
                    saving = Asked(f"/{self.lang}/s/answer", one, {item: self.plan[item]})
                    await self.send(saving)
        sent = await self.send(self._asked(path, page, here))
        if sent.status == 200:
            # Asked once more about what was left blank; now the blanks are meant.
            sent = await self.send(self._asked(path, sent, here, reminded=True))
        return sent.headers["location"]

    def _asked(
        self, path: str, page: Answered, here: list[str], *, reminded: bool = False
    ) -> Asked:
        given = {item: self.plan[item] for item in here if self.plan[item] != SKIPPED}
        blank = {item: SKIPPED for item in here if item not in given}
        fields = token(page.body) | given | {"step": "next"}
        if reminded:
            return Asked(path, fields | {"reminded": "yes"}, given | blank, LAST in here)
        return Asked(path, fields, given, LAST in here and not blank)

    async def send(self, asked: Asked) -> Answered:
        self.doubtful = asked
        self.sent += 1
        self.before_sending(self.sent, asked)
        answered = await self._post(asked.path, asked.fields)
        if answered.status == 422 and not self.is_alone and asked.path.endswith("/answer"):
            self.doubtful = None
            return answered
        assert answered.status in {200, 303}, (asked, answered.status, answered.body[:3000])
        self.told.update(asked.answers)
        self.is_completed |= asked.completes
        self.doubtful = None
        return answered

    async def _get(self, path: str) -> Answered:
        async with asyncio.timeout(SECONDS):
            return self._seen(await self.browser.get("get", path))

    async def _post(self, path: str, fields: dict[str, str]) -> Answered:
        async with asyncio.timeout(SECONDS):
            return self._seen(await self.browser.post("post", path, fields))

    def _seen(self, page: Answered) -> Answered:
        if page.status == 503:
            is_help(page, self.lang)
            raise AwayError
        return page


def is_help(page: Answered, lang: str) -> None:
    """Whether a page in a reader's language says whom to call."""
    assert f'<html lang="{lang}"' in page.body, page.body[:300]
    missing = [number for number in HELP if f"tel:{number}" not in page.body]
    assert not missing, (missing, page.body)


def items(body: str) -> list[str]:
    """The items on a page, in order."""
    return list(dict.fromkeys(ITEMS.findall(body)))


def a_plan(random: Random, *, flagged: bool | None = None) -> dict[str, str]:
    """Answers to everything; about half have something that needs a person at once.

    `flagged` False: nothing that raises any flag; True: item 9 is answered above zero.
    """
    if flagged is False:
        return dict.fromkeys((f"q{number}" for number in range(1, 14)), "0")
    plan = {}
    for number in range(1, 14):
        item = f"q{number}"
        plan[item] = random.choice("01" if item in YES_NO else "0123")
        if item not in CRITICAL and random.random() < 0.1:
            plan[item] = random.choice([SKIPPED, DECLINED])
        elif item in CRITICAL and random.random() < 0.6:
            plan[item] = "0"
    if flagged:
        plan["q9"] = random.choice("123")
    return plan
