"""A browser without JavaScript that looks every page over, whatever the test is about."""

import time
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

import html5lib
import pyotp
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.world import Adult
from tirek.services.accounts import TOTP_PERIOD, TOTP_STEPS

# Seconds: longer than a sign-in is on its way.
EDGE = 1.0
UNLABELLED = {"hidden", "submit", "button"}


@dataclass(frozen=True)
class Page:
    """A page that has passed all checks."""

    url: str
    status: int
    html: BeautifulSoup
    headers: dict[str, str]

    @property
    def h1(self) -> str:
        return _words(self.html.h1)

    @property
    def text(self) -> str:
        """What stands on the page, in one line."""
        return _words(self.html.find("main"))

    def link(self, words: str) -> str:
        """The address of the link with these words."""
        found = [a for a in self.html.find_all("a", href=True) if words in _words(a)]
        assert found, f"no link {words!r} on {self.url}"
        return str(found[0]["href"])

    def form(self, action: str | None = None) -> Tag:
        """The form whose address ends like `action`; else the only one of the page's main part."""
        main = self.html.find("main")
        assert isinstance(main, Tag)
        forms = [
            form
            for form in main.find_all("form")
            if action is None or urlsplit(str(form.get("action", self.url))).path.endswith(action)
        ]
        assert len(forms) == 1, f"{len(forms)} forms {action or ''} on {self.url}"
        return forms[0]

    def rows(self, caption: str) -> list[list[str]]:
        """The cells of the table with this caption, row by row."""
        for table in self.html.find_all("table"):
            if table.caption and caption in _words(table.caption):
                body = table.tbody or table
                return [
                    [_words(cell) for cell in row.find_all(["th", "td"])]
                    for row in body.find_all("tr")
                ]
        raise AssertionError(f"no table {caption!r} on {self.url}")


@dataclass
class Browser:
    """Somebody in front of the site: opens pages, fills forms in, signs in."""

    client: FlaskClient
    lang: str = "en"
    is_signed_in: bool = False
    _spent: dict[str, int] = field(default_factory=dict)

    def open(self, path: str, *, status: int = 200) -> Page:
        """Open a page, following redirects as browsers do."""
        return self._page(self.client.get(path), status)

    def submit(
        self, page: Page, action: str | None = None, *, status: int = 200, **given: object
    ) -> Page:
        """Send a form of a page with what stands in it and what is given; a list ticks boxes."""
        form = page.form(action)
        sent = {**_filled(form), **{name: value for name, value in given.items() if value != ""}}
        target = str(form.get("action") or page.url)
        if str(form.get("method", "get")).lower() == "post":
            return self._page(self.client.post(target, data=sent), status)
        return self._page(self.client.get(target, query_string=sent), status)

    def sign_in(self, adult: Adult) -> Self:
        """Sign in through the real pages, with the second factor where the role has one."""
        page = self.submit(
            self.open(f"/{self.lang}/login"), email=adult.account.email, password=adult.password
        )
        if adult.totp_secret is not None:
            page = self.submit(page, code=self._totp(adult))
        assert "/login" not in page.url, page.text
        self.is_signed_in = True
        return self

    def _totp(self, adult: Adult) -> str:
        """The second factor; each step of time serves once, so further sign-ins use later ones."""
        assert adult.totp_secret is not None
        totp = pyotp.TOTP(adult.totp_secret)
        used = self._spent.setdefault(adult.account.email, 0)
        self._spent[adult.account.email] = used + 1
        offset = TOTP_STEPS[min(used, len(TOTP_STEPS) - 1)]
        left = TOTP_PERIOD - time.time() % TOTP_PERIOD
        if offset == TOTP_STEPS[0] and left < EDGE:
            # The oldest step that is taken would be too old when it arrives.
            time.sleep(left)
        step = int(time.time()) // TOTP_PERIOD + offset
        return totp.generate_otp(step)

    def _page(self, response: TestResponse, status: int) -> Page:
        for _hop in range(5):
            if response.status_code not in {301, 302, 303, 307, 308}:
                break
            target = response.headers["Location"]
            assert urlsplit(target).netloc in {"", "localhost"}, f"leads away: {target}"
            response = self.client.get(target)
        html = response.get_data(as_text=True)
        where = response.request.full_path.rstrip("?")
        assert response.status_code == status, f"{where}: {response.status_code}\n{html[:3000]}"
        page = Page(
            where, response.status_code, BeautifulSoup(html, "html.parser"), dict(response.headers)
        )
        look_over(page, html, is_private=self.is_signed_in)
        return page


def look_over(page: Page, html: str, *, is_private: bool) -> None:
    """Every check that holds for every page."""
    _is_valid(page.url, html)
    _has_title(page)
    _has_unique_ids(page)
    _runs_nothing_inline(page)
    _stays_at_home(page)
    _has_guarded_forms(page)
    _names_its_fields(page)
    policy = page.headers.get("Content-Security-Policy", "")
    assert "default-src 'none'" in policy, f"{page.url}: no Content-Security-Policy"
    assert "unsafe" not in policy
    if is_private:
        assert page.headers.get("Cache-Control") == "no-store", f"{page.url} may be kept"


