"""What is looked at on a page, whatever it is about: one window, one list of faults."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Request

from tests.browser.visit import KB, Weight

PHONE, DESK = {"width": 320, "height": 640}, {"width": 1280, "height": 800}
CSS_LIMIT = 10 * KB
# Of scripts, which every page works without (parents-ux.md §7).
SCRIPT_LIMITS = {Weight.LIGHT: 4 * KB, Weight.MIDDLE: 6 * KB, Weight.HEAVY: 12 * KB}
# Times 25 ms: how long what a page asked for may be on its way.
PATIENCE = 80
AXE_OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    },
    # Off unless asked for by name.
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
# The same elements stand in both languages, so each width is judged in one of them: Kazakh, whose
# words are longer, on the phone. It halves the dearest part of the walk.
AXE_IN = {"phone": "kk", "desk": "ru"}
AXE_RUN = """options => axe.run(document, options).then(found => found.violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.target} ${node.failureSummary}`)))"""
HEAD = """() => ({
    headings: [...document.querySelectorAll('h1')].map(one => one.textContent.trim()),
    title: document.title,
    lang: document.documentElement.lang,
    isHard: document.querySelector('[data-exit]') !== null,
})"""
# How far a page goes beyond the window, as it is and in the version for people with low vision.
OVERHANG = """large => {
    const root = document.documentElement, had = root.classList.contains('vision')
    root.classList.toggle('vision', large)
    const over = document.scrollingElement.scrollWidth - innerWidth
    root.classList.toggle('vision', had)
    return over
}"""
# Words of two letters and more, none of them Cyrillic, where no English is announced.
ENGLISH = """() => {
    const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
        const text = texts.currentNode.textContent.trim(), box = texts.currentNode.parentElement
        if (/[a-z]{2,}\\s+[a-z]{2,}/i.test(text) && !/[а-яәіңғүұқөһё]/i.test(text))
            if (!box.closest('[lang=en], script')) found.push(text)
    }
    return found
}"""


@dataclass(frozen=True)
class Sizes:
    """What the last page cost: bytes as they travelled, by kind, and how many requests."""

    page: int
    styles: int
    scripts: int
    total: int
    requests: int

    def over(self, weight: Weight) -> list[str]:
        """What is heavier than allowed."""
        page, total, requests = weight.value
        limits = {
            "page": page,
            "styles": CSS_LIMIT,
            "scripts": SCRIPT_LIMITS[weight],
            "total": total,
            "requests": requests,
        }
        return [
            f"{kind}: {getattr(self, kind)} > {limit}"
            for kind, limit in limits.items()
            if getattr(self, kind) > limit
        ]


@dataclass
class Window:
    """A window of one person that notes what pages ask for, and what they say to the console."""

    browser: Browser
    url: str
    # By address: a picture of the page before may still be on its way.
    requests: dict[str, Request] = field(default_factory=dict)
    # Of each answer, by the browser's number for it: its address and kind.
    kinds: dict[str, tuple[str, str]] = field(default_factory=dict)
    # By address: kind and bytes of what has arrived whole.
    arrived: dict[str, tuple[str, int]] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @cached_property
    def page(self) -> Page:
        context = self.browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
        context.add_init_script(AXE_SCRIPT)
        page = context.new_page()
        # As on the first visit: nothing is taken from the browser's own store.
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        devtools.on("Network.responseReceived", self._answered)
        devtools.on("Network.loadingFinished", self._arrived)
        page.on("request", self._asked)
        page.on("console", lambda said: self.said.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        return page

    def forget(self) -> None:
        """Sign out, and forget what was seen."""
        self.page.context.clear_cookies()

    def sizes(self) -> Sizes:
        """Bytes, headers and all, as they travelled since the page was asked for.

        Taken from the browser's own events: asking for a request's size waits for ever when the
        request was given up, as a small picture is when somebody goes on before it has come.
        """
        for _ in range(PATIENCE):
            if all(one.url in self.arrived or one.failure for one in [*self.requests.values()]):
                break
            self.page.wait_for_timeout(25)
        kinds = {"Document": 0, "Stylesheet": 0, "Script": 0}
        total = 0
        for url in [*self.requests]:
            kind, size = self.arrived.get(url, ("Other", 0))
            total += size
            kinds[kind] = kinds.get(kind, 0) + size
        return Sizes(
            kinds["Document"], kinds["Stylesheet"], kinds["Script"], total, len(self.requests)
        )

    def _answered(self, event: dict[str, Any]) -> None:
        self.kinds[event["requestId"]] = (event["response"]["url"], event["type"])

    def _arrived(self, event: dict[str, Any]) -> None:
        url, kind = self.kinds.pop(event["requestId"], ("", ""))
        self.arrived[url] = (kind, int(event["encodedDataLength"]))

    def faults(self, lang: str, weight: Weight) -> list[str]:
        """Everything that is wrong with the page now open."""
        found = self.sizes().over(weight) + _head(self.page, lang)
        for name, size in (("phone", PHONE), ("desk", DESK)):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            for large in (False, True):
                over = self.page.evaluate(OVERHANG, large)
                if over > 0:
                    found.append(f"{name}{' large' * large}: {over} px wider than the window")
            if lang == AXE_IN[name]:
                found += [f"{name}: {one}" for one in axe(self.page)]
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        found += [f"asks {one}" for one in self.foreign] + self._broken()
        found += [f"English: {one}" for one in self.page.evaluate(ENGLISH)]
        self.foreign.clear()
        self.said.clear()
        return found

    def _broken(self) -> list[str]:
        """What the console says, but for the status of the page itself."""
        return [one for one in self.said if "Failed to load resource" not in one]

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self.url):
            self.foreign.append(request.url)
        if request.is_navigation_request():
            self.requests.clear()
        self.requests[request.url] = request
        self.arrived.pop(request.url, None)


def axe(page: Page) -> list[str]:
    """What axe finds wrong."""
    found: list[str] = page.evaluate(AXE_RUN, AXE_OPTIONS)
    return found


def _head(page: Page, lang: str) -> list[str]:
    head = page.evaluate(HEAD)
    found = []
    if len(head["headings"]) != 1:
        found.append(f"{len(head['headings'])} h1: {head['headings']}")
    heading = " ".join(head["headings"][0].split()) if head["headings"] else ""
    # "Error: " stands first where a form was wrong, in the language of the page.
    _before, _colon, after = head["title"].partition(": ")
    # Of a hard topic the title, which a bystander reads, tells nothing.
    is_neutral = head["isHard"] and heading not in head["title"]
    if not (head["title"].startswith(heading) or after.startswith(heading) or is_neutral):
        found.append(f"title {head['title']!r} does not start with {heading!r}")
    if head["lang"] != lang:
        found.append(f"lang is {head['lang']!r}")
    return found
