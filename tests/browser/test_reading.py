"""A parent on a small phone: the place is kept by itself, and survives a tab that is killed."""

from urllib.parse import urldefrag

from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.browser import people
from tests.browser.conftest import OpenPage, Site
from tirek.domain.scope import Scope
from tirek.storage.session import open_session

PHONE = {"width": 360, "height": 640}
LESSON = "/courses/calm-parent/ten-second-stop"
GO_ON = "#go-on ~ a.govuk-button"


def kept(site: Site) -> str | None:
    with open_session(site.world.session.get_bind(), Scope.system()) as session:  # type: ignore[arg-type]
        row = session.execute(text("SELECT card_id FROM lesson_progress")).one_or_none()
        return None if row is None else row.card_id


def a_reader(site: Site, open_page: OpenPage, lang: str, *, javascript: bool = True) -> Page:
    page = open_page(site.at(f"/{lang}/login"), javascript=javascript, viewport=PHONE)
    people.sign_in(page, site.world.school.guardian)
    page.goto(site.at(f"/{lang}{LESSON}"))
    return page


def read_to_the_third_card(site: Site, page: Page) -> str:
    """Scroll there and wait until the server knows; returns the card."""
    third = page.locator(".lesson .card > h2").nth(2)
    third.scroll_into_view_if_needed()
    card = third.get_attribute("id")
    assert card is not None
    for _ in range(100):
        if kept(site) == card:
            return card
        page.wait_for_timeout(100)
    raise AssertionError("the place was not kept")


def test_a_killed_tab_is_taken_up_at_the_same_card_in_either_language(
    site: Site, open_page: OpenPage, lang: str
):
    page = a_reader(site, open_page, lang)
    expect(page.locator("[data-keep]").first).to_be_hidden()
    card = read_to_the_third_card(site, page)
    context = page.context
    page.close(run_before_unload=False)

    there = "ru" if lang == "kk" else "kk"
    for language in (lang, there):
        page = context.new_page()
        page.set_viewport_size({"width": 360, "height": 640})
        page.goto(site.at(f"/{language}/parent/reading"))
        address, place = urldefrag(page.locator(GO_ON).get_attribute("href") or "")
        assert (address, place) == (f"/{language}{LESSON}", card)
        page.locator(GO_ON).click()
        page.wait_for_load_state()
        expect(page.locator(f"#{card}")).to_be_in_viewport()
        page.close(run_before_unload=False)


def test_opening_the_beginning_again_loses_nothing(site: Site, open_page: OpenPage):
    page = a_reader(site, open_page, "ru")
    card = read_to_the_third_card(site, page)
    page.goto(site.at(f"/ru{LESSON}"))
    page.wait_for_timeout(2000)
    assert kept(site) == card


def test_without_scripts_a_button_keeps_the_place(site: Site, open_page: OpenPage, lang: str):
    page = a_reader(site, open_page, lang, javascript=False)
    button = page.locator("[data-keep]").nth(1)
    card = button.get_attribute("value")
    button.click()
    page.wait_for_load_state()
    assert page.url.endswith(f"#{card}")
    assert kept(site) == card