def _is_valid(url: str, html: str) -> None:
    assert html.lstrip().startswith("<!DOCTYPE html>"), url
    parser = html5lib.HTMLParser()
    parser.parse(html)
    lines = html.splitlines()
    faults = [
        f"{error} {given} at {place}: {lines[min(place[0], len(lines)) - 1].strip()[:120]}"
        for place, error, given in parser.errors
    ]
    assert not faults, f"{url}: {faults[:5]}"


def _has_title(page: Page) -> None:
    headings = page.html.find_all("h1")
    assert len(headings) == 1, f"{page.url}: {len(headings)} h1"
    title = _words(page.html.title)
    # "Error: " stands first where a form was wrong, in the language of the page.
    _before, _colon, after = title.partition(": ")
    # Of a hard topic the title, which a bystander reads, tells nothing.
    is_neutral = page.html.find(attrs={"data-exit": True}) is not None and page.h1 not in title
    names_it = title.startswith(page.h1) or after.startswith(page.h1)
    assert names_it or is_neutral, f"{page.url}: {title!r}"
    lang = page.html.html["lang"] if page.html.html else ""
    first = page.url.strip("/").split("/", 1)[0].split("?", 1)[0]
    assert lang == (first if first in {"kk", "ru", "en"} else "kk"), f"{page.url}: lang {lang!r}"


def _has_unique_ids(page: Page) -> None:
    ids = [str(tag["id"]) for tag in page.html.find_all(id=True)]
    twice = {one for one in ids if ids.count(one) > 1}
    assert not twice, f"{page.url}: {twice}"
    for tag in page.html.find_all(attrs={"aria-labelledby": True}):
        assert set(str(tag["aria-labelledby"]).split()) <= set(ids), f"{page.url}: {tag.attrs}"
    for tag in page.html.find_all(attrs={"aria-describedby": True}):
        assert set(str(tag["aria-describedby"]).split()) <= set(ids), f"{page.url}: {tag.attrs}"


def _runs_nothing_inline(page: Page) -> None:
    for tag in page.html.find_all():
        inline = [name for name in tag.attrs if name == "style" or name.startswith("on")]
        assert not inline, f"{page.url}: <{tag.name} {inline}>"
    assert not page.html.find_all("style"), f"{page.url}: <style>"
    assert all(script.get("src") for script in page.html.find_all("script")), page.url


def _stays_at_home(page: Page) -> None:
    for tag in page.html.find_all():
        for name in ("src", "action", "href", "poster", "data", "srcset", "formaction"):
            address = str(tag.get(name, ""))
            is_outside = address.startswith("//") or urlsplit(address).scheme in {"http", "https"}
            # A reader may leave by a link, which tells the other side nothing; nothing is fetched.
            is_a_way_out = tag.name == "a" and "noreferrer" in (tag.get("rel") or [])
            # Search engines want our own address in full.
            is_a_name = tag.name == "link" and {"canonical", "alternate"} & set(
                tag.get("rel") or []
            )
            is_harmless = not is_outside or is_a_way_out or is_a_name
            assert is_harmless, f"{page.url}: <{tag.name} {name}={address}>"
            assert not address.lower().startswith(("javascript:", "data:")), page.url


def _has_guarded_forms(page: Page) -> None:
    for form in page.html.find_all("form"):
        if str(form.get("method", "get")).lower() == "post":
            tokens = form.find_all("input", attrs={"name": "csrf_token"})
            assert len(tokens) == 1, f"{page.url}: {form.get('action')} has {len(tokens)} tokens"
            assert tokens[0].get("value"), page.url


def _names_its_fields(page: Page) -> None:
    labelled = {str(label["for"]) for label in page.html.find_all("label", attrs={"for": True})}
    for tag in page.html.find_all(["input", "select", "textarea"]):
        if tag.get("type") in UNLABELLED:
            continue
        is_named = tag.get("id") in labelled or tag.get("aria-label") or tag.find_parent("label")
        assert is_named, f"{page.url}: {tag.get('name')} has no label"
    for button in page.html.find_all("button"):
        assert _words(button), f"{page.url}: a button without words"


def _filled(form: Tag) -> dict[str, object]:
    """What a browser would send of a form in which nothing was touched."""
    sent: dict[str, object] = {}
    for tag in form.find_all(["input", "select", "textarea"]):
        name = tag.get("name")
        if not name or tag.get("type") in {"submit", "button"}:
            continue
        if tag.name == "select":
            chosen = tag.find("option", selected=True) or tag.find("option")
            sent[str(name)] = str(chosen["value"]) if isinstance(chosen, Tag) else ""
        elif tag.name == "textarea":
            # As browsers do: the line break after the tag is not part of the text.
            sent[str(name)] = tag.get_text().removeprefix("\r").removeprefix("\n")
        elif tag.get("type") not in {"radio", "checkbox"}:
            sent[str(name)] = str(tag.get("value", ""))
        elif tag.has_attr("checked"):
            sent[str(name)] = str(tag.get("value", "on"))
    return sent


def _words(tag: object) -> str:
    return " ".join(tag.get_text(" ").split()) if isinstance(tag, Tag) else ""
