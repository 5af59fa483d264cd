"""What people do in a browser, in their own words: each step looks for what a person sees."""

import re

from playwright.sync_api import Page

from tests.world import Adult


def enter_code(page: Page, code: str) -> None:
    page.fill("#code", code)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/s/about")


def start(page: Page) -> None:
    page.click("main form button[type=submit]")
    page.wait_for_url("**/s/page/*")


def items(page: Page) -> list[str]:
    """The items on this page, in order."""
    names = page.eval_on_selector_all("fieldset.item", "all => all.map(one => one.id)")
    return [name.removesuffix("-item") for name in names]


def choose(page: Page, item: str, value: str) -> None:
    page.check(f"#{item}-{value}")


def press(page: Page, step: str) -> None:
    page.click(f"form#answers button[name=step][value={step}]")


def answer_all(page: Page, answers: dict[str, str], *, until: str | None = None) -> None:
    """Answer page after page ("0" where nothing else is said), to the end or past one item."""
    while re.search(r"/s/page/\d+$", page.url):
        here = items(page)
        for item in here:
            choose(page, item, answers.get(item, "0"))
        before = page.url
        press(page, "next")
        page.wait_for_url(lambda url, before=before: url != before)
        if until in here:
            return


def sign_in(page: Page, adult: Adult) -> None:
    page.fill("input[name=email]", adult.account.email)
    page.fill("input[name=password]", adult.password)
    page.click("main form button[type=submit]")
    if adult.totp_secret is not None:
        page.wait_for_url("**/login/code")
        page.fill("input[name=code]", adult.totp())
        page.click("main form button[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)
