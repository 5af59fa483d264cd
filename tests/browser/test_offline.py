"""A course kept on a telephone: it opens when nobody answers, and nothing else ever does."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from playwright.sync_api import Error, Page, expect

from tests.browser.conftest import OpenPage, Site
from tests.browser.walk import serve
from tests.world import the_catalog
from tirek.app import create_app
from tirek.config import Config, Keys

COURSE = "safe-child"
LESSON = "three-sides"
KEPT = "() => caches.keys()"
# What every kept page holds, and under which addresses.
PAGES = """async () => {
  const found = {};
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request, {ignoreVary: true});
      found[new URL(request.url).pathname] = await answer.text();
    }
  }
  return found;
}"""


@pytest.fixture
def app(keys: Keys) -> Flask:
    """Public pages need no database."""
    return create_app(Config(keys=keys), "postgresql+psycopg://nobody@/nowhere", the_catalog())


@pytest.fixture
def served(app: Flask) -> Iterator[tuple[str, Callable[[], None]]]:
    """The site's address, and how to take it away."""
    with ExitStack() as stack:
        yield stack.enter_context(serve(app)), stack.close


def state(page: Page, words: str) -> None:
    expect(page.locator("[data-state]")).to_contain_text(words)


def keep(page: Page, words: str = "толық сақталды") -> None:
    page.click("[data-save]")
    state(page, words)


def test_a_kept_course_opens_when_nobody_answers_and_nothing_else_does(
    open_page: OpenPage, served: tuple[str, Callable[[], None]]
) -> None:
    url, go_away = served
    page = open_page(f"{url}/kk/courses/{COURSE}")
    state(page, "сақталмаған")
    keep(page)
    expect(page.locator("[data-remove]")).to_be_visible()
    page.reload()
    state(page, "толық сақталды")
    go_away()

    page.goto(f"{url}/kk/courses/{COURSE}/{LESSON}")

    expect(page.locator("h1")).to_contain_text("Әлімжеттік")
    expect(page.locator("[data-copy-note]")).to_be_visible()
    colour = page.locator(".site-header").evaluate("one => getComputedStyle(one).backgroundColor")
    assert colour == "rgb(13, 68, 82)", "the stylesheet is kept too"
    page.goto(f"{url}/kk/courses/{COURSE}")
    state(page, "толық сақталды")
    for path in ("/kk/parent", "/kk/login", "/kk/courses/calm-parent", "/kk/help", "/kk/"):
        with pytest.raises(Error, match=r"ERR_(CONNECTION_REFUSED|FAILED)"):
            page.goto(url + path)


def test_what_is_kept_knows_nobody(
    open_page: OpenPage, served: tuple[str, Callable[[], None]]
) -> None:
    url, _ = served
    page = open_page(f"{url}/kk/courses/{COURSE}")
    keep(page)

    kept = page.evaluate(PAGES)

    for path, text in kept.items():
        assert path.startswith((f"/kk/courses/{COURSE}", "/static/")), path
        if path.startswith("/kk/"):
            assert "data-copy-note hidden" in text
            assert "csrf_token" not in text


def test_a_broken_line_leaves_nothing_half_kept(
    open_page: OpenPage, served: tuple[str, Callable[[], None]]
) -> None:
    url, _ = served
    page = open_page(f"{url}/kk/courses/{COURSE}")
    page.route(f"**/{LESSON}", lambda route: route.abort())

    keep(page, "Сақталмады")

    assert page.evaluate(KEPT) == []
    page.reload()
    state(page, "сақталмаған")


def test_a_course_that_lost_a_page_or_has_changed_is_not_called_kept(
    open_page: OpenPage, served: tuple[str, Callable[[], None]]
) -> None:
    url, _ = served
    page = open_page(f"{url}/kk/courses/{COURSE}")
    keep(page)
    page.evaluate(
        """async (path) => {
          for (const name of await caches.keys()) {
            await (await caches.open(name)).delete(path, {ignoreVary: true});
          }
        }""",
        f"/kk/courses/{COURSE}/{LESSON}",
    )

    page.reload()

    state(page, "ескі көшірмесі немесе бір бөлігі")
    keep(page)


def test_a_course_is_taken_off_the_device_by_one_press(
    open_page: OpenPage, served: tuple[str, Callable[[], None]]
) -> None:
    url, _ = served
    page = open_page(f"{url}/ru/courses/{COURSE}")
    keep(page, "целиком сохранён")

    page.click("[data-remove]")

    state(page, "не сохранён")
    assert page.evaluate(KEPT) == []
    assert not registered(page)


def test_the_kill_switch_clears_every_device(
    app: Flask, open_page: OpenPage, served: tuple[str, Callable[[], None]]
) -> None:
    url, _ = served
    page = open_page(f"{url}/kk/courses/{COURSE}")
    keep(page)

    app.config["OFFLINE_COPIES"] = False
    page.evaluate("async () => (await navigator.serviceWorker.getRegistration('/')).update()")

    page.wait_for_function("async () => (await caches.keys()).length === 0")
    page.wait_for_function("async () => !(await navigator.serviceWorker.getRegistration('/'))")


def test_signing_out_clears_the_device(open_page: OpenPage, site: Site) -> None:
    guardian = site.world.school.guardian
    page = open_page(site.at("/kk/login"))
    page.fill("[name=email]", guardian.account.email)
    page.fill("[name=password]", guardian.password)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/parent**")
    page.goto(site.at(f"/kk/courses/{COURSE}"))
    keep(page)
    kept = page.evaluate(PAGES)
    assert all("logout" not in text for text in kept.values())

    page.click(".site-bar form button")
    page.wait_for_url("**/signed-out")

    page.wait_for_function("async () => (await caches.keys()).length === 0")
    assert not registered(page)


def test_without_scripts_the_zip_is_there_and_no_button_that_does_nothing(
    open_page: OpenPage, served: tuple[str, Callable[[], None]]
) -> None:
    url, _ = served
    page = open_page(f"{url}/kk/courses/{COURSE}", javascript=False)

    expect(page.locator("[data-save]")).to_be_hidden()
    with page.expect_download() as fetched:
        page.click("a[href$='save.zip']")
    assert fetched.value.suggested_filename == "tirek-9-kk.zip"


def registered(page: Page) -> bool:
    found = page.evaluate("async () => !!(await navigator.serviceWorker.getRegistration('/'))")
    return bool(found)
